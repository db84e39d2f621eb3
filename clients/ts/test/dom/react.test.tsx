import { Code, ConnectError } from "@connectrpc/connect";
import { QueryClient } from "@tanstack/react-query";
import { act, cleanup, render, renderHook, screen, waitFor } from "@testing-library/react";
import { type PropsWithChildren, StrictMode } from "react";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { type Connection, createSpectralNotify, reasonOf, type SpectralNotify } from "../../src/index.js";
import {
  keys,
  SpectralNotifyProvider,
  useConnection,
  useStats,
  useTask,
  useTaskHistory,
  useTaskMutations,
  useTasks,
} from "../../src/react/index.js";
import { fastClock } from "../clock.js";
import { House } from "../house.js";

let house: House;
let client: SpectralNotify;
let queryClient: QueryClient;

beforeEach(() => {
  house = new House();
  client = createSpectralNotify({ transport: house.transport(), clock: fastClock });
  queryClient = new QueryClient();
});
afterEach(() => {
  cleanup();
  client.close();
  queryClient.clear();
});

function wrapper({ children }: PropsWithChildren) {
  return (
    <StrictMode>
      <SpectralNotifyProvider client={client} queryClient={queryClient}>
        {children}
      </SpectralNotifyProvider>
    </StrictMode>
  );
}

function Row({ taskId }: { taskId: string }) {
  const { task, phase } = useTask(taskId);
  return (
    <p>
      {taskId}: {task?.progress ?? "?"}% {phase}
    </p>
  );
}

describe("useTask", () => {
  test("moves live, over one stream for 50 components, in StrictMode", async () => {
    const ids = Array.from({ length: 50 }, (_, i) => `t${i}`);
    for (const id of ids) house.create(id);
    const rows = ids.map((id) => <Row key={id} taskId={id} />);
    const { unmount } = render(<main>{rows}</main>, { wrapper });
    await screen.findByText("t49: 0% live");
    act(() => {
      for (const id of ids) house.progress(id, 40);
    });
    await screen.findByText("t0: 40% live");
    await screen.findByText("t49: 40% live");
    expect(house.streams.length).toBe(1);
    unmount();
    await waitFor(() => expect(house.open).toBe(0));
  });

  test("keeps what it knows while the line is lost, and goes on", async () => {
    house.create("a");
    const { result } = renderHook(() => useTask("a"), { wrapper });
    await waitFor(() => expect(result.current.phase).toBe("live"));
    house.refuse = () => {
      throw new ConnectError("down", Code.Unavailable);
    };
    act(() => house.cut("break"));
    await waitFor(() => expect(result.current).toMatchObject({ phase: "waiting", task: { taskId: "a" } }));
    expect(result.current.error?.code).toBeDefined();
    house.refuse = () => {};
    act(() => void house.complete("a"));
    await waitFor(() => expect(result.current).toMatchObject({ phase: "ended", task: { status: "success" } }));
    expect(result.current.events.map(({ id }) => id)).toEqual([1, 2]);
  });

  test("says what is wrong: no such task, an id that none can have, a task that was deleted", async () => {
    house.create("a");
    const { result } = renderHook(() => ({ none: useTask("none"), bad: useTask(""), a: useTask("a") }), { wrapper });
    await waitFor(() => expect(reasonOf(result.current.none.error)).toBe("TASK_NOT_FOUND"));
    expect(result.current.bad).toMatchObject({ phase: "failed", error: { code: Code.InvalidArgument } });
    await waitFor(() => expect(result.current.a.phase).toBe("live"));
    act(() => house.delete("a"));
    await waitFor(() =>
      expect(result.current.a).toMatchObject({ phase: "ended", removed: "deleted", task: { taskId: "a" } }),
    );
  });

  test("a task that is gone is not shown again from what was kept of it", async () => {
    house.create("a");
    const kept = renderHook(() => useTask("a"), { wrapper });
    await waitFor(() => expect(kept.result.current.task?.sequence).toBe(1));
    kept.unmount();
    await waitFor(() => expect(house.open).toBe(0));
    house.delete("a");
    const again = renderHook(() => useTask("a"), { wrapper });
    await waitFor(() => expect(again.result.current.phase).toBe("failed"));
    expect(again.result.current.task).toBeUndefined();
  });

  test("a reset forgets what was kept: the state of now holds, although it is older", async () => {
    house.create("a");
    for (let i = 1; i <= 5; i++) house.progress("a", i);
    const { result } = renderHook(() => ({ a: useTask("a"), history: useTaskHistory("a") }), { wrapper });
    await waitFor(() => expect(result.current.history.events.length).toBe(6));
    const now = result.current.a.task;
    act(() => house.rewind("a", 3));
    await waitFor(() => expect(result.current.a.task).toMatchObject({ sequence: 3, createdAt: now?.createdAt }));
    await waitFor(() => expect(result.current.history.events.map(({ id }) => id)).toEqual([3, 2, 1]));
  });

  test("goes over to another task", async () => {
    for (const id of ["a", "b"]) house.create(id);
    const { result, rerender } = renderHook(({ id }) => useTask(id), { wrapper, initialProps: { id: "a" } });
    await waitFor(() => expect(result.current.task?.taskId).toBe("a"));
    rerender({ id: "b" });
    expect(result.current.task).toBeUndefined();
    await waitFor(() => expect(result.current.task?.taskId).toBe("b"));
  });

  test("keeps the higher sequence in the cache", async () => {
    house.create("a", { metadata: { film: 7 } });
    const { result } = renderHook(() => useTask("a"), { wrapper });
    await waitFor(() => expect(result.current.task?.sequence).toBe(1));
    const old = result.current.task;
    act(() => void house.progress("a", 10));
    await waitFor(() => expect(result.current.task?.sequence).toBe(2));
    expect(queryClient.getQueryData(keys.task("a"))).toMatchObject({ sequence: 2, metadata: '{"film":7}' });
    act(() => queryClient.setQueryData(keys.task("a"), old));
    expect(result.current.task?.sequence).toBe(2);
  });

  test("renders on a server", () => {
    house.create("a");
    const page = (
      <SpectralNotifyProvider client={client}>
        <Row taskId="a" />
      </SpectralNotifyProvider>
    );
    expect(renderToString(page).replaceAll("<!-- -->", "")).toBe("<p>a: ?% connecting</p>");
    expect(house.calls.length).toBe(0);
  });
});

