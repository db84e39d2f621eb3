import { beforeEach, describe, expect, test } from "vitest";

import { Line, type Source } from "../../src/watch/line.js";
import type { LineEvent } from "../../src/watch/machine.js";
import type { Pauses } from "../../src/watch/pause.js";
import { ManualClock } from "../clock.js";
import { until } from "../wait.js";

/** A stream that goes on when told to, whether anybody wants it or not. */
class Stream {
  #queue: string[] = [];
  #wake = () => {};
  constructor(readonly signal: AbortSignal) {}

  send(message: string): void {
    this.#queue.push(message);
    this.#wake();
  }

  async *[Symbol.asyncIterator]() {
    for (;;) {
      for (const message of this.#queue.splice(0)) yield message;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

let streams: Stream[];
let taken: string[];
let hidden: boolean;
let changed: () => void;
let line: Line<string>;

beforeEach(() => {
  [streams, taken, hidden] = [[], [], false];
  const source: Source<string> = {
    open(signal) {
      const stream = new Stream(signal);
      streams.push(stream);
      return stream;
    },
    take(message): LineEvent | undefined {
      taken.push(message);
      return message === "finished" ? { type: "finished" } : { type: "advanced" };
    },
  };
  const pauses: Pauses = {
    paused: () => hidden,
    subscribe(call) {
      changed = call;
      return () => {};
    },
  };
  line = new Line(source, { clock: new ManualClock(), pauses }, () => {});
});

const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

describe("a line", () => {
  test("I12: drops a stream before it asks for the next, and looks at it no more", async () => {
    line.start();
    streams[0]?.send("first");
    await until(() => taken.length === 1, "a message");
    line.start();
    expect(streams.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    streams[0]?.send("late");
    streams[1]?.send("second");
    await until(() => taken.length === 2, "a message");
    await turn();
    expect(taken).toEqual(["first", "second"]);
    expect(line.state.phase).toBe("live");
  });

  test("I12: looks at nothing after it was closed", async () => {
    line.start();
    await turn();
    line.close();
    streams[0]?.send("late");
    await turn();
    expect([taken, line.state.phase]).toEqual([[], "idle"]);
  });

  test("I10: begins nothing while paused, also after an end", async () => {
    line.start();
    streams[0]?.send("finished");
    await until(() => line.state.phase === "ended", "the end");
    hidden = true;
    changed();
    line.start();
    await turn();
    expect([streams.length, line.state.phase]).toEqual([1, "paused"]);
    hidden = false;
    changed();
    expect(streams.length).toBe(2);
  });
});
