import { QueryClient } from "@tanstack/react-query";
import { act, cleanup, render, renderHook, screen, waitFor } from "@testing-library/react";
import { type PropsWithChildren, StrictMode } from "react";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { createSpectralNotify, reasonOf, type SpectralNotify } from "../../src/index.js";
import {
  SpectralNotifyProvider,
  useConnection,
  useCounter,
  useCounterMutations,
  useCounters,
} from "../../src/react/index.js";
import { fastClock } from "../clock.js";
import { CounterHouse } from "../counter-house.js";

let house: CounterHouse;
let client: SpectralNotify;
let queryClient: QueryClient;

beforeEach(() => {
  house = new CounterHouse();
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

function Count({ name }: { name: string }) {
  const { counter, phase } = useCounter(name);
  return (
    <p>
      {name}: {counter?.value ?? "?"} {phase}
    </p>
  );
}

describe("useCounter", () => {
  test("moves live, over one stream for many components, in StrictMode", async () => {
    const names = Array.from({ length: 20 }, (_, i) => `c${i}`);
    for (const name of names) house.create(name);
    render(
      <main>
        {names.map((name) => (
          <Count key={name} name={name} />
        ))}
      </main>,
      { wrapper },
    );
    await screen.findByText("c19: 0 live");
    act(() => {
      for (const name of names) house.set(name, "set", 7n);
    });
    await screen.findByText("c0: 7 live");
    await screen.findByText("c19: 7 live");
    expect(house.streams.length).toBe(1);
  });

  test("shows what a call answered at once, and says what is wrong", async () => {
    house.create("a");
    const { result } = renderHook(() => ({ view: useCounter("a"), calls: useCounterMutations() }), { wrapper });
    await waitFor(() => expect(result.current.view.phase).toBe("live"));
    await act(() => result.current.calls.increment.mutateAsync({ name: "a", amount: 5 }));
    expect(result.current.view.counter?.value).toBe(5);
    await act(() => result.current.calls.reset.mutateAsync({ name: "a" }));
    await waitFor(() => expect(result.current.view.events.map(({ id }) => id)).toEqual([1, 2, 3]));
    const none = renderHook(() => useCounter("none"), { wrapper });
    await waitFor(() => expect(reasonOf(none.result.current.error)).toBe("COUNTER_NOT_FOUND"));
    const long = renderHook(() => useCounter("x".repeat(257)), { wrapper });
    expect(long.result.current).toMatchObject({ phase: "failed", counter: undefined });
  });
});

describe("useCounters", () => {
  test("lists counters whose rows move, and drops those that are deleted", async () => {
    for (const name of ["a", "b"]) house.create(name);
    const { result } = renderHook(() => ({ list: useCounters({}, { interval: 60_000 }), line: useConnection() }), {
      wrapper,
    });
    const values = () => result.current.list.counters.map(({ name, value }) => `${name} ${value}`);
    await waitFor(() => expect(values()).toEqual(["b 0", "a 0"]));
    await waitFor(() => expect(result.current.line.phase).toBe("live"));
    act(() => void house.set("a", "incremented", 3n));
    await waitFor(() => expect(values()).toEqual(["b 0", "a 3"]));
    act(() => house.delete("b"));
    await waitFor(() => expect(values()).toEqual(["a 3"]));
    expect(result.current.list.count).toBe(2); // as of the last poll
  });
});
