import { type TaskEvent, toEvent } from "../event.js";
import {
  EndReason as EndCode,
  RemovedReason as RemovedCode,
  ResetReason as ResetCode,
  type WatchResponse,
} from "../gen/spectralnotify/task/v1/watch_pb.js";
import { type Task, toTask } from "../task.js";

/** Why a cursor could not be resumed. */
export type ResetReason = "expired" | "generation-changed" | "epoch-changed" | "ahead";
/** Why a task is gone. */
export type RemovedReason = "deleted" | "expired" | "left-filter";
/** Why a stream ends. Only after "finished" there is nothing to come back for. */
export type EndReason = "finished" | "draining" | "max-age" | "token-expired";

/** A message of a watch: where it stands in the task, and what happened. */
export type WatchMessage = Position &
  (
    | {
        readonly type: "snapshot";
        readonly task: Task;
        readonly events: readonly TaskEvent[];
        readonly historyUnavailable: boolean;
      }
    | { readonly type: "event"; readonly event: TaskEvent; readonly task: Task }
    | { readonly type: "current" }
    | { readonly type: "heartbeat" }
    | { readonly type: "reset"; readonly reason: ResetReason }
    | { readonly type: "removed"; readonly reason: RemovedReason }
    | { readonly type: "end"; readonly reason: EndReason }
  );

interface Position {
  /** Where to go on after this message. */
  readonly cursor: string;
  /** The task's sequence as of this message. */
  readonly sequence: number;
}

/** Translates a message; undefined if it is of a kind that this version does not know. */
export function toMessage(response: WatchResponse): WatchMessage | undefined {
  const at: Position = { cursor: response.cursor, sequence: Number(response.sequence) };
  const { case: type, value } = response.message;
  switch (type) {
    case "snapshot":
      if (!value.task) return undefined;
      return {
        ...at,
        type,
        task: toTask(value.task),
        events: value.events.map(toEvent),
        historyUnavailable: value.historyUnavailable,
      };
    case "event":
      if (!value.event || !value.task) return undefined;
      return { ...at, type, event: toEvent(value.event), task: toTask(value.task) };
    case "current":
    case "heartbeat":
      return { ...at, type };
    case "reset":
      return { ...at, type, reason: resetWords[value.reason] };
    case "removed":
      return { ...at, type, reason: removedWords[value.reason] };
    case "end":
      return { ...at, type, reason: endWords[value.reason] };
    default:
      return undefined;
  }
}

const resetWords: Record<ResetCode, ResetReason> = {
  [ResetCode.UNSPECIFIED]: "expired",
  [ResetCode.CURSOR_EXPIRED]: "expired",
  [ResetCode.GENERATION_CHANGED]: "generation-changed",
  [ResetCode.EPOCH_CHANGED]: "epoch-changed",
  [ResetCode.CURSOR_AHEAD]: "ahead",
};

const removedWords: Record<RemovedCode, RemovedReason> = {
  [RemovedCode.UNSPECIFIED]: "deleted",
  [RemovedCode.DELETED]: "deleted",
  [RemovedCode.EXPIRED]: "expired",
  [RemovedCode.LEFT_FILTER]: "left-filter",
};

const endWords: Record<EndCode, EndReason> = {
  [EndCode.UNSPECIFIED]: "max-age", // unknown: come back
  [EndCode.FINISHED]: "finished",
  [EndCode.DRAINING]: "draining",
  [EndCode.MAX_AGE]: "max-age",
  [EndCode.TOKEN_EXPIRED]: "token-expired",
};
