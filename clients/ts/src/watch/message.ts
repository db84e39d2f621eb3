import type { TaskEvent } from "../event.js";
import {
  type Current,
  type End,
  EndReason as EndCode,
  type Heartbeat,
  type Removed,
  RemovedReason as RemovedCode,
  type Reset,
  ResetReason as ResetCode,
} from "../gen/spectralnotify/task/v1/watch_pb.js";
import type { Task } from "../task.js";

/** Why a cursor could not be resumed. */
export type ResetReason = "expired" | "generation-changed" | "epoch-changed" | "ahead";
/** Why an object is gone. */
export type RemovedReason = "deleted" | "expired" | "left-filter";
/** Why a stream ends. Only after "finished" there is nothing to come back for. */
export type EndReason = "finished" | "draining" | "max-age" | "token-expired";

/** A message of a watch: where it stands in the object, and what happened. N is the field of the state. */
export type Message<N extends string, S, E> = Position &
  (
    | (Of<N, S> & { readonly type: "snapshot"; readonly events: readonly E[]; readonly historyUnavailable: boolean })
    | (Of<N, S> & { readonly type: "event"; readonly event: E })
    | Remark
  );

/** A message of a task's watch. */
export type WatchMessage = Message<"task", Task, TaskEvent>;

/** The state of an object, in the field that is called after its class. */
export type Of<N extends string, S> = { readonly [name in N]: S };

/** Where a message stands. */
export interface Position {
  /** Where to go on after this message. */
  readonly cursor: string;
  /** The object's sequence as of this message. */
  readonly sequence: number;
}

/** What is told in the same words of any class. */
type Remark =
  | { readonly type: "current" }
  | { readonly type: "heartbeat" }
  | { readonly type: "reset"; readonly reason: ResetReason }
  | { readonly type: "removed"; readonly reason: RemovedReason }
  | { readonly type: "end"; readonly reason: EndReason };

/** What the messages of every class have in common. */
export type AnyMessage = Position & ({ readonly type: "snapshot" } | { readonly type: "event" } | Remark);

/** A message as the API has it, of a class whose states are SM and whose events are EM. */
interface Response<N extends string, SM, EM> {
  readonly cursor: string;
  readonly sequence: bigint;
  readonly message:
    | {
        case: "snapshot";
        value: { readonly [name in N]?: SM } & { readonly events: EM[]; readonly historyUnavailable: boolean };
      }
    | { case: "event"; value: { readonly [name in N]?: SM } & { readonly event?: EM } }
    | { case: "current"; value: Current }
    | { case: "heartbeat"; value: Heartbeat }
    | { case: "reset"; value: Reset }
    | { case: "removed"; value: Removed }
    | { case: "end"; value: End }
    | { case: undefined; value?: undefined };
}

/** Translates a message; undefined if it is of a kind that this version does not know. */
export function toMessage<N extends string, S, E, SM, EM>(
  name: N,
  response: Response<N, SM, EM>,
  toState: (state: SM) => S,
  toEvent: (event: EM) => E,
): Message<N, S, E> | undefined {
  const at: Position = { cursor: response.cursor, sequence: Number(response.sequence) };
  const of = (state: SM) => ({ [name]: toState(state) }) as Of<N, S>;
  const { case: type, value } = response.message;
  switch (type) {
    case "snapshot": {
      const state = value[name] as SM | undefined;
      if (!state) return undefined;
      const { events, historyUnavailable } = value;
      return { ...at, ...of(state), type, events: events.map(toEvent), historyUnavailable };
    }
    case "event": {
      const state = value[name] as SM | undefined;
      if (!state || !value.event) return undefined;
      return { ...at, ...of(state), type, event: toEvent(value.event) };
    }
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