describe("useTasks", () => {
  test("lists tasks that move, come, leave and go", async () => {
    house.create("a");
    house.create("b");
    const { result } = renderHook(() => useTasks({ statuses: ["pending", "in-progress"] }, { interval: 50 }), {
      wrapper,
    });
    await waitFor(() => expect(result.current.tasks.map(({ taskId }) => taskId)).toEqual(["b", "a"]));
    act(() => void house.progress("a", 30));
    await waitFor(() => expect(result.current.tasks[1]).toMatchObject({ progress: 30, lastMessage: "Progress 30%" }));
    act(() => void house.create("c"));
    await waitFor(() => expect(result.current.tasks.map(({ taskId }) => taskId)).toEqual(["c", "b", "a"]));
    act(() => void house.complete("b"));
    act(() => house.delete("a"));
    await waitFor(() => expect(result.current.tasks.map(({ taskId }) => taskId)).toEqual(["c"]));
    expect(result.current).toMatchObject({ count: 1, hasNextPage: false, error: null });
  });

  test("reads further pages", async () => {
    for (let i = 0; i < 5; i++) house.create(`t${i}`);
    const { result } = renderHook(() => useTasks({}, { pageSize: 2 }), { wrapper });
    await waitFor(() => expect(result.current.hasNextPage).toBe(true));
    await act(() => result.current.fetchNextPage());
    await waitFor(() => expect(result.current.tasks.map(({ taskId }) => taskId)).toEqual(["t4", "t3", "t2", "t1"]));
    expect(result.current.count).toBe(5);
  });

  test("keeps the last list when a poll fails, and says why", async () => {
    house.create("a");
    const { result } = renderHook(() => useTasks({}, { interval: 30 }), { wrapper });
    await waitFor(() => expect(result.current.tasks.length).toBe(1));
    house.refuse = (name) => {
      if (name === "ListAll") throw new ConnectError("no", Code.Unauthenticated);
    };
    await waitFor(() => expect(result.current.error).toMatchObject({ code: Code.Unauthenticated }));
    expect(result.current.tasks.length).toBe(1);
  });
});

