import type { Client, ConnectError } from "@connectrpc/connect";

import { notFound } from "../error.js";
import type { TaskService } from "../gen/spectralnotify/task/v1/task_service_pb.js";
import { WatchFollow, type WatchResponse } from "../gen/spectralnotify/task/v1/watch_pb.js";
import { misfit } from "./lane.js";
import { Line, type Source, type World } from "./line.js";
import type { LineEvent, LineState } from "./machine.js";
import { toMessage, type WatchMessage } from "./message.js";
import { follow, freshTrack, type Track } from "./track.js";

/** How to watch one task. */
export interface WatchOptions {
  /** Ends the watch when it aborts. */
  readonly signal?: AbortSignal;
  /** Where to go on: the cursor of the last message of an earlier watch, and its sequence. */
  readonly from?: { readonly cursor: string; readonly sequence: number };
  /** How many of the newest events a snapshot carries: 0 to 1000; 10 if absent. */
  readonly history?: number;
  /** Goes on after the end of the task: late notes come too. */
  readonly forever?: boolean;
  /** Waits for a task that does not exist instead of failing. */
  readonly waitForCreate?: boolean;
  /** Is told where the connection stands. */
  readonly onState?: (state: LineState) => void;
}

/** So many messages may wait for a slow reader before the stream does. */
const enough = 64;

/**
 * Watches one task over a stream of its own: a snapshot, then every event
 * exactly once and in order, whatever breaks on the way. Ends when the task has
 * ended; throws the ConnectError of a server that refuses.
 */
export async function* watchTask(
  service: Client<typeof TaskService>,
  world: World,
  taskId: string,
  options: WatchOptions = {},
): AsyncGenerator<WatchMessage, void, undefined> {
  const single = new Single(service, taskId, options);
  const line = new Line(single, world, (state) => {
    options.onState?.(state);
    single.lineChanged(state);
  });
  const abort = () => single.finish();
  options.signal?.addEventListener("abort", abort, { once: true });
  if (options.signal?.aborted) abort();
  try {
    line.start();
    for (let message = await single.next(); message; message = await single.next()) yield message;
  } finally {
    options.signal?.removeEventListener("abort", abort);
    line.close();
  }
}

class Single implements Source<WatchResponse> {
  #track: Track;
  #queue: WatchMessage[] = [];
  #over = false;
  #error: ConnectError | undefined;
  #wakeReader = () => {};
  #wakeLine = () => {};

  constructor(
    private readonly service: Client<typeof TaskService>,
    private readonly taskId: string,
    private readonly options: WatchOptions,
  ) {
    this.#track = options.from ? { state: "following", ...options.from } : freshTrack;
  }

  open(signal: AbortSignal, opened: () => void): AsyncIterable<WatchResponse> {
    const { forever, history, waitForCreate = false } = this.options;
    return this.service.watch(
      {
        taskId: this.taskId,
        cursor: this.#track.cursor,
        follow: forever ? WatchFollow.FOREVER : WatchFollow.UNTIL_TERMINAL,
        waitForCreate,
        ...(history !== undefined && { history }),
      },
      { signal, onHeader: opened },
    );
  }

  take(response: WatchResponse): LineEvent | undefined {
    const message = toMessage(response);
    if (!message) return undefined;
    const [track, verdict] = follow(this.#track, message);
    this.#track = track;
    if (verdict === "show" || verdict === "note") this.#push(message);
    if (verdict === "fault") return { type: "lost", error: misfit(this.taskId, message.sequence) };
    if (verdict === "leave") return { type: "left", draining: message.type === "end" && message.reason === "draining" };
    if (track.state === "ended") return { type: "finished" };
    return verdict === "show" || message.type === "heartbeat" ? { type: "advanced" } : undefined;
  }

  ready(): Promise<void> | undefined {
    if (this.#queue.length < enough) return undefined;
    return new Promise((resolve) => {
      this.#wakeLine = resolve;
    });
  }

  lineChanged({ phase, error }: LineState): void {
    if (phase === "ended") this.finish();
    if (phase === "failed") this.finish(error ?? notFound(this.taskId));
  }

  finish(error?: ConnectError): void {
    this.#over = true;
    this.#error = error;
    this.#wakeReader();
  }

  /** The next message; undefined at the end. */
  async next(): Promise<WatchMessage | undefined> {
    while (this.#queue.length === 0 && !this.#over) {
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
    const message = this.#queue.shift();
    if (this.#queue.length < enough) this.#wakeLine();
    if (!message && this.#error) throw this.#error;
    return message;
  }

  #push(message: WatchMessage): void {
    this.#queue.push(message);
    this.#wakeReader();
  }
}
