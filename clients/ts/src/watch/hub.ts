import { type Client, Code, ConnectError } from "@connectrpc/connect";

import type { TaskService } from "../gen/spectralnotify/task/v1/task_service_pb.js";
import { Followed, type Listener, type TaskView } from "./followed.js";
import { Lane, type LaneOptions, laneSize } from "./lane.js";
import type { World } from "./line.js";
import { idleLine, type LineState } from "./machine.js";

/** Where the connection of a client stands. Replaced as a whole, never changed. */
export interface Connection extends LineState {
  /** When the next attempt is made, in milliseconds since the epoch; undefined unless waiting. */
  readonly retryAt: number | undefined;
}

/** How a task is to be watched. */
export interface SubscribeOptions {
  /** A task that does not exist is waited for, also after it was removed, instead of ending the watch. */
  readonly waitForCreate?: boolean;
}

/** A connection that nothing was asked of. */
export const idleConnection: Connection = { ...idleLine, retryAt: undefined };

/**
 * Watches any number of tasks over one stream: browsers allow six to a host
 * over HTTP/1.1, calls included. (Tasks that are waited for have one of their
 * own, and every 1,000 tasks one more.) Several listeners of a task share it.
 */
export class Hub {
  #lanes: Lane[] = [];
  #connection = idleConnection;
  readonly #watchers = new Set<() => void>();

  constructor(
    private readonly service: Client<typeof TaskService>,
    private readonly world: World,
  ) {}

  /**
   * Tells the listener all news of a task until the result is called: at first
   * a snapshot, then each event exactly once and in order, whatever breaks on
   * the way. What a listener throws is reported as uncaught, and felt by no other.
   */
  subscribe(taskId: string, listener: Listener, options: SubscribeOptions = {}): () => void {
    const problem = idProblem(taskId);
    if (problem) throw problem;
    const lane = this.#laneOf(taskId, { waitForCreate: options.waitForCreate ?? false });
    const followed = this.#follow(lane, taskId);
    followed.add(listener);
    lane.touch();
    return () => {
      followed.remove(listener);
      lane.touch();
    };
  }

  /** What is known of a task that is subscribed to; undefined of any other. */
  view(taskId: string, { waitForCreate = false }: SubscribeOptions = {}): TaskView | undefined {
    const lane = this.#lanes.find((l) => l.options.waitForCreate === waitForCreate && l.tasks.has(taskId));
    return lane?.tasks.get(taskId)?.view;
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

  #follow(lane: Lane, taskId: string): Followed {
    const known = lane.tasks.get(taskId);
    if (known && !(known.unwatched && known.over)) return known;
    const followed = new Followed(taskId, lane.options.waitForCreate, lane.line.state);
    lane.tasks.set(taskId, followed);
    return followed;
  }

  #laneOf(taskId: string, options: LaneOptions): Lane {
    const kin = this.#lanes.filter((lane) => lane.options.waitForCreate === options.waitForCreate);
    const found = kin.find((l) => l.tasks.has(taskId)) ?? kin.find((l) => l.tasks.size < laneSize);
    if (found) return found;
    const lane = new Lane(this.service, this.world, options, () => this.#laneChanged());
    this.#lanes.push(lane);
    return lane;
  }

  #laneChanged(): void {
    const next = worst(this.#lanes);
    const now = this.#connection;
    if (next.phase === now.phase && next.retryAt === now.retryAt && next.error === now.error) return;
    this.#connection = next;
    for (const changed of this.#watchers) changed();
  }
}

const order: readonly LineState["phase"][] = ["failed", "waiting", "paused", "connecting", "live", "ended", "idle"];

/** Of several lanes, people want to know of the one that stands worst. */
function worst(lanes: readonly Lane[]): Connection {
  const [lane] = [...lanes].sort((a, b) => order.indexOf(a.line.state.phase) - order.indexOf(b.line.state.phase));
  return lane ? { ...lane.line.state, retryAt: lane.line.retryAt } : idleConnection;
}

/** Why a task cannot be watched; a wrong id would make the server refuse the stream of all tasks. */
export function idProblem(taskId: string): ConnectError | undefined {
  const length = new TextEncoder().encode(taskId).length;
  if (length >= 1 && length <= 256) return undefined;
  return new ConnectError(`a task id has 1 to 256 bytes, this one ${length}`, Code.InvalidArgument);
}
