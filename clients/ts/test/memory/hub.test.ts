import { Code, ConnectError } from "@connectrpc/connect";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Clock } from "../../src/clock.js";
import { createSpectralNotify, reasonOf, type SpectralNotify } from "../../src/index.js";
import { Followed } from "../../src/watch/followed.js";
import type { Pauses } from "../../src/watch/pause.js";
import { trackTable } from "../../src/watch/track.js";
import { Checker } from "../checker.js";
import { fastClock, ManualClock } from "../clock.js";
import { type Cut, House } from "../house.js";
import { until } from "../wait.js";

let house: House;
let client: SpectralNotify;

beforeEach(() => {
  house = new House();
  client = createSpectralNotify({ transport: house.transport(), clock: fastClock });
});
afterEach(() => client.close());

function watch(taskId: string, options = {}) {
  const checker = new Checker();
  return { checker, stop: client.hub.subscribe(taskId, checker, options) };
}

describe("the hub", () => {
  test("I14: carries 200 tasks over one stream, asked for once", async () => {
    const ids = Array.from({ length: 200 }, (_, i) => `t${i}`);
    for (const id of ids) house.create(id);
    const watched = ids.map((id) => watch(id).checker);
    await until(() => watched.every((c) => c.snapshots === 1), "snapshots");
    for (const id of ids) house.progress(id, 50);
    await until(() => watched.every((c) => c.sequence === 2), "events");
    expect(house.streams.length).toBe(1);
    expect(house.open).toBe(1);
  });

  test("I14: more tasks and fewer tasks are one new stream, which goes on by cursor", async () => {
    for (const id of ["a", "b", "c"]) house.create(id);
    const a = watch("a");
    await until(() => a.checker.snapshots === 1, "a snapshot");
    house.progress("a", 10);
    await until(() => a.checker.sequence === 2, "an event");
    const [b, c] = [watch("b"), watch("c")];
    b.stop();
    await until(() => c.checker.snapshots === 1, "a snapshot");
    expect(house.streams.map(({ taskIds }) => taskIds)).toEqual([["a"], ["a", "c"]]);
    expect(house.streams[1]?.cursors).toEqual(["1.2", ""]);
    expect(b.checker.snapshots).toBe(0);
    expect(a.checker.fault).toBeUndefined();
    expect(client.hub.connection.phase).toBe("live");
  });

  test("I11: closes the stream when nothing is watched any more", async () => {
    house.create("a");
    const { checker, stop } = watch("a");
    await until(() => checker.snapshots === 1, "a snapshot");
    stop();
    await until(() => house.open === 0, "the end of the stream");
    expect(client.hub.connection.phase).toBe("idle");
  });

  test("I14: a listener that leaves and comes back at once keeps the stream", async () => {
    house.create("a");
    const first = watch("a");
    await until(() => first.checker.snapshots === 1, "a snapshot");
    first.stop();
    const second = watch("a");
    expect(second.checker.sequence).toBe(1); // told without asking
    house.progress("a", 10);
    await until(() => second.checker.sequence === 2, "an event");
    expect(house.streams.length).toBe(1);
    expect(first.checker.sequence).toBe(1);
  });

  test("I2: what comes while nobody listens for a moment is not lost", async () => {
    client.close(); // one that gathers for long enough to be seen
    const after: Clock["after"] = (ms, run) => fastClock.after(ms === 10 ? 5_000 : ms, run);
    client = createSpectralNotify({ transport: house.transport(), clock: { ...fastClock, after } });
    house.create("a");
    house.create("b");
    const b = watch("b"); // keeps the stream, and tells that the news has come
    const first = watch("a");
    await until(() => first.checker.snapshots === 1 && b.checker.snapshots === 1, "snapshots");
    first.stop();
    house.complete("a");
    house.progress("b", 10);
    await until(() => b.checker.sequence === 2, "the news");
    const second = watch("a");
    await until(() => second.checker.sequence === 2, "the end");
    expect(client.hub.view("a")).toMatchObject({ task: { status: "success" } });
  });

  test("I15: a listener that throws is reported, and no other misses anything", async () => {
    const faults: unknown[] = [];
    vi.stubGlobal("reportError", (fault: unknown) => faults.push(fault));
    house.create("a");
    const thrower = () => {
      throw new Error("mine");
    };
    const stop = client.hub.subscribe("a", { message: thrower, view: thrower });
    const { checker } = watch("a");
    await until(() => checker.snapshots === 1, "a snapshot");
    for (let i = 1; i <= 3; i++) house.progress("a", i);
    await until(() => checker.sequence === 4, "events");
    expect(checker).toMatchObject({ snapshots: 1, fault: undefined });
    expect(house.streams.length).toBe(1);
    expect(faults.length).toBeGreaterThanOrEqual(4);
    stop();
    vi.unstubAllGlobals();
  });

  test("I15: tells a late listener a snapshot, then the same events", async () => {
    house.create("a", { metadata: { film: 7 } });
    const first = watch("a");
    await until(() => first.checker.snapshots === 1, "a snapshot");
    for (let i = 1; i <= 5; i++) house.progress("a", i);
    await until(() => first.checker.sequence === 6, "events");
    const second = watch("a");
    expect(second.checker).toMatchObject({ sequence: 6, snapshots: 1 });
    expect(client.hub.view("a")?.task?.metadata).toBe('{"film":7}'); // events left it out
    house.complete("a");
    await until(() => second.checker.sequence === 7, "the end");
    expect(client.hub.view("a")).toMatchObject({ phase: "ended", task: { status: "success" } });
    expect(client.hub.view("a")?.events.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test("I16: a task that fails does so alone, and is tried again where that may help", async () => {
    for (const id of ["a", "full", "wrong"]) house.create(id);
    let full = true;
    house.refuseTask = (id) => {
      if (id === "wrong") throw new ConnectError("no", Code.InvalidArgument);
      if (id === "full" && full) throw new ConnectError("too many", Code.ResourceExhausted);
    };
    const [a, late] = [watch("a"), watch("full"), watch("wrong")];
    await until(() => client.hub.view("wrong")?.phase === "failed", "the failures");
    await until(() => a.checker.snapshots === 1, "a snapshot");
    expect(client.hub.view("full")).toMatchObject({ phase: "waiting", error: { code: Code.ResourceExhausted } });
    expect(reasonOf(client.hub.view("full")?.error)).toBe("LIMIT_EXCEEDED");
    expect(client.hub.connection.phase).toBe("live");
    full = false;
    house.progress("a", 10);
    await until(() => late.checker.snapshots === 1, "the next try");
    expect(client.hub.view("full")).toMatchObject({ phase: "live", error: undefined });
    expect(client.hub.view("wrong")?.phase).toBe("failed");
    expect(a.checker).toMatchObject({ sequence: 2, snapshots: 1, fault: undefined });
    expect(house.streams.map(({ taskIds }) => taskIds)).toEqual([
      ["a", "full", "wrong"],
      ["a", "full"],
    ]);
  });

  test("I16: a closed client tries nothing again", async () => {
    const clock = new ManualClock();
    client.close();
    client = createSpectralNotify({ transport: house.transport(), clock });
    house.create("full");
    house.refuseTask = () => {
      throw new ConnectError("too many", Code.ResourceExhausted);
    };
    watch("full");
    clock.advance(10); // gathered
    await until(() => client.hub.view("full")?.phase === "waiting", "the failure");
    expect(clock.next).toBeGreaterThanOrEqual(5_000);
    client.close();
    expect(clock.next).toBeUndefined();
  });

  test("I9: a task that does not exist fails alone", async () => {
    house.create("a");
    const [a, none] = [watch("a"), watch("none")];
    await until(() => client.hub.view("none")?.phase === "failed", "a failure");
    expect(reasonOf(client.hub.view("none")?.error)).toBe("TASK_NOT_FOUND");
    await until(() => a.checker.snapshots === 1, "a snapshot");
    expect(none.checker.snapshots).toBe(0);
    house.cut();
    await until(() => house.streams.length === 2, "the next stream");
    expect(house.streams[1]?.taskIds).toEqual(["a"]);
  });

  test("I9: a wrong credential fails all, until something is asked for again", async () => {
    house.create("a");
    house.refuse = () => {
      throw new ConnectError("no", Code.Unauthenticated);
    };
    watch("a");
    await until(() => client.hub.view("a")?.phase === "failed", "a failure");
    expect(house.calls.length).toBe(1);
    house.refuse = () => {};
    client.reconnectNow();
    await until(() => client.hub.view("a")?.phase === "live", "life");
  });

  test("an id that no task can have is refused here, not for all", () => {
    expect(() => watch("")).toThrow("1 to 256 bytes");
    expect(() => watch("ä".repeat(129))).toThrow("this one 258");
  });

  test("I4: tells a removal, and with waitForCreate goes on with the next task of that id", async () => {
    const a = watch("a", { waitForCreate: true });
    await until(() => house.open === 1, "a stream");
    house.create("a");
    await until(() => a.checker.sequence === 1, "the creation");
    house.delete("a");
    await until(() => a.checker.removals === 1, "the removal");
    house.cut();
    house.create("a");
    house.progress("a", 5);
    await until(() => a.checker.sequence === 2, "the next task");
    expect(a.checker.fault).toBeUndefined();
  });

  test("I4: keeps the last state of a task that was deleted", async () => {
    house.create("a");
    const a = watch("a");
    await until(() => a.checker.snapshots === 1, "a snapshot");
    house.delete("a");
    await until(() => client.hub.view("a")?.phase === "ended", "the end");
    expect(client.hub.view("a")).toMatchObject({ removed: "deleted", task: { taskId: "a" } });
  });

  test("I4: is reset when the task was replaced while nobody was connected", async () => {
    house.create("a");
    house.progress("a", 5);
    const a = watch("a");
    await until(() => a.checker.snapshots === 1, "a snapshot");
    house.refuse = () => {
      throw new ConnectError("down", Code.Unavailable);
    };
    house.cut("break");
    await until(() => client.hub.view("a")?.phase === "waiting", "a loss");
    house.delete("a");
    house.create("a");
    house.refuse = () => {};
    await until(() => a.checker.resets === 1 && a.checker.sequence === 1, "the reset");
    expect(a.checker.fault).toBeUndefined();
  });

  test("I10: has no stream while paused", async () => {
    let [hidden, changed] = [false, () => {}];
    const pauses: Pauses = {
      paused: () => hidden,
      subscribe: (call) => {
        changed = call;
        return () => {};
      },
    };
    const paused = createSpectralNotify({ transport: house.transport(), clock: fastClock, pauses });
    house.create("a");
    const checker = new Checker();
    paused.hub.subscribe("a", checker);
    await until(() => checker.snapshots === 1, "a snapshot");
    hidden = true;
    changed();
    await until(() => house.open === 0, "the pause");
    expect(paused.hub.view("a")?.phase).toBe("waiting");
    house.progress("a", 1);
    hidden = false;
    changed();
    await until(() => checker.sequence === 2, "what was missed");
    expect(checker.fault).toBeUndefined();
    paused.close();
  });

  test("tells that the server stops", async () => {
    house.create("a");
    const a = watch("a");
    await until(() => a.checker.snapshots === 1, "a snapshot");
    let told: unknown;
    client.hub.watchConnection(() => {
      told ??= client.hub.connection;
    });
    house.cut("drain");
    await until(() => told !== undefined, "the news");
    expect(told).toMatchObject({ phase: "waiting", draining: true, retryAt: expect.any(Number) });
    await until(() => client.hub.connection.phase === "live", "the next stream");
    expect(client.hub.connection.draining).toBe(false);
  });
});

type Act =
  | { do: "change"; task: number; times: number }
  | { do: "cut"; how: Cut }
  | { do: "rest" }
  | { do: "join" | "leave"; task: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ do: fc.constant("change" as const), task: fc.nat(4), times: fc.integer({ min: 1, max: 8 }) }),
  fc.record({ do: fc.constant("cut" as const), how: fc.constantFrom<Cut>("close", "break", "drain") }),
  fc.record({ do: fc.constant("rest" as const) }),
  fc.record({ do: fc.constantFrom("join" as const, "leave" as const), task: fc.nat(4) }),
);

/** Plays a story with five tasks; returns the first broken promise, or what never came. */
async function play(acts: Act[], tamper?: House["tamper"]): Promise<string | undefined> {
  const world = new House();
  if (tamper) world.tamper = tamper;
  const player = createSpectralNotify({ transport: world.transport(), clock: fastClock });
  const ids = ["a", "b", "c", "d", "e"];
  for (const id of ids) world.create(id);
  const watchers = ids.map((id) => ({ id, checker: new Checker(), stop: () => {} }));
  for (const watcher of watchers) watcher.stop = player.hub.subscribe(watcher.id, watcher.checker);
  for (const act of acts) {
    const id = "task" in act ? (ids[act.task] ?? "a") : "";
    if (act.do === "change") for (let i = 0; i < act.times; i++) world.progress(id, i);
    if (act.do === "cut") world.cut(act.how);
    if (act.do === "rest") await new Promise((resolve) => setTimeout(resolve, 2));
    if (act.do === "join") {
      const checker = new Checker();
      watchers.push({ id, checker, stop: player.hub.subscribe(id, checker) });
    }
    if (act.do === "leave") {
      const i = watchers.slice(ids.length).findIndex((watcher) => watcher.id === id);
      if (i >= 0) watchers.splice(ids.length + i, 1)[0]?.stop();
    }
    await Promise.resolve();
  }
  world.tamper = (message) => [message]; // what was left out at the very end is seen by the next stream
  world.cut();
  const last = (id: string) => world.tasks.get(id)?.events.length;
  const complete = () => watchers.every(({ id, checker }) => checker.fault || checker.sequence === last(id));
  const lacks = () => watchers.map(({ id, checker }) => `${id}: ${checker.sequence} of ${last(id)}`).join(", ");
  const never = await until(complete, lacks, 5_000).then(
    () => undefined,
    (error: Error) => error.message,
  );
  player.close();
  return watchers.find(({ checker }) => checker.fault)?.checker.fault ?? never;
}

describe("whatever is cut, each listener gets each sequence once", () => {
  const stories = fc.array(act, { minLength: 5, maxLength: 60 });

  test("I1: over random stories", async () => {
    const promise = fc.asyncProperty(stories, async (acts) => {
      expect(await play(acts)).toBeUndefined();
    });
    await fc.assert(promise, { numRuns: 40, endOnFailure: true });
  }, 60_000);

  test("I3: also if the server repeats and leaves out messages", async () => {
    const promise = fc.asyncProperty(stories, fc.infiniteStream(fc.nat(19)), async (acts, dice) => {
      const tamper: House["tamper"] = (message) => {
        if (message.message.case !== "event") return [message];
        const { value } = dice.next();
        return value === 0 ? [] : value === 1 ? [message, message] : [message];
      };
      expect(await play(acts, tamper)).toBeUndefined();
    });
    await fc.assert(promise, { numRuns: 20, endOnFailure: true });
  }, 90_000);

  const cuts: Act[] = Array.from({ length: 20 }, (_, i): Act[] => [
    { do: "change", task: i % 5, times: 4 },
    { do: "rest" },
    { do: "cut", how: "break" },
  ]).flat();

  test("the check would notice events shown without looking at their number", async () => {
    const { event } = trackTable.following;
    trackTable.following.event = (track, { cursor, sequence }) => [{ ...track, cursor, sequence }, "show"];
    let n = 0;
    const twice: House["tamper"] = (message) => (n++ % 7 === 0 ? [message, message] : [message]);
    try {
      expect(await play(cuts, twice)).toContain("event");
    } finally {
      trackTable.following.event = event;
    }
  });

  test("the check would notice streams that begin anew instead of going on", async () => {
    const { snapshot } = trackTable.following;
    const cursor = Object.getOwnPropertyDescriptor(Followed.prototype, "cursor") as PropertyDescriptor;
    trackTable.following.snapshot = trackTable.fresh.snapshot;
    Object.defineProperty(Followed.prototype, "cursor", { ...cursor, get: () => "" });
    try {
      expect(await play(cuts)).toContain("snapshot");
    } finally {
      trackTable.following.snapshot = snapshot;
      Object.defineProperty(Followed.prototype, "cursor", cursor);
    }
  });
});
