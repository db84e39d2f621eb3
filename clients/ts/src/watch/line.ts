import { Code, ConnectError } from "@connectrpc/connect";

import type { Clock } from "../clock.js";
import { idleLine, type LineEvent, type LineState, step } from "./machine.js";
import type { Pauses } from "./pause.js";

/** What a line carries. */
export interface Source<M> {
  /** Asks for a stream; undefined if there is nothing to ask for. `opened` is to be called when the headers came. */
  open(signal: AbortSignal, opened: () => void): AsyncIterable<M> | undefined;
  /** Takes a message, and tells what it means for the line, if anything. */
  take(message: M): LineEvent | undefined;
  /** Resolves when the next message can be taken. If absent: always. */
  ready?(): Promise<void> | undefined;
}

/** What a line needs of the world. */
export interface World {
  readonly clock: Clock;
  readonly pauses: Pauses;
}

/** Servers send a heartbeat after 15 s; a stream silent for longer than this is dead. */
export const deadAfter = 45_000;

/**
 * Keeps one stream open for as long as there is something to watch: does what
 * the machine says, one stream at a time. What a dropped stream still brings
 * is not looked at.
 */
export class Line<M> {
  #state = idleLine;
  #stream = new AbortController();
  #cancelSleep = () => {};
  #cancelSilence = () => {};
  #retryAt: number | undefined;
  readonly #unsubscribe: () => void;

  constructor(
    private readonly source: Source<M>,
    private readonly world: World,
    private readonly changed: (state: LineState) => void,
  ) {
    this.#unsubscribe = world.pauses.subscribe(() => this.#checkPause());
    this.#checkPause();
  }

  get state(): LineState {
    return this.#state;
  }

  /** When the next stream will be asked for, in milliseconds since the epoch; undefined unless waiting. */
  get retryAt(): number | undefined {
    return this.#retryAt;
  }

  /** Asks for a stream of what is to be watched now, in place of the one there is. */
  start(): void {
    const { phase } = this.#state;
    if (this.world.pauses.paused() && (phase === "ended" || phase === "failed")) {
      this.#dispatch({ type: "stop" });
      this.#checkPause();
    }
    this.#dispatch({ type: "start" });
  }

  /** Closes the stream. */
  stop(): void {
    this.#dispatch({ type: "stop" });
  }

  /** Asks for a stream now instead of later. */
  retry(): void {
    this.#dispatch({ type: "retry" });
  }

  /** Closes the stream for good. */
  close(): void {
    this.#unsubscribe();
    this.#dispatch({ type: "stop" });
  }

  #checkPause(): void {
    this.#dispatch({ type: this.world.pauses.paused() ? "pause" : "resume" });
  }

  #dispatch(event: LineEvent): void {
    const before = this.#state;
    const [state, ...effects] = step(before, event, this.world.clock.random());
    this.#state = state;
    if (state.phase !== "waiting") this.#wake();
    for (const effect of effects) {
      if (effect === "open") this.#open();
      else if (effect === "close") this.#drop();
      else this.#sleep(state.delay);
    }
    if (this.#state !== before) this.changed(this.#state);
  }

  #open(): void {
    this.#drop();
    const stream = new AbortController();
    this.#stream = stream;
    void this.#read(stream.signal).then((event) => {
      if (!stream.signal.aborted) this.#dispatch(event);
    });
  }

  #drop(): void {
    this.#cancelSilence();
    this.#stream.abort();
  }

  /** Reads a stream to its end, and returns how it ended. */
  async #read(signal: AbortSignal): Promise<LineEvent> {
    try {
      this.#listen(signal);
      const messages = this.source.open(signal, () => {
        if (!signal.aborted) this.#dispatch({ type: "opened" });
      });
      if (!messages) return { type: "stop" };
      for await (const message of messages) {
        if (signal.aborted) break;
        const event = this.source.take(message);
        if (event) this.#dispatch(event);
        if (signal.aborted) break;
        await this.#patience(signal);
      }
      return { type: "lost", error: new ConnectError("the stream was cut", Code.Unavailable) };
    } catch (reason) {
      return { type: "lost", error: ConnectError.from(reason) };
    }
  }

  /** Waits until the next message can be taken; that time is not the server's silence. */
  async #patience(signal: AbortSignal): Promise<void> {
    this.#cancelSilence();
    const ready = this.source.ready?.();
    if (ready) await ready;
    if (!signal.aborted) this.#listen(signal);
  }

  #listen(signal: AbortSignal): void {
    this.#cancelSilence();
    this.#cancelSilence = this.world.clock.after(deadAfter, () => {
      const error = new ConnectError("the stream fell silent", Code.Unavailable);
      if (!signal.aborted) this.#dispatch({ type: "lost", error });
    });
  }

  #sleep(delay: number): void {
    this.#retryAt = this.world.clock.now() + delay;
    this.#cancelSleep = this.world.clock.after(delay, () => this.#dispatch({ type: "elapsed" }));
  }

  #wake(): void {
    this.#retryAt = undefined;
    this.#cancelSleep();
  }
}
