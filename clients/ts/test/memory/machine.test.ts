import { readFileSync } from "node:fs";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";

import { idleLine, type LineEvent, type LineState, lineTable, longestDelay, step } from "../../src/watch/machine.js";
import type { WatchMessage } from "../../src/watch/message.js";
import { follow, type Track, trackTable } from "../../src/watch/track.js";

const cut = new ConnectError("cut", Code.Unknown);
const spec = readFileSync(new URL("../../src/watch/SPEC.md", import.meta.url), "utf8")
  .replace(/ +/g, " ") // columns are aligned
  .replace(/-{3,}/g, "---");

const events: Record<LineEvent["type"], LineEvent> = {
  start: { type: "start" },
  retry: { type: "retry" },
  stop: { type: "stop" },
  opened: { type: "opened" },
  advanced: { type: "advanced" },
  finished: { type: "finished" },
  left: { type: "left", draining: true },
  lost: { type: "lost", error: cut },
  elapsed: { type: "elapsed" },
  pause: { type: "pause" },
  resume: { type: "resume" },
};

const at = { cursor: "c", sequence: 8 };
const task = {} as never;
const messages: Record<WatchMessage["type"], WatchMessage> = {
  snapshot: { ...at, type: "snapshot", task, events: [], historyUnavailable: false },
  event: { ...at, type: "event", event: task, task },
  current: { ...at, sequence: 7, type: "current" },
  heartbeat: { ...at, sequence: 7, type: "heartbeat" },
  reset: { ...at, type: "reset", reason: "expired" },
  removed: { ...at, type: "removed", reason: "deleted" },
  end: { ...at, type: "end", reason: "finished" },
};

function table(
  name: string,
  events: string[],
  states: string[],
  cell: (state: string, event: string) => string,
): string {
  const rows = states.map((state) => [state, ...events.map((event) => cell(state, event))]);
  const lines = [[name, ...events], ["---", ...events.map(() => "---")], ...rows];
  return lines.map((line) => `| ${line.join(" | ")} |`).join("\n");
}

describe("SPEC.md", () => {
  test("prints the table of the line as it is", () => {
    const cell = (phase: string, event: string) => {
      const before: LineState = { ...idleLine, phase: phase as LineState["phase"], attempt: 2 };
      const [after, ...effects] = step(before, events[event as LineEvent["type"]], 0.5);
      return after.phase === phase && effects.length === 0
        ? "·"
        : [after.phase, ...effects.map((e) => `_${e}_`)].join(" ");
    };
    expect(spec).toContain(table("phase", Object.keys(events), Object.keys(lineTable), cell));
  });

  test("prints the table of a track as it is", () => {
    const cell = (name: string, event: string) => {
      const state = name as Track["state"];
      const before: Track = { state, cursor: "b", sequence: 7 };
      const [after, verdict] = follow(before, messages[event as WatchMessage["type"]]);
      return after.state === state ? verdict : `${verdict}, ${after.state}`;
    };
    expect(spec).toContain(table("state", Object.keys(messages), Object.keys(trackTable), cell));
  });

  test("ties each invariant to tests", () => {
    const promised = [...spec.matchAll(/^(\d+)\. /gm)].map(([, n]) => `I${n}: `);
    const files = ["machine", "line", "hub", "watch"].map((name) => new URL(`${name}.test.ts`, import.meta.url));
    const tests = files.map((file) => readFileSync(file, "utf8")).join("\n");
    expect(promised.length).toBeGreaterThan(9);
    expect(promised.filter((tag) => !tests.includes(`test("${tag}`))).toEqual([]);
  });
});

describe("the line", () => {
  const connecting = step(idleLine, events.start, 0)[0];

  test("I5: backs off twice as long each time, with full jitter, up to 30 s", () => {
    let state = connecting;
    for (let i = 1; i <= 10; i++) {
      const [longest] = step(state, events.lost, 1);
      expect(step(state, events.lost, 0)[0].delay).toBe(0);
      expect(longest.delay).toBe(Math.min(longestDelay, 500 * 2 ** i));
      state = step(longest, events.elapsed, 0)[0];
    }
  });

  test("I6: an answer alone does not reset the back-off, getting further does", () => {
    let state = connecting;
    for (let i = 0; i < 6; i++) {
      state = step(step(step(state, events.opened, 0)[0], events.lost, 1)[0], events.elapsed, 0)[0];
    }
    expect(step(step(state, events.opened, 0)[0], events.lost, 1)[0].delay).toBe(longestDelay);
    expect(step(step(state, events.advanced, 0)[0], events.lost, 1)[0].delay).toBe(500);
  });

  test("I8: comes back to a stopping server within a second, unless it keeps stopping", () => {
    const [left, ...effects] = step(connecting, events.left, 0.9);
    expect([left.phase, left.delay, left.draining, effects]).toEqual(["waiting", 900, true, ["close", "sleep"]]);
    const again = step(step(left, events.elapsed, 0)[0], events.left, 0.9)[0];
    expect(again.delay).toBe(0.9 * 2_000);
  });

  test("I9: fails for good if the request or the credential is wrong, and for nothing else", () => {
    const final = [
      Code.InvalidArgument,
      Code.NotFound,
      Code.Unauthenticated,
      Code.PermissionDenied,
      Code.Unimplemented,
    ];
    for (let code = Code.Canceled; code <= Code.Unauthenticated; code++) {
      const error = new ConnectError("no", code);
      const [state] = step(connecting, { type: "lost", error }, 0.5);
      expect([code, state.phase]).toEqual([code, final.includes(code) ? "failed" : "waiting"]);
      expect(state.error).toBe(error);
    }
  });

  test("I10: opens no stream while paused, and one at once after it", () => {
    for (const phase of Object.keys(lineTable) as LineState["phase"][]) {
      const [paused, ...effects] = step({ ...connecting, phase }, events.pause, 0);
      if (paused.phase !== "paused") continue;
      expect(effects).not.toContain("open");
      for (const type of Object.keys(events) as LineEvent["type"][]) {
        const [, ...then] = step(paused, events[type], 0);
        expect([type, then.includes("open")]).toEqual([type, type === "resume"]);
      }
    }
  });

  test("I11: nothing is opened after the end but by start", () => {
    for (const phase of ["idle", "ended", "failed"] as const) {
      for (const type of Object.keys(events) as LineEvent["type"][]) {
        const [, ...effects] = step({ ...idleLine, phase }, events[type], 0);
        const asked = type === "start" || (type === "retry" && phase === "failed");
        expect([phase, type, effects.includes("open")]).toEqual([phase, type, asked]);
      }
    }
  });
});

describe("a track", () => {
  const following: Track = { state: "following", cursor: "b", sequence: 7 };

  test("I2: shows the event that is one further, and no other", () => {
    for (let sequence = 0; sequence < 20; sequence++) {
      const [after, verdict] = follow(following, { ...messages.event, sequence } as WatchMessage);
      expect([sequence, verdict]).toEqual([sequence, sequence === 8 ? "show" : "fault"]);
      if (verdict === "fault") expect(after).toBe(following);
    }
  });

  test("I4: after a reset or a removal nothing fits but a snapshot, and no cursor is kept", () => {
    for (const type of ["reset", "removed"] as const) {
      const [after] = follow(following, messages[type]);
      expect(after.cursor).toBe("");
      expect(follow(after, messages.event)[1]).toBe("fault");
      expect(follow(after, messages.snapshot)[0]).toEqual({ state: "following", ...at });
    }
  });
});
