import type { ConnectError } from "@connectrpc/connect";

import { isFinal } from "../error.js";

/**
 * Where a line to the server stands. Replaced as a whole, never changed.
 *
 * - idle: nothing is to be watched
 * - connecting: a stream was asked for
 * - live: the server has answered; a stream of other tasks may be asked for in
 *   place of the one there is
 * - waiting: a stream was lost; the next is asked for after `delay`
 * - paused: nobody looks, or there is no network
 * - ended: all that was to be watched has ended
 * - failed: the server refused, and would again
 */
export interface LineState {
  readonly phase: "idle" | "connecting" | "live" | "waiting" | "paused" | "ended" | "failed";
  /** Streams asked for since one got further. */
  readonly attempt: number;
  /** In phase waiting: for how many milliseconds. */
  readonly delay: number;
  /** Why the last stream was lost, if it was not in order. */
  readonly error: ConnectError | undefined;
  /** The server said that it stops. */
  readonly draining: boolean;
}

/** What happens to a line. */
export type LineEvent =
  /** There is something, or something else, to watch. */
  | { readonly type: "start" }
  /** Somebody does not want to wait. */
  | { readonly type: "retry" }
  /** There is nothing to watch any more. */
  | { readonly type: "stop" }
  /** The stream's headers came. */
  | { readonly type: "opened" }
  /** The stream got further: something was shown, or it lived through a silence. */
  | { readonly type: "advanced" }
  /** All that was to be watched has ended. */
  | { readonly type: "finished" }
  /** The server ended the stream, not the watch. */
  | { readonly type: "left"; readonly draining: boolean }
  /** The stream was cut, brought what does not fit, or was refused. */
  | { readonly type: "lost"; readonly error: ConnectError }
  /** The time to wait is over. */
  | { readonly type: "elapsed" }
  | { readonly type: "pause" }
  | { readonly type: "resume" };

/** What is to be done: ask for a stream (and drop the one before), drop it, or call "elapsed" after `delay`. */
export type LineEffect = "open" | "close" | "sleep";

/** A line that never began. */
export const idleLine: LineState = { phase: "idle", attempt: 0, delay: 0, error: undefined, draining: false };

/** The longest time between two attempts, in milliseconds. */
export const longestDelay = 30_000;
const firstDelay = 500;
/** Clients of a stopping server come back spread over so long. */
const spread = 1_000;

type Result = readonly [LineState, ...LineEffect[]];
type Step = (state: LineState, event: LineEvent, random: number) => Result;

const same: Step = (state) => [state];
const connect: Step = (state) => [{ ...state, phase: "connecting", attempt: state.attempt + 1, delay: 0 }, "open"];
const restart: Step = (state) => [{ ...state, phase: "connecting", attempt: 1, delay: 0 }, "open"];
/** Other tasks on the same line: no try failed. */
const reopen: Step = (state) => [state, "open"];
const stop: Step = () => [idleLine, "close"];
const open: Step = (state) => [{ ...state, phase: "live", error: undefined, draining: false }];
const advance: Step = (state) => {
  if (state.phase === "live" && state.attempt === 0) return [state];
  return [{ ...state, phase: "live", error: undefined, draining: false, attempt: 0 }];
};
const finish: Step = () => [{ ...idleLine, phase: "ended" }, "close"];
const pause: Step = (state) => [{ ...state, phase: "paused", delay: 0 }, "close"];

const lose: Step = (state, event, random) => {
  const error = event.type === "lost" ? event.error : undefined;
  if (error && isFinal(error)) return [{ ...state, phase: "failed", error }, "close"];
  return [{ ...state, phase: "waiting", error, delay: backOff(state.attempt, random) }, "close", "sleep"];
};

const leave: Step = (state, event, random) => {
  const draining = event.type === "left" && event.draining;
  const delay = state.attempt <= 1 ? random * spread : backOff(state.attempt, random);
  return [{ ...state, phase: "waiting", draining, error: undefined, delay }, "close", "sleep"];
};

/** Full jitter, so that clients that were cut together do not come back together. */
function backOff(attempt: number, random: number): number {
  return random * Math.min(longestDelay, firstDelay * 2 ** attempt);
}

/** What each event means in each phase; SPEC.md prints it. */
export const lineTable: Record<LineState["phase"], Record<LineEvent["type"], Step>> = {
  idle: {
    start: restart,
    retry: same,
    stop: same,
    opened: same,
    advanced: same,
    finished: same,
    left: same,
    lost: same,
    elapsed: same,
    pause,
    resume: same,
  },
  connecting: {
    start: reopen,
    retry: same,
    stop,
    opened: open,
    advanced: advance,
    finished: finish,
    left: leave,
    lost: lose,
    elapsed: same,
    pause,
    resume: same,
  },
  live: {
    start: reopen,
    retry: same,
    stop,
    opened: same,
    advanced: advance,
    finished: finish,
    left: leave,
    lost: lose,
    elapsed: same,
    pause,
    resume: same,
  },
  waiting: {
    start: same,
    retry: connect,
    stop,
    opened: same,
    advanced: same,
    finished: finish,
    left: same,
    lost: same,
    elapsed: connect,
    pause,
    resume: same,
  },
  paused: {
    start: same,
    retry: same,
    stop: (state) => [{ ...idleLine, phase: state.phase }],
    opened: same,
    advanced: same,
    finished: finish,
    left: same,
    lost: same,
    elapsed: same,
    pause: same,
    resume: connect,
  },
  ended: {
    start: restart,
    retry: same,
    stop,
    opened: same,
    advanced: same,
    finished: same,
    left: same,
    lost: same,
    elapsed: same,
    pause: same,
    resume: same,
  },
  failed: {
    start: restart,
    retry: restart,
    stop,
    opened: same,
    advanced: same,
    finished: finish,
    left: same,
    lost: same,
    elapsed: same,
    pause: same,
    resume: same,
  },
};

/** Takes one event. `random` is a number from 0 up to 1. */
export function step(state: LineState, event: LineEvent, random: number): Result {
  return lineTable[state.phase][event.type](state, event, random);
}
