import type { ConnectError } from "@connectrpc/connect";

import { isFinal, notFound } from "../error.js";
import type { TaskEvent } from "../event.js";
import { isTerminal, type Task, updated } from "../task.js";
import type { LineState } from "./machine.js";
import type { RemovedReason, WatchMessage } from "./message.js";
import { follow, freshTrack, type Verdict } from "./track.js";

/** What is known of a watched task. Replaced as a whole, never changed. */
export interface TaskView {
  /** The newest state; undefined before the first. It stays when the line is lost or the task is gone. */
  readonly task: Task | undefined;
  /** The newest events that came, oldest first, at most 200. */
  readonly events: readonly TaskEvent[];
  /**
   * Where the watch stands. While "waiting", what is shown may be old; it goes
   * on by itself. "ended" is a task that has ended or is gone, "failed" a watch
   * that the server refused.
   */
  readonly phase: "connecting" | "live" | "waiting" | "ended" | "failed";
  /** Why phase is "waiting" or "failed", if there is a reason. */
  readonly error: ConnectError | undefined;
  /** Set if the task is gone. */
  readonly removed: RemovedReason | undefined;
}

/** A view of which nothing is known. */
export const emptyView: TaskView = {
  task: undefined,
  events: [],
  phase: "connecting",
  error: undefined,
  removed: undefined,
};

/** What a watcher of a task may want to be told. */
export interface Listener {
  /** Each message that is news, in order: a snapshot first, then each event once. */
  message?(message: WatchMessage): void;
  /** The view has been replaced. */
  view?(view: TaskView): void;
}

const keep = 200;

/** One watched task: how far it has been followed, what is known, and who wants to know. */
export class Followed {
  #track = freshTrack;
  #failure: ConnectError | undefined;
  #view = emptyView;
  #line: LineState;
  readonly #listeners = new Set<Listener>();

  constructor(
    readonly taskId: string,
    private readonly waits: boolean,
    line: LineState,
  ) {
    this.#line = line;
    this.#look({});
  }

  get cursor(): string {
    return this.#track.cursor;
  }

  get view(): TaskView {
    return this.#view;
  }

  /** Nobody wants to know any more. */
  get unwatched(): boolean {
    return this.#listeners.size === 0;
  }

  /** Nothing more comes. */
  get over(): boolean {
    return this.#track.state === "ended" || (this.#failure !== undefined && isFinal(this.#failure));
  }

  /** The server failed to watch it; the rest of the stream goes on. */
  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /** Takes why the server does not watch it any further; undefined to try again. */
  fail(failure: ConnectError | undefined): void {
    this.#failure = failure;
    this.#look({});
  }

  /** Adds a listener, and tells it where things stand as a stream would: by a snapshot. */
  add(listener: Listener): void {
    this.#listeners.add(listener);
    const { task, events, removed } = this.#view;
    if (!task || removed) return;
    const { cursor } = this.#track;
    listener.message?.({ type: "snapshot", cursor, sequence: task.sequence, task, events, historyUnavailable: false });
  }

  remove(listener: Listener): void {
    this.#listeners.delete(listener);
  }

  /** Takes a message of the stream; what does not fit is not shown. */
  take(message: WatchMessage): Verdict {
    const [track, verdict] = follow(this.#track, message);
    this.#track = track;
    if (verdict !== "show" && verdict !== "note") return verdict;
    const shown = this.#complete(message);
    this.#look(this.#news(shown));
    for (const listener of this.#listeners) tell(() => listener.message?.(shown));
    return verdict;
  }

  lineChanged(line: LineState): void {
    this.#line = line;
    this.#look({});
  }

  /** Events may leave out what did not change of their task; put it back. */
  #complete(message: WatchMessage): WatchMessage {
    if (message.type !== "event") return message;
    return { ...message, task: updated(this.#view.task, message.task) };
  }

  #news(message: WatchMessage): Partial<TaskView> {
    switch (message.type) {
      case "snapshot":
        return { task: message.task, events: message.events, removed: undefined };
      case "event":
        return { task: message.task, events: [...this.#view.events, message.event].slice(-keep) };
      case "removed":
        return { removed: message.reason };
      default:
        return {};
    }
  }

  #look(news: Partial<TaskView>): void {
    const known = { ...this.#view, ...news };
    const view = { ...known, ...this.#stand(known) };
    if (same(view, this.#view)) return;
    this.#view = view;
    for (const listener of this.#listeners) tell(() => listener.view?.(view));
  }

  #stand({ task, removed }: TaskView): Pick<TaskView, "phase" | "error"> {
    const { phase, error } = this.#line;
    if (this.#failure) return { phase: this.over ? "failed" : "waiting", error: this.#failure };
    if (this.over && !task) return { phase: "failed", error: notFound(this.taskId) };
    if (this.over || (removed && !this.waits)) return { phase: "ended", error: undefined };
    if (phase === "failed") return { phase, error };
    if (phase === "waiting" || phase === "paused") return { phase: "waiting", error };
    if (phase !== "live") return { phase: "connecting", error: undefined };
    if (!task) return { phase: this.waits ? "live" : "connecting", error: undefined };
    return { phase: isTerminal(task.status) && !removed ? "ended" : "live", error: undefined };
  }
}

/** A listener that throws is a fault of the page, which the others must not feel: it is reported as uncaught. */
function tell(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    if (typeof reportError === "function") reportError(error);
    else
      queueMicrotask(() => {
        throw error;
      });
  }
}

function same(a: TaskView, b: TaskView): boolean {
  const keys = Object.keys(emptyView) as (keyof TaskView)[];
  return keys.every((key) => a[key] === b[key]);
}
