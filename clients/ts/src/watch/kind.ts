import type { CallOptions, Code, ConnectError } from "@connectrpc/connect";

import type { Message } from "./message.js";

/** What every state says of itself, of whatever class of objects. */
export interface State {
  /** Number of the last event. */
  readonly sequence: number;
  /** ISO 8601 in UTC. */
  readonly createdAt: string;
}

/** An object to be watched: its id, and the cursor to go on from. */
export interface Target {
  readonly id: string;
  readonly cursor: string;
}

/** How an object is to be watched on a stream of its own. */
export interface Asked extends Target {
  readonly history?: number | undefined;
  readonly forever: boolean;
  readonly waitForCreate: boolean;
}

/** What a stream told of an object; without an id it is the heartbeat of the stream. */
export interface Told<N extends string, S, E> {
  readonly id: string;
  /** Undefined if it is of a kind that this version does not know. */
  readonly message?: Message<N, S, E> | undefined;
  /** Why the object is watched no further. */
  readonly failure?: { readonly code: Code; readonly reason: string; readonly message: string } | undefined;
}

/** A class of objects, as watching knows it. N is its name, which is also where messages and views carry the state. */
export interface Kind<N extends string, S extends State, E> {
  readonly name: N;
  /** Watches several objects on one stream. */
  watchAll(targets: readonly Target[], waitForCreate: boolean, options: CallOptions): AsyncIterable<Told<N, S, E>>;
  /** Watches one object. */
  watch(asked: Asked, options: CallOptions): AsyncIterable<Told<N, S, E>>;
  /** The state after `next` came, which may leave out what did not change. */
  updated(known: S | undefined, next: S): S;
  /** Whether an object in this state has ended for good. */
  ended(state: S): boolean;
  /** The error that the server gives for an object that does not exist. */
  notFound(id: string): ConnectError;
}

/**
 * The newer of two states of an object: the one with the higher sequence, or of
 * the object that was created later under the same id. What only the older one
 * carries is kept.
 */
export function newest<S extends State>(
  { updated }: Pick<Kind<string, S, unknown>, "updated">,
  known: S | undefined,
  next: S,
): S {
  if (!known || known.createdAt < next.createdAt) return next;
  if (known.createdAt > next.createdAt || known.sequence > next.sequence) return known;
  return updated(known, next);
}

/** Reads a stream as what its messages tell. */
export async function* told<R, N extends string, S, E>(
  responses: AsyncIterable<R>,
  read: (response: R) => Told<N, S, E>,
): AsyncGenerator<Told<N, S, E>, void, undefined> {
  for await (const response of responses) yield read(response);
}
