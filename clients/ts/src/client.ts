import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";

import { type Clock, realClock } from "./clock.js";
import type { Counter, CounterEvent } from "./counter.js";
import { type Counters, createCounters } from "./counters.js";
import { CounterService } from "./gen/spectralnotify/counter/v1/counter_service_pb.js";
import { TaskService } from "./gen/spectralnotify/task/v1/task_service_pb.js";
import { createTasks, type Tasks } from "./tasks.js";
import { type Credential, reliable } from "./transport.js";
import { counterKind } from "./watch/counter-kind.js";
import { type Hub, HubOf } from "./watch/hub.js";
import type { World } from "./watch/line.js";
import type { WatchMessage } from "./watch/message.js";
import { type Pauses, pagePauses } from "./watch/pause.js";
import { taskKind } from "./watch/task-kind.js";
import { type WatchOptions, watchOne } from "./watch/watch.js";

/** What a client needs. In a page of the server itself, nothing. */
export interface Options {
  /** Where the server is, such as `https://tasks.example.com`; the page's origin if absent. */
  baseUrl?: string;
  /** An API key, or a function that gives one; see Credential. */
  apiKey?: Credential;
  /** Any other bearer token. Give this or apiKey. */
  token?: Credential;
  /** Stands in for the network. Credentials and retries work the same. */
  transport?: Transport;
  /** When streams are closed for a while: by default while the page is hidden or offline. */
  pauses?: Pauses;
  /** Stands in for time and chance. */
  clock?: Clock;
}

/** A client of one server. */
export interface SpectralNotify {
  /** The calls on tasks, in plain objects. */
  readonly tasks: Tasks;
  /** The calls on counters, in plain objects. */
  readonly counters: Counters;
  /** Watches one task over a stream of its own; see WatchOptions. For many tasks, or in a page, use hub. */
  watch(taskId: string, options?: WatchOptions): AsyncGenerator<WatchMessage, void, undefined>;
  /** Watches any number of tasks over one stream. */
  readonly hub: Hub;
  /** Watches any number of counters over one stream. */
  readonly counterHub: HubOf<"counter", Counter, CounterEvent>;
  /** The generated clients, for those who want the messages themselves. */
  readonly raw: { readonly tasks: Client<typeof TaskService>; readonly counters: Client<typeof CounterService> };
  /** Connects now instead of later. */
  reconnectNow(): void;
  /** Closes the streams of the hubs. */
  close(): void;
}

/** Makes a client. It connects when it is first used. */
export function createSpectralNotify(options: Options = {}): SpectralNotify {
  const world: World = { clock: options.clock ?? realClock, pauses: options.pauses ?? pagePauses };
  const network = options.transport ?? createConnectTransport({ baseUrl: baseUrlOf(options), useBinaryFormat: true });
  const calls = reliable(network, world.clock, options.apiKey ?? options.token);
  const raw = { tasks: createClient(TaskService, calls), counters: createClient(CounterService, calls) };
  const kind = taskKind(raw.tasks);
  const hubs = { hub: new HubOf(kind, world), counterHub: new HubOf(counterKind(raw.counters), world) };
  return {
    tasks: createTasks(raw.tasks),
    counters: createCounters(raw.counters),
    watch: (taskId, watchOptions) => watchOne(kind, world, taskId, watchOptions),
    ...hubs,
    raw,
    reconnectNow() {
      for (const hub of Object.values(hubs)) hub.reconnectNow();
    },
    close() {
      for (const hub of Object.values(hubs)) hub.close();
    },
  };
}

function baseUrlOf({ baseUrl }: Options): string {
  if (baseUrl) return baseUrl;
  if (typeof location !== "undefined") return location.origin;
  throw new Error("createSpectralNotify: outside of a page baseUrl is needed, such as http://127.0.0.1:8094");
}
