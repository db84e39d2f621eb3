import { Code, ConnectError } from "@connectrpc/connect";
import { beforeEach, describe, expect, test } from "vitest";

import { createSpectralNotify, factsOf, type Options, reasonOf } from "../../src/index.js";
import { fastClock } from "../clock.js";
import { House } from "../house.js";

let house: House;

beforeEach(() => {
  house = new House();
});

function connect(options: Options = {}) {
  return createSpectralNotify({ transport: house.transport(), clock: fastClock, ...options });
}

describe("the calls on tasks", () => {
  test("speak plain objects", async () => {
    const { tasks } = connect();
    await tasks.create({
      taskId: "a",
      status: "pending",
      progress: 0,
      metadata: { film: 7 },
      tags: ["x"],
      type: "render",
    });
    const task = await tasks.getById({ taskId: "a" });
    expect(task).toMatchObject({
      id: 1,
      taskId: "a",
      status: "pending",
      progress: 0,
      metadata: '{"film":7}',
      sequence: 1,
      completedAt: null,
      result: null,
      tags: ["x"],
      type: "render",
      eta: null,
    });
    expect(task.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

    const { event } = await tasks.addEvent({
      taskId: "a",
      event: { eventType: "log", message: "Starting", progress: 10, metadata: { step: "download" } },
    });
    expect(event).toMatchObject({ id: 2, eventType: "log", kind: "task.event", message: "Starting", progress: 10 });
    expect(event.metadata).toEqual({ step: "download" });
    expect((await tasks.addEvents({ taskId: "a", events: [{ message: "b" }, { message: "c" }] })).events).toHaveLength(
      2,
    );
    expect((await tasks.updateProgress({ taskId: "a", progress: 50 })).task).toMatchObject({
      status: "in-progress",
      progress: 50,
    });
    expect((await tasks.complete({ taskId: "a", metadata: { url: "u" } })).task).toMatchObject({
      status: "success",
      result: '{"url":"u"}',
    });
    const history = await tasks.getHistory({ taskId: "a", limit: 2 });
    expect(history.map(({ id }) => id)).toEqual([6, 5]);
    expect((await tasks.getHistory({ taskId: "a", afterSequence: 4 })).map(({ id }) => id)).toEqual([5, 6]);
    await tasks.delete({ taskId: "a" });
    expect((await tasks.listAll()).count).toBe(0);
  });

  test("end tasks in three ways", async () => {
    const { tasks } = connect();
    for (const taskId of ["f", "c"]) await tasks.create({ taskId });
    expect((await tasks.fail({ taskId: "f", error: "bad codec" })).task).toMatchObject({
      status: "failed",
      error: "bad codec",
    });
    expect((await tasks.cancel({ taskId: "c" })).task.status).toBe("canceled");
    expect(await tasks.stats()).toEqual({
      counts: { pending: 0, "in-progress": 0, success: 0, failed: 1, canceled: 1 },
      total: 2,
    });
  });

  test("walk all pages of a list, up to a maximum", async () => {
    const { tasks } = connect();
    for (let i = 0; i < 2_300; i++) house.create(`t${i}`);
    const all = await tasks.listAll();
    expect([all.tasks.length, all.count, new Set(all.tasks.map(({ taskId }) => taskId)).size]).toEqual([
      2_300, 2_300, 2_300,
    ]);
    expect(house.calls.length).toBe(3);
    expect((await tasks.listAll({ max: 1_500 })).tasks.length).toBe(1_500);
    expect((await tasks.listPage({ filter: { taskIdPrefix: "t229" } })).tasks.length).toBe(11);
  });

  test("tell why they failed", async () => {
    const error = await connect()
      .tasks.getById({ taskId: "none" })
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ConnectError);
    expect(reasonOf(error)).toBe("TASK_NOT_FOUND");
    expect(factsOf(error)).toEqual({});
    expect(reasonOf(new Error("other"))).toBeUndefined();
  });
});

/** Fails the first calls, after they took effect. */
function failing(times: number, code: Code) {
  const { transport } = { transport: house.transport() };
  let left = times;
  const unary: typeof transport.unary = async (...args) => {
    const answer = await transport.unary(...args).catch((e: unknown) => e);
    if (left-- > 0) throw code === Code.Unknown ? new TypeError("Failed to fetch") : new ConnectError("down", code);
    if (answer instanceof Error) throw answer;
    return answer as Awaited<ReturnType<typeof transport.unary>> as never;
  };
  return { ...transport, unary };
}

describe("a call that did not get through", () => {
  test.each([
    ["the server is stopping", Code.Unavailable],
    ["the network broke", Code.Unknown],
  ])("is tried again with the same key: %s", async (_, code) => {
    house.create("a");
    const { tasks } = connect({ transport: failing(3, code) });
    await tasks.updateProgress({ taskId: "a", progress: 1 });
    await tasks.updateProgress({ taskId: "a", progress: 2 });
    const keys = house.calls.map(({ key }) => key);
    expect(keys.length).toBe(5);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(keys.slice(0, 4)).size).toBe(1);
    expect(keys[4]).not.toBe(keys[0]);
  });

  test("fails after 4 attempts", async () => {
    house.create("a");
    const { tasks } = connect({ transport: failing(9, Code.Unavailable) });
    await expect(tasks.getById({ taskId: "a" })).rejects.toThrow("down");
    expect(house.calls.map(({ key }) => key)).toEqual([null, null, null, null]); // reading needs none
  });

  test("is not tried again if that cannot help", async () => {
    house.create("a");
    const { tasks } = connect({ transport: failing(1, Code.FailedPrecondition) });
    await expect(tasks.complete({ taskId: "a" })).rejects.toThrow("down");
    expect(house.calls.length).toBe(1);
  });

  test("keeps the caller's own key, and stops when told to", async () => {
    house.create("a");
    const stop = new AbortController();
    const { tasks } = connect({ transport: failing(9, Code.Unavailable) });
    const call = tasks.cancel({ taskId: "a" }, { headers: { "Idempotency-Key": "mine" }, signal: stop.signal });
    stop.abort();
    await expect(call).rejects.toThrow();
    expect(new Set(house.calls.map(({ key }) => key))).toEqual(new Set(["mine"]));
    expect(house.calls.length).toBeLessThan(3);
  });
});

describe("the credential", () => {
  test.each([
    ["a key", "k1"],
    ["a function", () => "k1"],
    ["a promise", async () => "k1"],
  ])("is sent with calls and streams: %s", async (_, apiKey) => {
    house.create("a");
    const client = connect({ apiKey });
    await client.tasks.getById({ taskId: "a" });
    await client.watch("a").next();
    expect(house.calls.map(({ credential }) => credential)).toEqual(["Bearer k1", "Bearer k1"]);
  });

  test("gives way to one that the caller set", async () => {
    house.create("a");
    const { raw } = connect({ apiKey: "k1" });
    await raw.tasks.getById({ taskId: "a" }, { headers: { Authorization: "Bearer mine" } });
    expect(house.calls.map(({ credential }) => credential)).toEqual(["Bearer mine"]);
  });

  test("is asked for anew before each attempt", async () => {
    house.create("a");
    let n = 0;
    const { tasks } = connect({ token: () => `k${++n}`, transport: failing(1, Code.Unavailable) });
    await tasks.getById({ taskId: "a" });
    expect(house.calls.map(({ credential }) => credential)).toEqual(["Bearer k1", "Bearer k2"]);
  });

  test("may be missing", async () => {
    house.create("a");
    await connect({ apiKey: () => undefined }).tasks.getById({ taskId: "a" });
    expect(house.calls[0]?.credential).toBeNull();
  });
});
