import { create } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError } from "@connectrpc/connect";

import { failure } from "../error.js";
import type { TaskService } from "../gen/spectralnotify/task/v1/task_service_pb.js";
import {
  type WatchAllResponse,
  type WatchFailure,
  WatchFollow,
  WatchTargetSchema,
} from "../gen/spectralnotify/task/v1/watch_pb.js";
import type { Followed } from "./followed.js";
import { Line, type Source, type World } from "./line.js";
import type { LineEvent, LineState } from "./machine.js";
import { toMessage } from "./message.js";

/** How the tasks of a lane are watched. */
export interface LaneOptions {
  readonly waitForCreate: boolean;
}

/** How many tasks the server lets one stream carry. */
export const laneSize = 1_000;
/** Changes of what is watched are gathered for so long: a page that mounts 50 rows opens one stream. */
const gather = 10;
/** Tasks that failed alone are tried again after so long, in milliseconds, and up to as much again. */
const retryAfter = 5_000;

/** Tasks that are watched over one stream. */
export class Lane implements Source<WatchAllResponse> {
  readonly tasks = new Map<string, Followed>(); // :: task id -> who watches it, and what is known
  readonly line: Line<WatchAllResponse>;
  #asked = new Set<Followed>(); // what the stream there is carries
  #gathering: (() => void) | undefined;
  #retrying: (() => void) | undefined; // until tasks that failed alone are tried again

  constructor(
    private readonly service: Client<typeof TaskService>,
    private readonly world: World,
    readonly options: LaneOptions,
    private readonly changed: () => void,
  ) {
    this.line = new Line(this, world, (state) => this.#lineChanged(state));
  }

  /** Makes the stream carry what is in `tasks`, soon. */
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
    for (const [taskId, followed] of this.tasks) if (followed.unwatched) this.tasks.delete(taskId);
    const wanted = this.#wanted();
    const added = wanted.some((followed) => !this.#asked.has(followed));
    const removed = [...this.#asked].some((followed) => this.tasks.get(followed.taskId) !== followed);
    if (wanted.length === 0) this.line.stop();
    else if (added || removed || !this.#active()) this.line.start();
    if (wanted.length === 0) this.#asked = new Set();
    this.changed();
  }

  #active(): boolean {
    const { phase } = this.line.state;
    return phase !== "idle" && phase !== "ended" && phase !== "failed";
  }

  #wanted(): Followed[] {
    return [...this.tasks.values()].filter((followed) => !followed.unwatched && !followed.over && !followed.failed);
  }

  open(signal: AbortSignal, opened: () => void): AsyncIterable<WatchAllResponse> | undefined {
    const wanted = this.#wanted();
    this.#asked = new Set(wanted);
    if (wanted.length === 0) return undefined;
    const targets = wanted.map(({ taskId, cursor }) => create(WatchTargetSchema, { taskId, cursor }));
    const request = { targets, follow: WatchFollow.FOREVER, waitForCreate: this.options.waitForCreate };
    return this.service.watchAll(request, { signal, onHeader: opened });
  }

  take(response: WatchAllResponse): LineEvent | undefined {
    if (!response.taskId) return { type: "advanced" }; // the heartbeat of the stream
    const followed = this.tasks.get(response.taskId);
    if (response.failure && followed) return this.#fail(followed, response.failure);
    const message = response.message && toMessage(response.message);
    if (!message || !followed) return undefined; // one whose listeners left may get new ones before #settle
    switch (followed.take(message)) {
      case "fault":
        return { type: "lost", error: misfit(response.taskId, message.sequence) };
      case "leave":
        return { type: "left", draining: message.type === "end" && message.reason === "draining" };
      case "show":
        return { type: "advanced" };
      default:
        return this.#wanted().length === 0 ? { type: "finished" } : undefined;
    }
  }

  /** Lets one task fail, and has it tried again where that may help. */
  #fail(followed: Followed, { code, reason, message }: WatchFailure): LineEvent | undefined {
    followed.fail(failure(code, reason, message));
    this.#asked.delete(followed);
    const { clock } = this.world;
    if (!followed.over) this.#retrying ??= clock.after(retryAfter * (1 + clock.random()), () => this.#tryFailed());
    return this.#wanted().length === 0 ? { type: "finished" } : undefined;
  }

  #tryFailed(): void {
    this.#retrying = undefined;
    for (const followed of this.tasks.values()) if (followed.failed && !followed.over) followed.fail(undefined);
    this.touch();
  }

  #lineChanged(state: LineState): void {
    for (const followed of this.tasks.values()) followed.lineChanged(state);
    this.changed();
  }
}

/** Why a stream that brings what does not fit is dropped. */
export function misfit(taskId: string, sequence: number): ConnectError {
  const text = `the stream of ${JSON.stringify(taskId)} does not go on where it was: sequence ${sequence}`;
  return new ConnectError(text, Code.DataLoss);
}