describe("useTaskHistory", () => {
  test("joins new events and old ones, each once", async () => {
    house.create("a");
    for (let i = 2; i <= 30; i++) house.progress("a", i);
    const { result } = renderHook(() => useTaskHistory("a", { pageSize: 12 }), { wrapper });
    await waitFor(() => expect(result.current.events.length).toBe(12));
    act(() => void house.progress("a", 31));
    await waitFor(() => expect(result.current.events[0]?.id).toBe(31));
    await act(() => result.current.fetchNextPage());
    await act(() => result.current.fetchNextPage());
    await waitFor(() =>
      expect(result.current.events.map(({ id }) => id)).toEqual(Array.from({ length: 31 }, (_, i) => 31 - i)),
    );
    expect(result.current.hasNextPage).toBe(false);
  });

  test("reads again when so much happened that a hole came to be", async () => {
    house.create("a");
    const { result } = renderHook(() => useTaskHistory("a", { pageSize: 1000 }), { wrapper });
    await waitFor(() => expect(result.current.events.length).toBe(1));
    act(() => {
      for (let i = 2; i <= 301; i++) house.progress("a", i % 100);
    });
    await waitFor(() => expect(result.current.events.length).toBe(301));
  });
});

test("useTaskHistory shows the events of the task that is, not of the one before it", async () => {
  house.create("a");
  const hooks = () => ({
    calls: useTaskMutations(),
    history: useTaskHistory("a"),
    next: useTask("a", { waitForCreate: true }), // sees the task that comes after it
  });
  const { result } = renderHook(hooks, { wrapper });
  await waitFor(() => expect(result.current.history.events.length).toBe(1));
  act(() => {
    for (let i = 2; i <= 301; i++) house.progress("a", i % 100);
  });
  await waitFor(() => expect(result.current.history.events.length).toBe(200)); // what the watch keeps
  await act(() => result.current.calls.delete.mutateAsync({ taskId: "a" }));
  await act(() => result.current.calls.create.mutateAsync({ taskId: "a" }));
  await waitFor(() => expect(result.current.history.events.map(({ id }) => id)).toEqual([1]));
  const reads = () => house.calls.filter(({ name }) => name === "GetHistory").length;
  const before = reads();
  house.progress("a", 1);
  await waitFor(() => expect(result.current.next.task?.sequence).toBe(2));
  expect(reads()).toBe(before);
});

test("useTaskMutations shows what a call answered at once", async () => {
  const { result } = renderHook(() => ({ calls: useTaskMutations(), a: useTask("a", { waitForCreate: true }) }), {
    wrapper,
  });
  await act(() => result.current.calls.create.mutateAsync({ taskId: "a" }));
  await waitFor(() => expect(result.current.a.task?.status).toBe("pending"));
  await act(() => result.current.calls.updateProgress.mutateAsync({ taskId: "a", progress: 7 }));
  expect(result.current.a.task?.progress).toBe(7);
  await act(() => result.current.calls.cancel.mutateAsync({ taskId: "a" }));
  expect(result.current.a.task?.status).toBe("canceled");
  await act(() => result.current.calls.delete.mutateAsync({ taskId: "a" }));
  await waitFor(() => expect(result.current.a.removed).toBe("deleted"));
  const error = await act(() => result.current.calls.cancel.mutateAsync({ taskId: "a" }).catch((e: unknown) => e));
  expect(reasonOf(error)).toBe("TASK_NOT_FOUND");
});

test("useStats counts", async () => {
  house.create("a");
  const { result } = renderHook(() => useStats({ interval: 30 }), { wrapper });
  await waitFor(() => expect(result.current).toMatchObject({ total: 1, counts: { pending: 1 } }));
  act(() => void house.complete("a"));
  await waitFor(() => expect(result.current.counts).toMatchObject({ pending: 0, success: 1 }));
});

test("useConnection follows the line", async () => {
  house.create("a");
  const seen: Connection[] = [];
  const { result } = renderHook(
    () => {
      seen.push(useConnection());
      return useTask("a");
    },
    { wrapper },
  );
  await waitFor(() => expect(result.current.phase).toBe("live"));
  act(() => house.cut("drain"));
  await waitFor(() => expect(seen.find(({ draining }) => draining)).toMatchObject({ phase: "waiting" }));
  await waitFor(() => expect(seen.at(-1)).toMatchObject({ phase: "live", draining: false }));
});

test("a hook outside of a provider says what is missing", () => {
  expect(() => renderToString(<Row taskId="a" />)).toThrow("SpectralNotifyProvider");
});
