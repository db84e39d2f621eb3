import type { CallOptions, Client } from "@connectrpc/connect";

import { type Counter, type CounterEvent, toCounter, toCounterEvent } from "./counter.js";
import type { Counter as CounterMessage, Event as EventMessage } from "./gen/spectralnotify/counter/v1/counter_pb.js";
import type { CounterService } from "./gen/spectralnotify/counter/v1/counter_service_pb.js";
import { expect, pages, present } from "./request.js";

/** Which counter, and at which sequence it must be if that is given. */
export interface CounterTarget {
  name: string;
  expectedSequence?: number;
}

/** What a change answers: the counter after it, and the event it is. */
export interface CounterChange {
  counter: Counter;
  event: CounterEvent;
}

/** What a list of counters is narrowed to. */
export interface CounterFilter {
  /** Names that begin with this. */
  namePrefix?: string;
  createdBy?: string;
}

/** One page of a list. */
export interface CounterPage {
  counters: Counter[];
  /** How many match in all. */
  count: number;
  /** Whether there are more than count. */
  countIsLowerBound: boolean;
  /** Where the list goes on; empty on the last page. */
  nextPageToken: string;
}

/**
 * The calls on counters, in plain objects. Each fails with a ConnectError, of
 * which reasonOf tells more. An answer means that the change is on disk; a change
 * happens once, however often it had to be sent.
 */
export type Counters = ReturnType<typeof createCounters>;

/** Puts plain objects in front of the generated client. */
export function createCounters(raw: Client<typeof CounterService>) {
  const counters = {
    /** Creates a counter; its name is made by the server if absent, its value 0. */
    async create(
      { initialValue = 0, ...counter }: { name?: string; initialValue?: number } = {},
      options?: CallOptions,
    ): Promise<Counter> {
      return toCounter(
        present((await raw.create({ ...counter, initialValue: BigInt(initialValue) }, options)).counter),
      );
    },

    /** Gets a counter. */
    async get({ name }: { name: string }, options?: CallOptions): Promise<Counter> {
      return toCounter(present((await raw.get({ name }, options)).counter));
    },

    /** Adds to a counter, 1 unless `amount` says otherwise. */
    async increment({ amount = 1, ...of }: CounterTarget & { amount?: number }, options?: CallOptions) {
      return toChange(await raw.increment({ ...aim(of), amount: BigInt(amount) }, options));
    },

    /** Takes away from a counter, 1 unless `amount` says otherwise. */
    async decrement({ amount = 1, ...of }: CounterTarget & { amount?: number }, options?: CallOptions) {
      return toChange(await raw.decrement({ ...aim(of), amount: BigInt(amount) }, options));
    },

    /** Sets a counter to a value. */
    async setValue({ value, ...of }: CounterTarget & { value: number }, options?: CallOptions) {
      return toChange(await raw.setValue({ ...aim(of), value: BigInt(value) }, options));
    },

    /** Sets a counter to the value it was created with. */
    async reset(of: CounterTarget, options?: CallOptions): Promise<CounterChange> {
      return toChange(await raw.reset(aim(of), options));
    },

    /** Deletes a counter and its history. */
    async delete(of: CounterTarget, options?: CallOptions): Promise<void> {
      await raw.delete(aim(of), options);
    },

    /** Reads events: newest first, 50 unless `limit` (at most 1000) says otherwise; or, ascending, those after a sequence. */
    async getHistory(
      { afterSequence, ...request }: { name: string; limit?: number; afterSequence?: number },
      options?: CallOptions,
    ): Promise<CounterEvent[]> {
      const after = afterSequence === undefined ? {} : { afterSequence: BigInt(afterSequence) };
      return (await raw.getHistory({ ...request, ...after }, options)).events.map(toCounterEvent);
    },

    /** Lists counters, newest first, page by page up to `max`; `count` says how many there are in all. */
    async listAll({ max = 10_000, ...filter }: CounterFilter & { max?: number } = {}, options?: CallOptions) {
      const { items, last } = await pages(max, async (page) => {
        const answer = await counters.listPage({ ...filter, ...page }, options);
        return { ...answer, items: answer.counters };
      });
      return { counters: items, count: last.count, countIsLowerBound: last.countIsLowerBound };
    },

    /** Lists one page of counters: 50 unless `pageSize` (at most 1000) says otherwise. */
    async listPage(
      page: CounterFilter & { pageSize?: number; pageToken?: string } = {},
      options?: CallOptions,
    ): Promise<CounterPage> {
      const { counters: found, count, countIsLowerBound, nextPageToken } = await raw.listAll(page, options);
      return { counters: found.map(toCounter), count: Number(count), countIsLowerBound, nextPageToken };
    },
  };
  return counters;
}

function aim({ name, expectedSequence }: CounterTarget) {
  return { name, ...expect(expectedSequence) };
}

function toChange(answer: { counter?: CounterMessage; event?: EventMessage }): CounterChange {
  return { counter: toCounter(present(answer.counter)), event: toCounterEvent(present(answer.event)) };
}
