import type { WatchMessage } from "../src/index.js";

/**
 * Holds a watch to its promise: a snapshot first, then each event exactly once
 * and in order; anew only after a reset or a removal.
 */
export class Checker {
  /** What was seen last; undefined before a snapshot. */
  sequence: number | undefined;
  /** The sequences seen as events. */
  readonly events: number[] = [];
  snapshots = 0;
  resets = 0;
  removals = 0;
  /** The first broken promise. */
  fault: string | undefined;

  readonly message = (message: WatchMessage): void => {
    switch (message.type) {
      case "snapshot":
        if (this.sequence !== undefined) this.#broken(`a snapshot at ${message.sequence} after ${this.sequence}`);
        this.sequence = message.sequence;
        this.snapshots++;
        break;
      case "event":
        if (message.sequence !== (this.sequence ?? Number.NaN) + 1) {
          this.#broken(`event ${message.sequence} after ${this.sequence}`);
        }
        if (message.event.id !== message.sequence || message.task.sequence !== message.sequence) {
          this.#broken(
            `event ${message.event.id} with task at ${message.task.sequence} in message ${message.sequence}`,
          );
        }
        this.sequence = message.sequence;
        this.events.push(message.sequence);
        break;
      case "reset":
      case "removed":
        this.sequence = undefined;
        this[message.type === "reset" ? "resets" : "removals"]++;
        break;
    }
  };

  #broken(text: string): void {
    this.fault ??= text;
  }
}
