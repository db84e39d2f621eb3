import type { EventType } from "../event.js";
import type { SocketTask } from "../task.js";

/**
 * A message of a task's WebSocket.
 *
 * The type follows the call that made it: create and addEvent make an "event",
 * the others a message of their own name. "reset" says that messages were
 * missed and cannot be had any more; it carries the present task. "snapshot"
 * comes first if it was asked for, or if a connection was lost before any
 * message. "removed" says that the task was deleted.
 */
export type TaskWebSocketMessage = SocketPosition &
  (
    | { type: "event"; event: SocketEvent; task: SocketTask }
    | { type: "progress"; progress: number; task: SocketTask }
    | { type: "complete"; task: SocketTask }
    | { type: "fail"; error: string; task: SocketTask }
    | { type: "cancel"; task: SocketTask }
    | { type: "reset"; task: SocketTask }
    | { type: "snapshot"; task: SocketTask; events: (SocketEvent & { id: number })[] }
    | { type: "removed" }
  );

/** What each message says besides. */
export interface SocketPosition {
  taskId: string;
  /** ISO 8601 in UTC. */
  timestamp: string;
  /** Number of the task's event that the message is about. */
  sequence: number;
  /** Where to go on after it. */
  cursor: string;
}

/** An event as messages of the WebSocket carry it. */
export interface SocketEvent {
  eventType: EventType;
  message: string;
  progress?: number;
  timestamp: string;
}

/** What a server may send besides: the answer to a ping, and complaints about what it was sent. */
export type ServerNotice = { type: "pong" } | { type: "error"; message: string };

/** Reads a frame; undefined if it is none of ours. */
export function readFrame(data: unknown): TaskWebSocketMessage | ServerNotice | undefined {
  if (data === "pong") return { type: "pong" };
  if (typeof data !== "string") return undefined;
  try {
    const message: unknown = JSON.parse(data);
    return isMessage(message) ? message : undefined;
  } catch {
    return undefined;
  }
}

function isMessage(value: unknown): value is TaskWebSocketMessage | ServerNotice {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
