import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, createRouterTransport } from "@connectrpc/connect";

import { failure, notFound } from "../src/error.js";
import {
  type Counter,
  type Event as CounterEvent,
  CounterSchema,
  EventSchema,
} from "../src/gen/spectralnotify/counter/v1/counter_pb.js";
import { CounterService } from "../src/gen/spectralnotify/counter/v1/counter_service_pb.js";
import { type WatchAllResponse, WatchAllResponseSchema } from "../src/gen/spectralnotify/counter/v1/watch_pb.js";

interface Kept {
  counter: Counter;
  events: CounterEvent[];
}

type Told = NonNullable<MessageInitShape<typeof WatchAllResponseSchema>["message"]>["message"];

/** A server of counters in memory, whose streams can be cut. */
export class CounterHouse {
  readonly counters = new Map<string, Kept>();
  /** What each stream asked for, oldest first. */
  readonly streams: { name: string; cursor: string }[][] = [];
  #created = 0;
  #changed: Promise<void> = Promise.resolve();
  #wake = () => {};
  #cuts = 0;

  constructor() {
    this.#arm();
  }

  /** Ends every open stream without a word. */
  cut(): void {
    this.#cuts++;
    this.#arm();
  }

  create(name: string, initialValue = 0n): Kept {
    if (this.counters.has(name)) throw failure(Code.AlreadyExists, "COUNTER_ALREADY_EXISTS", "exists");
    this.#created = Math.max(Date.now(), this.#created + 1); // no two counters at one time
    const createdAt = timestampFromMs(this.#created);
    const counter = create(CounterSchema, { name, value: initialValue, initialValue, createdAt, operationCount: -1n });
    const kept = { counter, events: [] };
    this.counters.set(name, kept);
    this.set(name, "created", initialValue);
    return kept;
  }

  delete(name: string): void {
    this.#get(name);
    this.counters.delete(name);
    this.#arm();
  }

  set(name: string, kind: string, value: bigint): { counter: Counter; event: CounterEvent } {
    const kept = this.#get(name);
    const { counter, events } = kept;
    const timestamp = timestampFromMs(Date.now());
    const id = BigInt(events.length + 1);
    const event = create(EventSchema, { id, kind: `counter.${kind}`, value, previousValue: counter.value, timestamp });
    const operationCount = counter.operationCount + 1n;
    kept.counter = { ...counter, value, sequence: id, updatedAt: timestamp, operationCount };
    events.push(event);
    this.#arm();
    return { counter: kept.counter, event };
  }

  transport() {
    const value = (name: string) => this.#get(name).counter.value;
    return createRouterTransport(({ service }) =>
      service(CounterService, {
        create: ({ name, initialValue }) => {
          const { counter, events } = this.create(name || "made-by-server", initialValue);
          return { counter: this.#get(counter.name).counter, event: events[0] };
        },
        get: ({ name }) => ({ counter: this.#get(name).counter }),
        increment: ({ name, amount = 1n }) => this.set(name, "incremented", value(name) + amount),
        decrement: ({ name, amount = 1n }) => this.set(name, "decremented", value(name) - amount),
        setValue: ({ name, value }) => this.set(name, "set", value),
        reset: ({ name }) => this.set(name, "reset", this.#get(name).counter.initialValue),
        delete: ({ name }) => {
          this.delete(name);
          return {};
        },
        getHistory: ({ name, afterSequence }) => {
          const { events } = this.#get(name);
          return { events: afterSequence === undefined ? [...events].reverse() : events.slice(Number(afterSequence)) };
        },
        listAll: ({ namePrefix, pageSize, pageToken }) => {
          const all = [...this.counters.values()]
            .reverse()
            .filter(({ counter }) => counter.name.startsWith(namePrefix));
          const from = Number(pageToken);
          const to = from + (pageSize || 50);
          const counters = all.slice(from, to).map(({ counter }) => counter);
          return { counters, count: BigInt(all.length), nextPageToken: to < all.length ? String(to) : "" };
        },
        watchAll: ({ targets }, { signal }) => {
          this.streams.push(targets.map(({ name, cursor }) => ({ name, cursor })));
          return this.#watch(targets, signal);
        },
      }),
    );
  }

  async *#watch(
    targets: readonly { name: string; cursor: string }[],
    signal: AbortSignal,
  ): AsyncGenerator<WatchAllResponse> {
    const at = new Map(targets.map(({ name, cursor }) => [name, cursor ? Number(cursor) : -1])); // :: name -> told up to; -1 before
    signal.addEventListener("abort", () => this.#arm());
    for (const cuts = this.#cuts; !signal.aborted && cuts === this.#cuts; ) {
      const before = this.#changed;
      for (const [name, sequence] of at) {
        const kept = this.counters.get(name);
        if (!kept) {
          at.delete(name);
          yield told(name, sequence, { case: "removed", value: { reason: 1 } });
          yield told(name, sequence, { case: "end", value: { reason: 1 } });
        } else if (sequence < 0) {
          const { counter, events } = kept;
          at.set(name, events.length);
          yield told(name, events.length, { case: "snapshot", value: { counter, events: [...events] } });
        } else {
          for (const event of kept.events.slice(sequence)) {
            at.set(name, Number(event.id));
            const counter = { ...kept.counter, value: event.value, sequence: event.id };
            yield told(name, Number(event.id), { case: "event", value: { event, counter } });
          }
        }
      }
      if (at.size === 0) return;
      await before;
    }
  }

  #get(name: string): Kept {
    const kept = this.counters.get(name);
    if (!kept) throw notFound("counter", name);
    return kept;
  }

  #arm(): void {
    this.#wake();
    this.#changed = new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function told(name: string, at: number, message: Told): WatchAllResponse {
  const sequence = Math.max(at, 0);
  return create(WatchAllResponseSchema, {
    name,
    message: { cursor: String(sequence), sequence: BigInt(sequence), message },
  });
}
