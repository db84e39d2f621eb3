import type { Clock } from "../src/clock.js";
import { deadAfter } from "../src/watch/line.js";

/** A clock that stands still until it is advanced. */
export class ManualClock implements Clock {
  chance = 0.5;
  #now = 1_000_000;
  #timers = new Set<{ at: number; run: () => void }>();

  now = () => this.#now;
  random = () => this.chance;

  after = (ms: number, run: () => void) => {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** How long until the next timer fires; undefined if there is none. Timers that watch for silence do not count. */
  get next(): number | undefined {
    const soonest = Math.min(...[...this.#timers].map(({ at }) => at - this.#now).filter((ms) => ms < deadAfter));
    return soonest === Number.POSITIVE_INFINITY ? undefined : soonest;
  }

  /** Lets time pass; timers fire in order. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.#timers.delete(due);
      this.#now = due.at;
      due.run();
    }
    this.#now = until;
  }
}

/** A clock that runs a hundred times as fast, but never finds a stream silent. */
export const fastClock: Clock = {
  now: () => Date.now() * 100,
  random: () => Math.random(),
  after(ms, run) {
    if (ms === deadAfter) return () => {};
    const timer = setTimeout(run, ms / 100);
    return () => clearTimeout(timer);
  },
};
