import type { Counter as CounterMessage, Event as EventMessage } from "./gen/spectralnotify/counter/v1/counter_pb.js";
import { isoTime } from "./task.js";

/** A counter. It is replaced as a whole, never changed. */
export interface Counter {
  /** Always 1: each counter is the only row of its own database. */
  readonly id: 1;
  readonly name: string;
  /** A safe integer, as is every number here. */
  readonly value: number;
  /** The value it was created with, and that reset brings back. */
  readonly initialValue: number;
  /** How many calls have changed it since it was created. */
  readonly operationCount: number;
  /** Number of the last event. The first is 1, the creation; there are no gaps. */
  readonly sequence: number;
  /** ISO 8601 in UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Who created it. */
  readonly createdBy: string;
}

/** One entry of a counter's history. It never changes. */
export interface CounterEvent {
  /** Its number in its counter, dense from 1: its sequence. */
  readonly id: number;
  /** Which call made it: `counter.created`, `.incremented`, `.decremented`, `.set` or `.reset`. */
  readonly kind: string;
  readonly value: number;
  /** The value before; of a creation the same. */
  readonly previousValue: number;
  /** ISO 8601 in UTC. */
  readonly timestamp: string;
  /** Who caused it; empty for anonymous callers. */
  readonly actor: string;
}

/** The counter that a message carries. */
export function toCounter(message: CounterMessage): Counter {
  return {
    id: 1,
    name: message.name,
    value: Number(message.value),
    initialValue: Number(message.initialValue),
    operationCount: Number(message.operationCount),
    sequence: Number(message.sequence),
    createdAt: isoTime(message.createdAt) ?? "",
    updatedAt: isoTime(message.updatedAt) ?? "",
    createdBy: message.createdBy,
  };
}

/** The event that a message carries. */
export function toCounterEvent(message: EventMessage): CounterEvent {
  return {
    id: Number(message.id),
    kind: message.kind,
    value: Number(message.value),
    previousValue: Number(message.previousValue),
    timestamp: isoTime(message.timestamp) ?? "",
    actor: message.actor,
  };
}
