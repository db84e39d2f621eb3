import type { ConnectError } from "@connectrpc/connect";

import { isFinal } from "../error.js";
import type { TaskEvent } from "../event.js";
import type { Task } from "../task.js";
import type { Kind, State } from "./kind.js";
import type { LineState } from "./machine.js";
import type { Message, Of, RemovedReason } from "./message.js";
import { follow, freshTrack, type Verdict } from "./track.js";

/**
 * What is known of a watched object. Replaced as a whole, never changed. The
 * field N is the newest state; undefined before the first. It stays when the
 * line is lost or the object is gone.
 */
export type View<N extends string, S, E> = Of<N, S | undefined> & Standing<E>;

/** What is known of a watched task. */
export interface TaskView extends View<"task", Task, TaskEvent> {}

/** What is known beside the state. */
export interface Standing<E> {
  /** The newest events that came, oldest first, at most 200. */
  readonly events: readonly E[];
  /**
   * Where the watch stands. While "waiting", what is shown may be old; it goes
   * on by itself. "ended" is an object that has ended or is gone, "failed" a
   * watch that the server refused.
   */
  readonly phase: "connecting" | "live" | "waiting" | "ended" | "failed";
  /** Why phase is "waiting" or "failed", if there is a reason. */
  readonly error: ConnectError | undefined;
  /** Set if the object is gone. */
  readonly removed: RemovedReason | undefined;
}

/** What is known of an object of which nothing is known. */
export const nothing: Standing<never> = {
  events: [],
  phase: "connecting",
  error: undefined,
  removed: undefined,
};

/** A view of which nothing is known. */
export function emptyView<N extends string, S, E>(name: N): View<N, S, E> {
  return { ...nothing, ...of<N, S | undefined>(name, undefined) };
}

/** What a watcher of an object may want to be told. */
export interface ListenerOf<N extends string, S, E> {
  /** Each message that is news, in order: a snapshot first, then each event once. */
  message?(message: Message<N, S, E>): void;
  /** The view has been replaced. */
  view?(view: View<N, S, E>): void;
}

/** What a watcher of a task may want to be told. */
export interface Listener extends ListenerOf<"task", Task, TaskEvent> {}

const keep = 200;

/** One watched object: how far it has been followed, what is known, and who wants to know. */
export class Followed<N extends string, S extends State, E> {
  #track = freshTrack;
  #failure: ConnectError | undefined;
  #view: View<N, S, E>;
  #line: LineState;
  readonly #listeners = new Set<ListenerOf<N, S, E>>();

  constructor(
    private readonly kind: Kind<N, S, E>,
    readonly id: string,
    private readonly waits: boolean,
    line: LineState,
  ) {
    this.#line = line;
    this.#view = emptyView(kind.name);
    this.#look({});
  }

  get cursor(): string {
    return this.#track.cursor;
  }

  get view(): View<N, S, E> {
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
  add(listener: ListenerOf<N, S, E>): void {
    this.#listeners.add(listener);
    const state = this.#state;
    const { events, removed } = this.#view;
    if (!state || removed) return;
    const { cursor } = this.#track;
    const { sequence } = state;
    const snapshot = { type: "snapshot", cursor, sequence, events, historyUnavailable: false } as const;
    listener.message?.({ ...snapshot, ...of(this.kind.name, state) });
  }

  remove(listener: ListenerOf<N, S, E>): void {
    this.#listeners.delete(listener);
  }

  /** Takes a message of the stream; what does not fit is not shown. */
  take(message: Message<N, S, E>): Verdict {
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

  get #state(): S | undefined {
    return this.#view[this.kind.name] as S | undefined;
  }

  /** Events may leave out what did not change of their object; put it back. */
  #complete(message: Message<N, S, E>): Message<N, S, E> {
    if (message.type !== "event") return message;
    const state = this.kind.updated(this.#state, message[this.kind.name] as S);
    return { ...message, ...of(this.kind.name, state) };
  }

  #news(message: Message<N, S, E>): Partial<View<N, S, E>> {
    const { name } = this.kind;
    switch (message.type) {
      case "snapshot":
        return { ...of(name, message[name] as S), events: message.events, removed: undefined } as Partial<
          View<N, S, E>
        >;
      case "event": {
        const events = [...this.#view.events, message.event].slice(-keep);
        return { ...of(name, message[name] as S), events } as unknown as Partial<View<N, S, E>>;
      }
      case "removed":
        return { removed: message.reason } as Partial<View<N, S, E>>;
      default:
        return {};
    }
  }

  #look(news: Partial<View<N, S, E>>): void {
    const known = { ...this.#view, ...news };
    const view = { ...known, ...this.#stand(known[this.kind.name] as S | undefined, known.removed) };
    if (same(view, this.#view)) return;
    this.#view = view;
    for (const listener of this.#listeners) tell(() => listener.view?.(view));
  }

  #stand(state: S | undefined, removed: RemovedReason | undefined): Pick<Standing<E>, "phase" | "error"> {
    const { phase, error } = this.#line;
    if (this.#failure) return { phase: this.over ? "failed" : "waiting", error: this.#failure };
    if (this.over && !state) return { phase: "failed", error: this.kind.notFound(this.id) };
    if (this.over || (removed && !this.waits)) return { phase: "ended", error: undefined };
    if (phase === "failed") return { phase, error };
    if (phase === "waiting" || phase === "paused") return { phase: "waiting", error };
    if (phase !== "live") return { phase: "connecting", error: undefined };
    if (!state) return { phase: this.waits ? "live" : "connecting", error: undefined };
    return { phase: this.kind.ended(state) && !removed ? "ended" : "live", error: undefined };
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

function same<V extends object>(a: V, b: V): boolean {
  return (Object.keys(a) as (keyof V)[]).every((key) => a[key] === b[key]);
}

function of<N extends string, S>(name: N, state: S): Of<N, S> {
  return { [name]: state } as Of<N, S>;
}
