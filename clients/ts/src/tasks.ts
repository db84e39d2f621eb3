import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { CallOptions, Client } from "@connectrpc/connect";

import { fromNewEvent, type NewEvent, type TaskEvent, toEvent } from "./event.js";
import {
  type Event as EventMessage,
  TaskFilterSchema,
  type Task as TaskMessage,
} from "./gen/spectralnotify/task/v1/task_pb.js";
import { ListOrder, type TaskService } from "./gen/spectralnotify/task/v1/task_service_pb.js";
import { expect, pages, present } from "./request.js";
import { type Metadata, statusCode, statusWord, type Task, type TaskStatus, toTask } from "./task.js";

/** A task to create. */
export interface CreateTask {
  /** 1 to 256 bytes; made by the server if absent. */
  taskId?: string;
  /** "pending" if absent. */
  status?: "pending" | "in-progress";
  /** In percent. */
  progress?: number;
  metadata?: Metadata;
  tags?: string[];
  /** What kind of work it is, such as "render". */
  type?: string;
}

/** Which task, and at which sequence it must be if that is given. */
export interface Target {
  taskId: string;
  expectedSequence?: number;
}

/** What a change answers: the task after it, and the event it is. */
export interface Change {
  task: Task;
  event: TaskEvent;
}

/** What a list is narrowed to; an empty filter means all tasks. */
export interface TaskFilter {
  /** Any of these. */
  statuses?: readonly TaskStatus[];
  /** Ids that begin with this. */
  taskIdPrefix?: string;
  createdBy?: string;
  /** All of these. */
  tags?: readonly string[];
  type?: string;
  createdAfter?: Date;
  createdBefore?: Date;
  updatedAfter?: Date;
  updatedBefore?: Date;
}

/** One page of a list. */
export interface TaskPage {
  tasks: Task[];
  /** How many match in all. */
  count: number;
  /** Whether there are more than count. */
  countIsLowerBound: boolean;
  /** Where the list goes on; empty on the last page. */
  nextPageToken: string;
}

/** How to list. */
export interface ListOptions {
  filter?: TaskFilter;
  /** "created" if absent: newest creation first. */
  order?: "created" | "updated";
}

/** How many tasks there are. */
export interface TaskStats {
  counts: Record<TaskStatus, number>;
  total: number;
}

/** One page of a task's events. */
export interface EventPage {
  events: TaskEvent[];
  /** Where it goes on; empty on the last page. */
  nextPageToken: string;
}

/**
 * The calls on tasks, in plain objects. Each fails with a ConnectError, of which
 * reasonOf tells more. An answer means that the change is on disk; a change
 * happens once, however often it had to be sent.
 */
export type Tasks = ReturnType<typeof createTasks>;

/** Which events to read. */
export interface HistoryRequest {
  taskId: string;
  limit?: number;
  /** Read the events after this, oldest first. */
  afterSequence?: number;
}

