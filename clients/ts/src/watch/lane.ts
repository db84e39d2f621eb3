import { Code, ConnectError } from "@connectrpc/connect";

import { failure } from "../error.js";
import type { Followed } from "./followed.js";
import type { Kind, State, Told } from "./kind.js";
import { Line, type Source, type World } from "./line.js";
import type { LineEvent, LineState } from "./machine.js";

/** How the objects of a lane are watched. */
export interface LaneOptions {
  readonly waitForCreate: boolean;
}

/** How many objects the server lets one stream carry. */
export const laneSize = 1_000;
/** Changes of what is watched are gathered for so long: a page that mounts 50 rows opens one stream. */
const gather = 10;
/** Objects that failed alone are tried again after so long, in milliseconds, and up to as much again. */
const retryAfter = 5_000;

/** Objects of one class that are watched over one stream. */
export class Lane<N extends string, S extends State, E> implements Source<Told<N, S, E>> {
  readonly objects = new Map<string, Followed<N, S, E>>(); // :: id -> who watches it, and what is known
  readonly line: Line<Told<N, S, E>>;
  #asked = new Set<Followed<N, S, E>>(); // what the stream there is carries
  #gathering: (() => void) | undefined;
  #retrying: (() => void) | undefined; // until objects that failed alone are tried again

  constructor(
    private readonly kind: Kind<N, S, E>,
    private readonly world: World,
    readonly options: LaneOptions,
    private readonly changed: () => void,
  ) {
    this.line = new Line(this, world, (state) => this.#lineChanged(state));
  }

  /** Makes the stream carry what is in `objects`, soon. */
  touch(): void {
    this.#gathering ??= this.world.clock.after(gather, () => {
      this.#gathering = undefined;
      this.#settle();
    });
  }

  close(): void {
    this.#gathering?.();
    this.#retrying?.();
    this.line.close();
  }

  #settle(): void {
    for (const [id, followed] of this.objects) if (followed.unwatched) this.objects.delete(id);
    const wanted = this.#wanted();
    const added = wanted.some((followed) => !this.#asked.has(followed));
    const removed = [...this.#asked].some((followed) => this.objects.get(followed.id) !== followed);
    if (wanted.length === 0) this.line.stop();
    else if (added || removed || !this.#active()) this.line.start();
    if (wanted.length === 0) this.#asked = new Set();
    this.changed();
  }

  #active(): boolean {
    const { phase } = this.line.state;
    return phase !== "idle" && phase !== "ended" && phase !== "failed";
  }

  #wanted(): Followed<N, S, E>[] {
    return [...this.objects.values()].filter((followed) => !followed.unwatched && !followed.over && !followed.failed);
  }

  open(signal: AbortSignal, opened: () => void): AsyncIterable<Told<N, S, E>> | undefined {
    const wanted = this.#wanted();
    this.#asked = new Set(wanted);
    if (wanted.length === 0) return undefined;
    return this.kind.watchAll(wanted, this.options.waitForCreate, { signal, onHeader: opened });
  }

  take({ id, message, failure }: Told<N, S, E>): LineEvent | undefined {
    if (!id) return { type: "advanced" }; // the heartbeat of the stream
    const followed = this.objects.get(id);
    if (failure && followed) return this.#fail(followed, failure);
    if (!message || !followed) return undefined; // one whose listeners left may get new ones before #settle
    switch (followed.take(message)) {
      case "fault":
        return { type: "lost", error: misfit(id, message.sequence) };
      case "leave":
        return { type: "left", draining: message.type === "end" && message.reason === "draining" };
      case "show":
        return { type: "advanced" };
      default:
        return this.#wanted().length === 0 ? { type: "finished" } : undefined;
    }
  }

  /** Lets one object fail, and has it tried again where that may help. */
  #fail(
    followed: Followed<N, S, E>,
    { code, reason, message }: NonNullable<Told<N, S, E>["failure"]>,
  ): LineEvent | undefined {
    followed.fail(failure(code, reason, message));
    this.#asked.delete(followed);
    const { clock } = this.world;
    if (!followed.over) this.#retrying ??= clock.after(retryAfter * (1 + clock.random()), () => this.#tryFailed());
    return this.#wanted().length === 0 ? { type: "finished" } : undefined;
  }

  #tryFailed(): void {
    this.#retrying = undefined;
    for (const followed of this.objects.values()) if (followed.failed && !followed.over) followed.fail(undefined);
    this.touch();
  }

  #lineChanged(state: LineState): void {
    for (const followed of this.objects.values()) followed.lineChanged(state);
    this.changed();
  }
}

/** Why a stream that brings what does not fit is dropped. */
export function misfit(id: string, sequence: number): ConnectError {
  const text = `the stream of ${JSON.stringify(id)} does not go on where it was: sequence ${sequence}`;
  return new ConnectError(text, Code.DataLoss);
}
