import { expect, test } from "vitest";

import { isCurrent, type Link, linkOf, linkText, type Signs } from "../src/link.js";

const well: Signs = { online: true, phase: "live", draining: false, retryAt: undefined, call: "ok" };

test.each<[string, Partial<Signs>, Link["state"], string]>([
  ["all is well", {}, "live", "Live"],
  ["nothing is watched", { phase: "idle" }, "live", "Live"],
  ["other tasks are asked for", { phase: "connecting" }, "live", "Live"],
  ["the page has just opened", { phase: "connecting", call: undefined }, "connecting", "Connecting"],
  ["the stream was lost", { phase: "waiting", retryAt: 3_000 }, "waiting", "Reconnecting in 3 s"],
  ["the next try is due", { phase: "waiting", retryAt: 0 }, "waiting", "Reconnecting"],
  ["calls fail and nothing is watched", { phase: "idle", call: "unreachable" }, "waiting", "Reconnecting"],
  ["the server says that it stops", { phase: "waiting", draining: true }, "stopping", "Server is stopping"],
  ["a call is told that the server stops", { call: "draining" }, "stopping", "Server is stopping"],
  ["there is no network", { online: false, phase: "paused" }, "offline", "You are offline"],
  ["nobody looks", { phase: "paused" }, "paused", "Paused"],
])("when %s, it says so", (_, signs, state, words) => {
  const link = linkOf({ ...well, ...signs });
  expect(link.state).toBe(state);
  expect(linkText(link, 0)).toBe(words);
  expect(isCurrent(link)).toBe(state === "live" || state === "connecting");
});
