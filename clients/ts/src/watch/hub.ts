import { Code, ConnectError } from "@connectrpc/connect";

import type { TaskEvent } from "../event.js";
import type { Task } from "../task.js";
import { Followed, type ListenerOf, type View } from "./followed.js";
import type { Kind, State } from "./kind.js";
import { Lane, type LaneOptions, laneSize } from "./lane.js";
import type { World } from "./line.js";
import { idleLine, type LineState } from "./machine.js";

/** Where the connection of a client stands. Replaced as a whole, never changed. */
export interface Connection extends LineState {
  /** When the next attempt is made, in milliseconds since the epoch; undefined unless waiting. */
  readonly retryAt: number | undefined;
}

/** How an object is to be watched. */
export interface SubscribeOptions {
  /** An object that does not exist is waited for, also after it was removed, instead of ending the watch. */
  readonly waitForCreate?: boolean;
}

/** Watches tasks. */
export type Hub = HubOf<"task", Task, TaskEvent>;

/** A connection that nothing was asked of. */
export const idleConnection: Connection = { ...idleLine, retryAt: undefined };

/**
 * Watches any number of objects of one class over one stream: browsers allow six
 * to a host over HTTP/1.1, calls included. (Objects that are waited for have one
 * of their own, and every 1,000 objects one more.) Several listeners of an object
 * share it.
 */
export class HubOf<N extends string, S extends State, E> {
  #lanes: Lane<N, S, E>[] = [];
  #connection = idleConnection;
  readonly #watchers = new Set<() => void>();

  constructor(
    private readonly kind: Kind<N, S, E>,
    private readonly world: World,
  ) {}

  /**
   * Tells the listener all news of an object until the result is called: at first
   * a snapshot, then each event exactly once and in order, whatever breaks on
   * the way. What a listener throws is reported as uncaught, and felt by no other.
   */
  subscribe(id: string, listener: ListenerOf<N, S, E>, options: SubscribeOptions = {}): () => void {
    const problem = idProblem(id, this.kind.name);
    if (problem) throw problem;
    const lane = this.#laneOf(id, { waitForCreate: options.waitForCreate ?? false });
    const followed = this.#follow(lane, id);
    followed.add(listener);
    lane.touch();
    return () => {
      followed.remove(listener);
      lane.touch();
    };
  }

  /** What is known of an object that is subscribed to; undefined of any other. */
  view(id: string, { waitForCreate = false }: SubscribeOptions = {}): View<N, S, E> | undefined {
    const lane = this.#lanes.find((l) => l.options.waitForCreate === waitForCreate && l.objects.has(id));
    return lane?.objects.get(id)?.view;
  }

  /** Where the connection stands. */
  get connection(): Connection {
    return this.#connection;
  }

  /** Calls `changed` when the connection stands elsewhere, until the result is called. */
  watchConnection(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  /** Connects now instead of later. */
  reconnectNow(): void {
    for (const lane of this.#lanes) lane.line.retry();
  }

  /** Closes the streams. Listeners are told nothing any more. */
  close(): void {
    for (const lane of this.#lanes) lane.close();
    this.#lanes = [];
  }

  #follow(lane: Lane<N, S, E>, id: string): Followed<N, S, E> {
    const known = lane.objects.get(id);
    if (known && !(known.unwatched && known.over)) return known;
    const followed = new Followed(this.kind, id, lane.options.waitForCreate, lane.line.state);
    lane.objects.set(id, followed);
    return followed;
  }

  #laneOf(id: string, options: LaneOptions): Lane<N, S, E> {
    const kin = this.#lanes.filter((lane) => lane.options.waitForCreate === options.waitForCreate);
    const found = kin.find((l) => l.objects.has(id)) ?? kin.find((l) => l.objects.size < laneSize);
    if (found) return found;
    const lane = new Lane(this.kind, this.world, options, () => this.#laneChanged());
    this.#lanes.push(lane);
    return lane;
  }

  #laneChanged(): void {
    const next = worst(this.#lanes.map(({ line }) => ({ ...line.state, retryAt: line.retryAt })));
    const now = this.#connection;
    if (next.phase === now.phase && next.retryAt === now.retryAt && next.error === now.error) return;
    this.#connection = next;
    for (const changed of this.#watchers) changed();
  }
}

const order: readonly LineState["phase"][] = ["failed", "waiting", "paused", "connecting", "live", "ended", "idle"];

/** Of several connections, people want to know of the one that stands worst. */
export function worst(connections: readonly Connection[]): Connection {
  const [first] = [...connections].sort((a, b) => order.indexOf(a.phase) - order.indexOf(b.phase));
  return first ?? idleConnection;
}

/** Why an object cannot be watched; a wrong id would make the server refuse the stream of all. */
export function idProblem(id: string, kind: string): ConnectError | undefined {
  const length = new TextEncoder().encode(id).length;
  if (length >= 1 && length <= 256) return undefined;
  return new ConnectError(`the id of a ${kind} has 1 to 256 bytes, this one ${length}`, Code.InvalidArgument);
}
