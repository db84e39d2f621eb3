import type { ConnectError } from "@connectrpc/connect";

import type { Kind, State, Told } from "./kind.js";
import { misfit } from "./lane.js";
import { Line, type Source, type World } from "./line.js";
import type { LineEvent, LineState } from "./machine.js";
import type { Message } from "./message.js";
import { follow, freshTrack, type Track } from "./track.js";

/** How to watch one object. */
export interface WatchOptions {
  /** Ends the watch when it aborts. */
  readonly signal?: AbortSignal;
  /** Where to go on: the cursor of the last message of an earlier watch, and its sequence. */
  readonly from?: { readonly cursor: string; readonly sequence: number };
  /** How many of the newest events a snapshot carries: 0 to 1000; 10 if absent. */
  readonly history?: number;
  /** Goes on after the end of a task: late notes come too. */
  readonly forever?: boolean;
  /** Waits for an object that does not exist instead of failing. */
  readonly waitForCreate?: boolean;
  /** Is told where the connection stands. */
  readonly onState?: (state: LineState) => void;
}

/** So many messages may wait for a slow reader before the stream does. */
const enough = 64;

/**
 * Watches one object over a stream of its own: a snapshot, then every event
 * exactly once and in order, whatever breaks on the way. Ends when the object has
 * ended or is gone; throws the ConnectError of a server that refuses.
 */
export async function* watchOne<N extends string, S extends State, E>(
  kind: Kind<N, S, E>,
  world: World,
  id: string,
  options: WatchOptions = {},
): AsyncGenerator<Message<N, S, E>, void, undefined> {
  const single = new Single(kind, id, options);
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

class Single<N extends string, S extends State, E> implements Source<Told<N, S, E>> {
  #track: Track;
  #queue: Message<N, S, E>[] = [];
  #over = false;
  #error: ConnectError | undefined;
  #wakeReader = () => {};
  #wakeLine = () => {};

  constructor(
    private readonly kind: Kind<N, S, E>,
    private readonly id: string,
    private readonly options: WatchOptions,
  ) {
    this.#track = options.from ? { state: "following", ...options.from } : freshTrack;
  }

  open(signal: AbortSignal, opened: () => void): AsyncIterable<Told<N, S, E>> {
    const { forever = false, history, waitForCreate = false } = this.options;
    const asked = { id: this.id, cursor: this.#track.cursor, history, forever, waitForCreate };
    return this.kind.watch(asked, { signal, onHeader: opened });
  }

  take({ message }: Told<N, S, E>): LineEvent | undefined {
    if (!message) return undefined;
    const [track, verdict] = follow(this.#track, message);
    this.#track = track;
    if (verdict === "show" || verdict === "note") this.#push(message);
    if (verdict === "fault") return { type: "lost", error: misfit(this.id, message.sequence) };
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
    if (phase === "failed") this.finish(error ?? this.kind.notFound(this.id));
  }

  finish(error?: ConnectError): void {
    this.#over = true;
    this.#error = error;
    this.#wakeReader();
  }

  /** The next message; undefined at the end. */
  async next(): Promise<Message<N, S, E> | undefined> {
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

  #push(message: Message<N, S, E>): void {
    this.#queue.push(message);
    this.#wakeReader();
  }
}
