import { type Event as EventMessage, EventType as TypeCode } from "./gen/spectralnotify/task/v1/task_pb.js";
import { isoTime, type Metadata } from "./task.js";

/** What sort of event it is. */
export type EventType = "log" | "progress" | "error" | "success";

/** One entry of a task's history. It never changes. */
export interface TaskEvent {
  /** Its number in its task, dense from 1: its sequence. */
  readonly id: number;
  readonly eventType: EventType;
  /** Which call made it, such as `task.created` or `task.progress`. */
  readonly kind: string;
  /** Text for people. */
  readonly message: string;
  /** In percent; absent if it reported none. */
  readonly progress?: number;
  /** ISO 8601 in UTC. */
  readonly timestamp: string;
  readonly metadata?: Metadata;
  /** Who caused it; empty for anonymous callers. */
  readonly actor: string;
}

/** What a caller reports. */
export interface NewEvent {
  /** If absent: "progress" with progress, else "log". */
  eventType?: EventType;
  message: string;
  /** If set, the task's progress becomes this. */
  progress?: number;
  metadata?: Metadata;
}

const codes: Record<EventType, TypeCode> = {
  log: TypeCode.LOG,
  progress: TypeCode.PROGRESS,
  error: TypeCode.ERROR,
  success: TypeCode.SUCCESS,
};

const words: Record<TypeCode, EventType> = {
  [TypeCode.UNSPECIFIED]: "log",
  [TypeCode.LOG]: "log",
  [TypeCode.PROGRESS]: "progress",
  [TypeCode.ERROR]: "error",
  [TypeCode.SUCCESS]: "success",
};

/** The event that a message carries. */
export function toEvent(message: EventMessage): TaskEvent {
  return {
    id: Number(message.id),
    eventType: words[message.eventType] ?? "log",
    kind: message.kind,
    message: message.message,
    ...(message.progress !== undefined && { progress: message.progress }),
    timestamp: isoTime(message.timestamp) ?? "",
    ...(message.metadata && { metadata: message.metadata }),
    actor: message.actor,
  };
}

/** The message for what a caller reports. */
export function fromNewEvent({ eventType, ...rest }: NewEvent) {
  return { ...rest, eventType: eventType ? codes[eventType] : TypeCode.UNSPECIFIED };
}
