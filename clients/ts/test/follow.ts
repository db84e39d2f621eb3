import { clone, create, type MessageInitShape } from "@bufbuild/protobuf";

import {
  type Task,
  type Event as TaskEvent,
  TaskSchema,
  TaskStatus,
} from "../src/gen/spectralnotify/task/v1/task_pb.js";
import {
  EndReason,
  ResetReason,
  type WatchResponse,
  WatchResponseSchema,
} from "../src/gen/spectralnotify/task/v1/watch_pb.js";

/** A task as the server keeps it. */
export interface Kept {
  generation: number;
  task: Task;
  events: TaskEvent[];
}

/** How a task is to be followed. */
export interface Asked {
  taskId: string;
  cursor: string;
  history?: number;
  forever: boolean;
  waitForCreate: boolean;
}

type Answer = MessageInitShape<typeof WatchResponseSchema>["message"];

/** One task of one stream, as the server tells it. */
export class Follow {
  ended = false;
  #generation = 0;
  #at = 0;
  #current = false;
  #told: WatchResponse[] = [];

  constructor(
    private readonly asked: Asked,
    private readonly get: (taskId: string) => Kept | undefined,
  ) {}

  get taskId() {
    return this.asked.taskId;
  }

  begin(): void {
    const kept = this.get(this.taskId);
    const [generation = 0, at = 0] = this.asked.cursor.split(".").map(Number);
    if (!kept) {
      if (this.asked.cursor || !this.asked.waitForCreate) this.#remove();
      return;
    }
    if (!this.asked.cursor) this.#snapshot(kept);
    else if (generation !== kept.generation || at > kept.events.length) {
      this.#tell(0, { case: "reset", value: { reason: ResetReason.GENERATION_CHANGED } });
      this.#snapshot(kept);
    } else [this.#generation, this.#at] = [generation, at];
  }

  next(): WatchResponse[] {
    const kept = this.ended ? undefined : this.get(this.taskId);
    if (this.#generation && kept?.generation !== this.#generation && !this.ended) this.#remove();
    if (!this.#generation && !this.ended && kept) this.#snapshot(kept);
    if (kept && kept.generation === this.#generation) this.#advance(kept);
    return this.#told.splice(0);
  }

  #advance(kept: Kept): void {
    for (const event of kept.events.slice(this.#at)) {
      this.#at++;
      // Like the server, without what did not change.
      const task = Object.assign(clone(TaskSchema, kept.task), { metadata: undefined, sequence: event.id });
      this.#tell(this.#at, { case: "event", value: { event, task } });
    }
    if (!this.#current) this.#tell(this.#at, { case: "current", value: {} });
    this.#current = true;
    if (kept.task.status >= TaskStatus.SUCCESS && !this.asked.forever) this.#end();
  }

  #snapshot(kept: Kept): void {
    [this.#generation, this.#at] = [kept.generation, kept.events.length];
    const { history = 10 } = this.asked;
    const events = history === 0 ? [] : kept.events.slice(-history);
    this.#tell(this.#at, { case: "snapshot", value: { task: kept.task, events } });
  }

  #remove(): void {
    this.#tell(this.#at, { case: "removed", value: { reason: 1 } });
    [this.#generation, this.#at, this.#current] = [0, 0, false];
    if (!(this.asked.forever && this.asked.waitForCreate)) this.#end();
  }

  #end(): void {
    this.#tell(this.#at, { case: "end", value: { reason: EndReason.FINISHED } });
    this.ended = true;
  }

  #tell(sequence: number, message: Answer): void {
    const cursor = this.#generation ? `${this.#generation}.${sequence}` : "";
    this.#told.push(create(WatchResponseSchema, { cursor, sequence: BigInt(sequence), message }));
  }
}
