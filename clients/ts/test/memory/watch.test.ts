import { Code, ConnectError } from "@connectrpc/connect";
import { beforeEach, describe, expect, test } from "vitest";

import { createSpectralNotify, reasonOf, type SpectralNotify, type WatchMessage } from "../../src/index.js";
import { deadAfter } from "../../src/watch/line.js";
import { Checker } from "../checker.js";
import { fastClock, ManualClock } from "../clock.js";
import { House } from "../house.js";
import { until } from "../wait.js";

let house: House;
let client: SpectralNotify;

beforeEach(() => {
  house = new House();
  client = createSpectralNotify({ transport: house.transport(), clock: fastClock });
});

/** Reads a watch to its end. */
function read(watch: AsyncIterable<WatchMessage>) {
  const checker = new Checker();
  const messages: WatchMessage[] = [];
  const done = (async () => {
    for await (const message of watch) {
      checker.message(message);
      messages.push(message);
    }
  })();
  return { checker, messages, done };
}

describe("watch", () => {
  test("ends with its task", async () => {
    house.create("a");
    const { messages, checker, done } = read(client.watch("a"));
    await until(() => checker.snapshots === 1, "a snapshot");
    house.progress("a", 40);
    house.complete("a");
    await done;
    expect(messages.map(({ type }) => type)).toEqual(["snapshot", "current", "event", "event", "end"]);
    await until(() => house.open === 0, "the end of the stream");
  });

  test("I7: goes on after every way to be cut", async () => {
    house.create("a");
    const { checker, done } = read(client.watch("a"));
    await until(() => checker.snapshots === 1, "a snapshot");
    for (let i = 2; i <= 31; i++) {
      house.progress("a", i);
      if (i % 3 === 0) house.cut((["close", "break", "drain"] as const)[(i / 3) % 3]);
      await until(() => checker.sequence === i, `sequence ${i}`);
    }
    house.complete("a");
    await done;
    expect(checker.fault).toBeUndefined();
    expect(checker.snapshots).toBe(1);
    expect(house.streams.length).toBe(11);
  });

  test("I1: goes on from an earlier watch", async () => {
    house.create("a");
    house.progress("a", 10);
    house.progress("a", 20);
    const stop = new AbortController();
    const { messages, done } = read(client.watch("a", { from: { cursor: "1.1", sequence: 1 }, signal: stop.signal }));
    await until(() => messages.length === 3, "what was missed");
    stop.abort();
    await done;
    expect(messages.map(({ sequence }) => sequence)).toEqual([2, 3, 3]);
  });

  test("I9: fails if the task does not exist", async () => {
    const error = await read(client.watch("none")).done.catch((e: unknown) => e);
    expect(reasonOf(error)).toBe("TASK_NOT_FOUND");
    expect(house.calls.length).toBe(1);
  });

  test("I9: waits for a task if asked to", async () => {
    const { checker, done } = read(client.watch("a", { waitForCreate: true }));
    await until(() => house.open === 1, "a stream");
    house.create("a");
    await until(() => checker.snapshots === 1, "the creation");
    house.complete("a");
    await done;
  });

  test("I13: a silent stream is dropped", async () => {
    const clock = new ManualClock();
    const patient = createSpectralNotify({ transport: house.transport(), clock });
    house.create("a");
    const { checker, done } = read(patient.watch("a"));
    await until(() => checker.snapshots === 1, "a snapshot");
    clock.advance(deadAfter - 1);
    expect(house.streams.length).toBe(1);
    clock.advance(1);
    clock.advance(clock.next ?? 0);
    await until(() => house.streams.length === 2, "the next stream");
    house.complete("a");
    await done;
    expect(checker.fault).toBeUndefined();
  });

  test("I5: waits longer and longer for a server that is down", async () => {
    const clock = new ManualClock();
    const patient = createSpectralNotify({ transport: house.transport(), clock });
    house.create("a");
    house.refuse = () => {
      throw new ConnectError("down", Code.Unavailable);
    };
    const { done } = read(patient.watch("a"));
    const waits: number[] = [];
    for (let i = 1; i <= 8; i++) {
      await until(() => house.calls.length === i && clock.next !== undefined, `attempt ${i}`);
      waits.push(clock.next ?? 0);
      if (i === 8) house.refuse = () => {};
      clock.advance(clock.next ?? 0);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]); // half of the longest
    await until(() => house.open === 1, "a stream");
    house.complete("a");
    await done;
  });

  test("reads no further than a slow reader", async () => {
    house.create("a");
    const watch = client.watch("a", { history: 0 });
    await watch.next();
    for (let i = 0; i < 500; i++) house.progress("a", 1);
    let sent = 0;
    house.tamper = (message) => {
      sent++;
      return [message];
    };
    await until(() => sent > 60, "a start");
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(sent).toBeLessThan(100);
    house.complete("a");
    let last = 0;
    for await (const { sequence } of watch) last = sequence;
    expect(last).toBe(502);
  });
});
