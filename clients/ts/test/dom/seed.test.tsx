/// <reference types="vite/client" />
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { act, render, renderHook, screen } from "@testing-library/react";
import type { ComponentType } from "react";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { WebSocket as NodeSocket } from "ws";

import { createSpectralNotify, setBaseUrl } from "../../src/index.js";
import { fastClock } from "../clock.js";
import { House } from "../house.js";
import { blocks } from "../seed/blocks.js";
import type { Given } from "../seed/given.js";
import { SocketServer } from "../socket-server.js";
import { until } from "../wait.js";

const modules = import.meta.glob("../seed/build/*.tsx");
const load = (name: string) => modules[`../seed/build/${name}.tsx`]?.();

let house: House;
beforeEach(() => {
  house = new House();
});

test("every block of the guide compiles as it stands", async () => {
  expect(Object.keys(modules).length).toBe(19);
  const tsc = createRequire(import.meta.url).resolve("typescript/lib/tsc.js");
  const done = promisify(execFile)(process.execPath, [tsc, "--noEmit", "-p", "test/seed"]);
  await expect(done.then(({ stdout }) => stdout)).resolves.toBe("");
}, 60_000);

describe("the guide's block runs", () => {
  const calls = blocks().filter(({ text }) => !text.startsWith("{") && !text.includes("function "));

  test.each(calls)("$name", async ({ name, text }) => {
    const client = createSpectralNotify({ transport: house.transport(), clock: fastClock });
    const taskId = "TASK-001";
    if (!/^(01|18)/.test(name)) house.create(taskId);
    const given: Given = {
      client,
      taskId,
      userId: "user-123",
      updateProgress: (id, progress) => client.tasks.updateProgress({ taskId: id, progress }),
    };
    const { run } = (await load(name)) as { run: (given: Given) => Promise<void> };
    await run(given);
    const called = [...text.matchAll(/client\.tasks\.(\w+)/g)].map(
      ([, call]) => `${call?.[0]?.toUpperCase()}${call?.slice(1)}`,
    );
    expect(house.calls.map((c) => c.name)).toEqual(name.startsWith("15") ? Array(5).fill("UpdateProgress") : called);
  });

  test("14-metadata-usage", async () => {
    const { value } = (await load("14-metadata-usage")) as { value: { metadata: Record<string, string> } };
    const client = createSpectralNotify({ transport: house.transport() });
    await client.tasks.create({ taskId: "a", ...value });
    expect(JSON.parse((await client.tasks.getById({ taskId: "a" })).metadata ?? "")).toEqual(value.metadata);
  });
});

describe("the guide's component runs", () => {
  let server: SocketServer;
  beforeEach(async () => {
    server = new SocketServer(house);
    await server.listening();
    setBaseUrl(server.baseUrl);
    vi.stubGlobal("WebSocket", NodeSocket); // jsdom's does not work with Node's events
    vi.spyOn(console, "log").mockImplementation(() => {});
  });
  afterEach(() => {
    server.close();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  });

  test.each(["11-browser-react-vite", "12-react-native-expo"])("%s", async (name) => {
    const { TaskMonitor } = (await load(name)) as { TaskMonitor: ComponentType<{ taskId: string }> };
    const { unmount } = render(<TaskMonitor taskId="TASK-001" />);
    await until(() => server.open === 1, "a connection");
    const change = (make: () => void) => {
      make();
      server.pump();
    };
    change(() => house.create("TASK-001"));
    await screen.findByText("Status: pending");
    change(() => house.progress("TASK-001", 40));
    await screen.findByText("Progress: 40%");
    server.cut(); // it reconnects by itself
    house.progress("TASK-001", 60);
    await screen.findByText("Progress: 60%", {}, { timeout: 5_000 });
    change(() => house.complete("TASK-001"));
    await screen.findByText("Status: success");
    unmount();
    await until(() => server.open === 0, "the end");
  });

  test("17-websocket-reconnection", async () => {
    const { useTaskWebSocket } = (await load("17-websocket-reconnection")) as {
      useTaskWebSocket: (taskId: string) => WebSocket | null;
    };
    const { result } = renderHook(() => useTaskWebSocket("TASK-001"));
    await until(() => result.current?.readyState === 1, "a connection");
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    act(() => result.current?.close());
    act(() => vi.advanceTimersByTime(5_000)); // the block's own way to reconnect
    vi.useRealTimers();
    await until(() => server.requests.length === 2, "the next connection");
    act(() => result.current?.close());
  });
});