/** Puts plain objects in front of the generated client. */
export function createTasks(raw: Client<typeof TaskService>) {
  const tasks = {
    /** Creates a task. */
    async create({ status, ...task }: CreateTask, options?: CallOptions): Promise<Task> {
      const answer = await raw.create({ ...task, ...(status && { status: statusCode(status) }) }, options);
      return toTask(present(answer.task));
    },

    /** Gets a task with all that is known of it. */
    async getById({ taskId }: { taskId: string }, options?: CallOptions): Promise<Task> {
      return toTask(present((await raw.getById({ taskId }, options)).task));
    },

    /** Adds an event. */
    async addEvent({ event, ...target }: Target & { event: NewEvent }, options?: CallOptions): Promise<Change> {
      return toChange(await raw.addEvent({ ...aim(target), event: fromNewEvent(event) }, options));
    },

    /** Adds several events, all or none. */
    async addEvents(
      { events, ...target }: Target & { events: NewEvent[] },
      options?: CallOptions,
    ): Promise<{ task: Task; events: TaskEvent[] }> {
      const answer = await raw.addEvent({ ...aim(target), events: events.map(fromNewEvent) }, options);
      return { task: toTask(present(answer.task)), events: answer.events.map(toEvent) };
    },

    /** Reports progress in percent, up or down. */
    async updateProgress(
      { expectedSequence, ...report }: Target & { progress: number; message?: string; metadata?: Metadata },
      options?: CallOptions,
    ): Promise<Change> {
      return toChange(await raw.updateProgress({ ...report, ...expect(expectedSequence) }, options));
    },

    /** Ends a task as "success"; the metadata is its result. */
    async complete({ metadata, ...target }: Target & { metadata?: Metadata }, options?: CallOptions): Promise<Change> {
      return toChange(await raw.complete({ ...aim(target), metadata }, options));
    },

    /** Ends a task as "failed". */
    async fail(
      { error, metadata, ...target }: Target & { error: string; metadata?: Metadata },
      options?: CallOptions,
    ): Promise<Change> {
      return toChange(await raw.fail({ ...aim(target), error, metadata }, options));
    },

    /** Ends a task as "canceled". */
    async cancel({ metadata, ...target }: Target & { metadata?: Metadata }, options?: CallOptions): Promise<Change> {
      return toChange(await raw.cancel({ ...aim(target), metadata }, options));
    },

    /** Deletes a task and its history. */
    async delete(target: Target, options?: CallOptions): Promise<void> {
      await raw.delete(aim(target), options);
    },

    /** Reads events: newest first, 50 unless `limit` (at most 1000) says otherwise; or, ascending, those after a sequence. */
    async getHistory(request: HistoryRequest, options?: CallOptions): Promise<TaskEvent[]> {
      return (await tasks.historyPage(request, options)).events;
    },

    /** As getHistory, with what is needed to go on. */
    async historyPage(
      { afterSequence, ...request }: HistoryRequest & { pageToken?: string },
      options?: CallOptions,
    ): Promise<EventPage> {
      const after = afterSequence === undefined ? {} : { afterSequence: BigInt(afterSequence) };
      const answer = await raw.getHistory({ ...request, ...after }, options);
      return { events: answer.events.map(toEvent), nextPageToken: answer.nextPageToken };
    },

    /** Lists tasks, newest first, page by page up to `max`; `count` says how many there are in all. */
    async listAll(
      { max = 10_000, ...list }: ListOptions & { max?: number } = {},
      options?: CallOptions,
    ): Promise<{ tasks: Task[]; count: number; countIsLowerBound: boolean }> {
      const { items, last } = await pages(max, async (page) => {
        const answer = await tasks.listPage({ ...list, ...page }, options);
        return { ...answer, items: answer.tasks };
      });
      return { tasks: items, count: last.count, countIsLowerBound: last.countIsLowerBound };
    },

    /** Lists one page of tasks: 50 unless `pageSize` (at most 1000) says otherwise. */
    async listPage(
      { filter, order, ...page }: ListOptions & { pageSize?: number; pageToken?: string } = {},
      options?: CallOptions,
    ): Promise<TaskPage> {
      const by = order === "updated" ? ListOrder.UPDATED : ListOrder.CREATED;
      const answer = await raw.listAll({ ...page, order: by, ...(filter && { filter: fromFilter(filter) }) }, options);
      return {
        tasks: answer.tasks.map(toTask),
        count: Number(answer.count),
        countIsLowerBound: answer.countIsLowerBound,
        nextPageToken: answer.nextPageToken,
      };
    },

    /** Counts the tasks of each status. */
    async stats(options?: CallOptions): Promise<TaskStats> {
      const answer = await raw.stats({}, options);
      const counts = { pending: 0, "in-progress": 0, success: 0, failed: 0, canceled: 0 };
      for (const { status, count } of answer.counts) counts[statusWord(status)] = Number(count);
      return { counts, total: Number(answer.total) };
    },
  };
  return tasks;
}

function aim({ taskId, expectedSequence }: Target) {
  return { taskId, ...expect(expectedSequence) };
}

function toChange(answer: { task?: TaskMessage; event?: EventMessage }): Change {
  return { task: toTask(present(answer.task)), event: toEvent(present(answer.event)) };
}

function fromFilter({ statuses = [], tags = [], ...filter }: TaskFilter) {
  return create(TaskFilterSchema, {
    statuses: statuses.map(statusCode),
    tags: [...tags],
    taskIdPrefix: filter.taskIdPrefix,
    createdBy: filter.createdBy,
    type: filter.type,
    createdAfter: time(filter.createdAfter),
    createdBefore: time(filter.createdBefore),
    updatedAfter: time(filter.updatedAfter),
    updatedBefore: time(filter.updatedBefore),
  });
}

function time(date: Date | undefined) {
  return date && timestampFromDate(date);
}
