import type { JsonObject } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { TaskStatus as StatusCode, type Task as TaskMessage } from "./gen/spectralnotify/task/v1/task_pb.js";
import { newest } from "./watch/kind.js";

/** Where a task stands. The last three are final. */
export type TaskStatus = "pending" | "in-progress" | "success" | "failed" | "canceled";

/** A plain object of JSON values. */
export type Metadata = JsonObject;

/** A task as messages of the WebSocket carry it. */
export interface SocketTask {
  /** Always 1: each task is the only row of its own database. */
  readonly id: 1;
  readonly taskId: string;
  readonly status: TaskStatus;
  /** In percent, 0 to 100. */
  readonly progress: number;
  /** Points in time are ISO 8601 in UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly completedAt: string | null;
  readonly failedAt: string | null;
  readonly canceledAt: string | null;
  /** JSON text; "{}" if there is none. */
  readonly metadata: string;
}

/** A task. It is replaced as a whole, never changed. */
export interface Task extends Omit<SocketTask, "metadata"> {
  /** JSON text. Null if there is none, or if what brought the task left it out: only getById, create and snapshots carry it. */
  readonly metadata: string | null;
  /** Number of the last event. The first is 1, the creation; there are no gaps. */
  readonly sequence: number;
  readonly startedAt: string | null;
  /** Who created it; empty for anonymous callers. */
  readonly createdBy: string;
  /** The text given to fail; empty unless it failed. */
  readonly error: string;
  /** Metadata of the call that ended it, as JSON text. Null as with metadata. */
  readonly result: string | null;
  readonly tags: readonly string[];
  /** What kind of work it is; may be empty. */
  readonly type: string;
  /** When it will be done at its average rate. Null while that means little, and at the end. */
  readonly eta: string | null;
}

const words: Record<Exclude<StatusCode, StatusCode.UNSPECIFIED>, TaskStatus> = {
  [StatusCode.PENDING]: "pending",
  [StatusCode.IN_PROGRESS]: "in-progress",
  [StatusCode.SUCCESS]: "success",
  [StatusCode.FAILED]: "failed",
  [StatusCode.CANCELED]: "canceled",
};

const codes: Record<TaskStatus, StatusCode> = {
  pending: StatusCode.PENDING,
  "in-progress": StatusCode.IN_PROGRESS,
  success: StatusCode.SUCCESS,
  failed: StatusCode.FAILED,
  canceled: StatusCode.CANCELED,
};

/** The word for a status; "pending" for one that this version does not know. */
export function statusWord(code: StatusCode): TaskStatus {
  return code === StatusCode.UNSPECIFIED ? "pending" : (words[code] ?? "pending");
}

/** The code for a word. */
export function statusCode(word: TaskStatus): StatusCode {
  return codes[word];
}

/** Reports whether a task in this status has ended for good. */
export function isTerminal(status: TaskStatus): boolean {
  return status === "success" || status === "failed" || status === "canceled";
}

/** The task that a message carries. */
export function toTask(message: TaskMessage): Task {
  return {
    id: 1,
    taskId: message.taskId,
    status: statusWord(message.status),
    progress: message.progress,
    createdAt: isoTime(message.createdAt) ?? "",
    updatedAt: isoTime(message.updatedAt) ?? "",
    startedAt: isoTime(message.startedAt),
    completedAt: isoTime(message.completedAt),
    failedAt: isoTime(message.failedAt),
    canceledAt: isoTime(message.canceledAt),
    metadata: jsonText(message.metadata),
    sequence: Number(message.sequence),
    createdBy: message.createdBy,
    error: message.error,
    result: jsonText(message.result),
    tags: message.tags,
    type: message.type,
    eta: isoTime(message.eta),
  };
}

/**
 * What is known of a task after a newer state of it came, which may leave out
 * metadata and result if they did not change.
 */
export function updated(known: Task | undefined, next: Task): Task {
  if (!known) return next;
  return { ...next, metadata: next.metadata ?? known.metadata, result: next.result ?? known.result };
}

/** The newer of two states of a task; see newest. */
export function newer(known: Task | undefined, next: Task): Task {
  return newest({ updated }, known, next);
}

/** ISO 8601 with milliseconds; null if absent. */
export function isoTime(time: Timestamp | undefined): string | null {
  return time ? timestampDate(time).toISOString() : null;
}

function jsonText(value: JsonObject | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
