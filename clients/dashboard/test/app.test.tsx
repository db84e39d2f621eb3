import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { App } from "../src/app.js";
import { currentKey, saveKey } from "../src/key.js";

/** What the server answers to a call. */
let answer: (call: string, key: string | null) => Response;
const calls: string[] = [];

beforeEach(() => {
  calls.length = 0;
  location.hash = "#/";
  saveKey(null);
  vi.stubGlobal("fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
    const call = String(input).split("/").at(-1)?.split("?")[0] ?? "";
    calls.push(call);
    return answer(call, new Headers(init?.headers).get("Authorization"));
  });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function refusal(status: number, code: string): Response {
  return new Response(JSON.stringify({ code, message: code }), {
    status,
    headers: { "Content-Type": "application/json" },
  });
}

/** An answer in which every field has its zero value. */
function nothing(): Response {
  return new Response(new Uint8Array(), { headers: { "Content-Type": "application/proto" } });
}

test("without a key one is asked for, and nothing is called", async () => {
  render(<App />);
  await screen.findByRole("heading", { name: "Sign in" });
  expect(calls).toEqual([]);
});

test("a pasted key opens the list, and goes with every call", async () => {
  const keys = new Set<string | null>();
  answer = (_, key) => {
    keys.add(key);
    return nothing();
  };
  render(<App />);
  fireEvent.change(screen.getByLabelText("API key"), { target: { value: "sn_abc_defgh" } });
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
  await screen.findByText("No tasks yet");
  expect([...keys]).toEqual(["Bearer sn_abc_defgh"]);
});

test("a key that the server refuses is dropped and told", async () => {
  answer = () => refusal(401, "unauthenticated");
  saveKey("sn_wrong_key");
  render(<App />);
  await screen.findByText(/does not know this key/);
  expect(currentKey()).toBeNull();
  expect(sessionStorage.length).toBe(0);
});

test("a key that may not list is kept, and told why", async () => {
  answer = () => refusal(403, "permission_denied");
  saveKey("sn_small_key");
  render(<App />);
  await screen.findByText(/This key may not do that/);
  screen.getByText("Live"); // the server answers
  expect(currentKey()).toBe("sn_small_key");
});

test("forget key takes it out of the tab", async () => {
  answer = nothing;
  saveKey("sn_abc_defgh");
  render(<App />);
  await screen.findByText("No tasks yet");
  fireEvent.click(screen.getByRole("button", { name: "Forget key" }));
  await screen.findByRole("heading", { name: "Sign in" });
  expect(sessionStorage.length).toBe(0);
});

test("a link to a task works without a key", async () => {
  answer = () => refusal(404, "not_found");
  location.hash = "#/tasks/film";
  render(<App />);
  await waitFor(() => expect(calls).toContain("WatchAll"));
  expect(screen.queryByRole("heading", { name: "Sign in" })).toBeNull();
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
  await screen.findByRole("heading", { name: "Sign in" });
});
