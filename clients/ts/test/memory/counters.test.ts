import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { createSpectralNotify, reasonOf, type SpectralNotify } from "../../src/index.js";
import { fastClock } from "../clock.js";
import { CounterHouse } from "../counter-house.js";
import { until } from "../wait.js";

let house: CounterHouse;
let client: SpectralNotify;

beforeEach(() => {
  house = new CounterHouse();
  client = createSpectralNotify({ transport: house.transport(), clock: fastClock });
});
afterEach(() => client.close());

describe("the calls on counters", () => {
  test("speak plain objects", async () => {
    const { counters } = client;
    expect(await counters.create({ name: "visits", initialValue: 10 })).toMatchObject({
      id: 1,
      name: "visits",
      value: 10,
      initialValue: 10,
      operationCount: 0,
      sequence: 1,
    });
    expect((await counters.increment({ name: "visits" })).event).toMatchObject({
      id: 2,
      kind: "counter.incremented",
      value: 11,
      previousValue: 10,
    });
    expect((await counters.increment({ name: "visits", amount: 31 })).counter.value).toBe(42);
    expect((await counters.decrement({ name: "visits", amount: 2 })).counter.value).toBe(40);
    expect((await counters.setValue({ name: "visits", value: -(2 ** 53 - 1) })).counter.value).toBe(-(2 ** 53 - 1));
    expect((await counters.reset({ name: "visits" })).counter).toMatchObject({ value: 10, operationCount: 5 });
    expect((await counters.get({ name: "visits" })).createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect((await counters.getHistory({ name: "visits" })).map(({ id }) => id)).toEqual([6, 5, 4, 3, 2, 1]);
    expect((await counters.getHistory({ name: "visits", afterSequence: 4 })).map(({ id }) => id)).toEqual([5, 6]);
    await counters.delete({ name: "visits" });
    const error = await counters.get({ name: "visits" }).catch((e: unknown) => e);
    expect(reasonOf(error)).toBe("COUNTER_NOT_FOUND");
  });

  test("walk all pages of a list", async () => {
    for (let i = 0; i < 2_100; i++) house.create(`c${i}`);
    const { counters, count } = await client.counters.listAll();
    expect([counters.length, count, new Set(counters.map(({ name }) => name)).size]).toEqual([2_100, 2_100, 2_100]);
    expect((await client.counters.listAll({ namePrefix: "c209" })).counters.length).toBe(11);
  });

  test("refuse what is no whole number before it is sent", async () => {
    house.create("a");
    await expect(client.counters.increment({ name: "a", amount: 0.5 })).rejects.toThrow(RangeError);
    expect((await client.counters.get({ name: "a" })).value).toBe(0);
  });
});

describe("the hub of counters", () => {
  test("carries many over one stream, and goes on by cursor after each cut", async () => {
    const names = Array.from({ length: 50 }, (_, i) => `c${i}`);
    for (const name of names) house.create(name);
    const seen = new Map<string, number[]>();
    for (const name of names) {
      client.counterHub.subscribe(name, {
        message(message) {
          if (message.type !== "snapshot" && message.type !== "event") return;
          seen.set(name, [...(seen.get(name) ?? []), message.counter.value]);
        },
      });
    }
    await until(() => seen.size === 50, "snapshots");
    for (let n = 1; n <= 9; n++) {
      for (const name of names) house.set(name, "incremented", BigInt(n));
      if (n % 3 === 0) house.cut();
      await until(() => names.every((name) => seen.get(name)?.at(-1) === n), `the value ${n}`);
    }
    for (const name of names) expect(seen.get(name)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(house.streams.length).toBeGreaterThanOrEqual(3);
    expect(house.streams[0]?.length).toBe(50);
    expect(client.counterHub.view("c0")).toMatchObject({ counter: { value: 9, sequence: 10 }, phase: "live" });
  });

  test("tells that a counter is gone, or never was", async () => {
    house.create("a");
    client.counterHub.subscribe("a", {});
    client.counterHub.subscribe("none", {});
    await until(() => client.counterHub.view("a")?.phase === "live", "a snapshot");
    await until(() => client.counterHub.view("none")?.phase === "failed", "a refusal");
    expect(reasonOf(client.counterHub.view("none")?.error)).toBe("COUNTER_NOT_FOUND");
    house.delete("a");
    await until(() => client.counterHub.view("a")?.phase === "ended", "the end");
    expect(client.counterHub.view("a")).toMatchObject({ removed: "deleted", counter: { value: 0 } });
  });
});
