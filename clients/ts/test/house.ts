import { clone, create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createRouterTransport, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";

import { notFound } from "../src/error.js";
import {
  EventSchema,
  EventType,
  type Task,
  type Event as TaskEvent,
  TaskSchema,
  TaskStatus,
} from "../src/gen/spectralnotify/task/v1/task_pb.js";
import { TaskService } from "../src/gen/spectralnotify/task/v1/task_service_pb.js";
import {
  EndReason,
  WatchAllResponseSchema,
  WatchFollow,
  type WatchResponse,
  WatchResponseSchema,
} from "../src/gen/spectralnotify/task/v1/watch_pb.js";
import { type Asked, Follow, type Kept } from "./follow.js";

type Change = Pick<MessageInitShape<typeof EventSchema>, "kind" | "message" | "progress" | "metadata" | "eventType">;

/** How a stream ends: without a word, with an error, or because the server stops. */
export type Cut = "close" | "break" | "drain";

/** A server in memory that keeps the promises of the API, and breaks connections when told to. */
export class House {
  readonly tasks = new Map<string, Kept>();
  /** The requests of each stream, oldest first. */
  readonly streams: { taskIds: string[]; cursors: string[] }[] = [];
  /** Each call that arrived: its name, its Idempotency-Key and its credential. */
  readonly calls: { name: string; key: string | null; credential: string | null }[] = [];
  /** Is asked before each call and stream; may throw. */
  refuse: (name: string) => void = () => {};
  /** May make other messages of those that a stream would send. */
  tamper: (message: WatchResponse) => WatchResponse[] = (message) => [message];
  /** Is asked before each task of a stream of several; what it throws fails that task alone. */
  refuseTask: (taskId: string) => void = () => {};
  /** How many streams are open. */
  open = 0;

  #generation = 0;
  #created = 0;
  #changed: Promise<void> = Promise.resolve();
  #wake = () => {};
  #cuts = new Set<(how: Cut) => void>();

  constructor() {
    this.#arm();
  }

  transport() {
    return createRouterTransport(({ service }) => service(TaskService, this.#service()));
  }

  /** Ends every open stream. */
  cut(how: Cut = "close"): void {
    for (const cut of [...this.#cuts]) cut(how);
  }

  create(taskId: string, init: MessageInitShape<typeof TaskSchema> = {}): Task {
    if (this.tasks.has(taskId)) throw new ConnectError("exists", Code.AlreadyExists);
    this.#created = Math.max(Date.now(), this.#created + 1); // no two tasks at one time
    const at = timestampFromMs(this.#created);
    const task = create(TaskSchema, {
      ...init,
      taskId,
      status: init.status || TaskStatus.PENDING,
      createdAt: at,
      updatedAt: at,
    });
    this.tasks.set(taskId, { generation: ++this.#generation, task, events: [] });
    return this.change(taskId, { kind: "task.created", message: "Task created" }).task;
  }

  delete(taskId: string): void {
    this.#get(taskId);
    this.tasks.delete(taskId);
    this.#arm();
  }

  change(taskId: string, change: Change, state: Partial<Task> = {}): { task: Task; event: TaskEvent } {
    const kept = this.#get(taskId);
    const sequence = BigInt(kept.events.length + 1);
    const at = timestampFromMs(Date.now());
    const event = create(EventSchema, { eventType: EventType.LOG, ...change, id: sequence, timestamp: at });
    kept.task = Object.assign(clone(TaskSchema, kept.task), state, { sequence, updatedAt: at });
    if (change.progress !== undefined) {
      kept.task.progress = change.progress;
      if (kept.task.status === TaskStatus.PENDING) kept.task.status = TaskStatus.IN_PROGRESS;
    }
    kept.events.push(event);
    this.#arm();
    return { task: kept.task, event };
  }

  progress(taskId: string, progress: number) {
    return this.change(taskId, {
      kind: "task.progress",
      message: `Progress ${progress}%`,
      progress,
      eventType: EventType.PROGRESS,
    });
  }

  complete(taskId: string) {
    const end = { status: TaskStatus.SUCCESS, progress: 100, completedAt: timestampFromMs(Date.now()) };
    return this.change(
      taskId,
      { kind: "task.succeeded", message: "Task completed", eventType: EventType.SUCCESS },
      end,
    );
  }

  /** Forgets what came after a sequence, as a server does whose data was put back; streams are cut. */
  rewind(taskId: string, sequence: number): void {
    const kept = this.#get(taskId);
    kept.events.splice(sequence);
    const progress = kept.events.at(-1)?.progress ?? 0;
    kept.task = Object.assign(clone(TaskSchema, kept.task), { sequence: BigInt(sequence), progress });
    this.cut();
  }

  #arm(): void {
    this.#wake();
    this.#changed = new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #get(taskId: string): Kept {
    const kept = this.tasks.get(taskId);
    if (!kept) throw notFound("task", taskId);
    return kept;
  }

  #enter({ method, requestHeader }: HandlerContext): void {
    const key = requestHeader.get("Idempotency-Key");
    this.calls.push({ name: method.name, key, credential: requestHeader.get("Authorization") });
    this.refuse(method.name);
  }

  #service(): Partial<ServiceImpl<typeof TaskService>> {
    const enter = (context: HandlerContext) => this.#enter(context);
    return {
      create: ({ taskId, ...init }, context) => {
        enter(context);
        const { status, progress, metadata, tags, type } = init;
        const task = this.create(taskId || "made-by-server", { status, progress, metadata, tags, type });
        return { task, event: this.#get(task.taskId).events[0] };
      },
      getById: ({ taskId }, context) => {
        enter(context);
        return { task: this.#get(taskId).task };
      },
      addEvent: ({ taskId, event, events }, context) => {
        enter(context);
        const changes = (event ? [event] : events).map((e) => {
          const { eventType, message, progress, metadata } = e;
          return this.change(taskId, {
            kind: "task.event",
            eventType: eventType || EventType.LOG,
            message,
            progress,
            metadata,
          });
        });
        const last = changes.at(-1);
        return { task: last?.task, ...(event ? { event: last?.event } : { events: changes.map((c) => c.event) }) };
      },
      updateProgress: ({ taskId, progress }, context) => {
        enter(context);
        return this.progress(taskId, progress);
      },
      complete: ({ taskId, metadata }, context) => {
        enter(context);
        this.complete(taskId);
        const kept = this.#get(taskId);
        kept.task.result = metadata;
        return { task: kept.task, event: kept.events.at(-1) };
      },
      fail: ({ taskId, error, metadata }, context) => {
        enter(context);
        const end = { status: TaskStatus.FAILED, error, result: metadata, failedAt: timestampFromMs(Date.now()) };
        return this.change(taskId, { kind: "task.failed", message: error, eventType: EventType.ERROR }, end);
      },
      cancel: ({ taskId, metadata }, context) => {
        enter(context);
        const end = { status: TaskStatus.CANCELED, result: metadata, canceledAt: timestampFromMs(Date.now()) };
        return this.change(
          taskId,
          { kind: "task.canceled", message: "Task canceled", eventType: EventType.ERROR },
          end,
        );
      },
      delete: ({ taskId }, context) => {
        enter(context);
        this.delete(taskId);
        return {};
      },
      getHistory: ({ taskId, limit, pageToken, afterSequence }, context) => {
        enter(context);
        const { events } = this.#get(taskId);
        if (afterSequence !== undefined) return { events: events.filter(({ id }) => id > afterSequence) };
        const before = pageToken ? Number(pageToken) : events.length;
        const from = Math.max(0, before - (limit || 50));
        return { events: events.slice(from, before).reverse(), nextPageToken: from > 0 ? String(from) : "" };
      },
      listAll: ({ pageSize, pageToken, filter }, context) => {
        enter(context);
        const statuses = filter?.statuses ?? [];
        const all = [...this.tasks.values()]
          .sort((a, b) => b.generation - a.generation)
          .map(({ task }) => task)
          .filter(
            ({ status, taskId }) =>
              (!statuses.length || statuses.includes(status)) && taskId.startsWith(filter?.taskIdPrefix ?? ""),
          );
        const from = Number(pageToken || 0);
        const to = from + (pageSize || 50);
        return {
          tasks: all.slice(from, to),
          count: BigInt(all.length),
          nextPageToken: to < all.length ? String(to) : "",
        };
      },
      stats: (_, context) => {
        enter(context);
        const counts = new Map<TaskStatus, bigint>();
        for (const { task } of this.tasks.values()) counts.set(task.status, (counts.get(task.status) ?? 0n) + 1n);
        return { counts: [...counts].map(([status, count]) => ({ status, count })), total: BigInt(this.tasks.size) };
      },
      watch: (request, context) => this.#watch(request, context),
      watchAll: (request, context) => this.#watchAll(request, context),
    };
  }

  async *#watch(
    { follow, ...request }: Parameters<ServiceImpl<typeof TaskService>["watch"]>[0],
    context: HandlerContext,
  ) {
    this.#enter(context);
    this.streams.push({ taskIds: [request.taskId], cursors: [request.cursor] });
    if (!request.waitForCreate) this.#get(request.taskId);
    const asked = { ...request, forever: follow === WatchFollow.FOREVER };
    yield* this.#stream([this.#follow(asked)], context.signal, ([, message]) => message);
  }

  async *#watchAll(request: Parameters<ServiceImpl<typeof TaskService>["watchAll"]>[0], context: HandlerContext) {
    this.#enter(context);
    const { targets, history, follow, waitForCreate } = request;
    this.streams.push({ taskIds: targets.map((t) => t.taskId), cursors: targets.map((t) => t.cursor) });
    const forever = follow === WatchFollow.FOREVER;
    const follows: Follow[] = [];
    for (const target of targets) {
      try {
        this.refuseTask(target.taskId);
        follows.push(this.#follow({ ...target, history, forever, waitForCreate }));
      } catch (reason) {
        const { code, rawMessage } = ConnectError.from(reason);
        const failure = { code, reason: "LIMIT_EXCEEDED", message: rawMessage };
        yield create(WatchAllResponseSchema, { taskId: target.taskId, failure });
      }
    }
    yield* this.#stream(follows, context.signal, ([taskId, message]) =>
      create(WatchAllResponseSchema, { taskId, message }),
    );
  }

  /** Merges follows into one stream, until all have ended or it is cut. */
  async *#stream<M>(
    follows: Follow[],
    signal: AbortSignal,
    wrap: (of: [string, WatchResponse]) => M,
  ): AsyncGenerator<M> {
    let how: Cut | undefined;
    const cut = (with_: Cut) => {
      how = with_;
      this.#arm();
    };
    const close = () => {
      if (this.#cuts.delete(cut)) this.open--;
      this.#arm();
    };
    signal.addEventListener("abort", close, { once: true });
    this.#cuts.add(cut);
    this.open++;
    try {
      for (const follow of follows) follow.begin(); // a follow attaches when the stream begins
      while (!signal.aborted && how === undefined) {
        const before = this.#changed;
        let news = 0;
        for (const follow of follows) {
          for (const message of follow.next()) {
            for (const sent of this.tamper(message)) yield wrap([follow.taskId, sent]);
            news++;
            if (how !== undefined || signal.aborted) break;
          }
        }
        if (follows.every(({ ended }) => ended)) return;
        if (news === 0 && how === undefined && !signal.aborted) await before;
      }
      if (how === "drain") {
        const end = create(WatchResponseSchema, { message: { case: "end", value: { reason: EndReason.DRAINING } } });
        for (const { taskId } of follows) yield wrap([taskId, end]);
      }
      if (how === "break") throw new ConnectError("the network broke", Code.Unknown);
    } finally {
      close();
    }
  }

  #follow(asked: Asked): Follow {
    return new Follow(asked, (taskId) => this.tasks.get(taskId));
  }
}
