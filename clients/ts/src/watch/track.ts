import type { AnyMessage } from "./message.js";

/**
 * How far one object has been followed. Replaced as a whole, never changed.
 *
 * - fresh: nothing is known; a snapshot comes next
 * - following: `sequence` was shown last; one more comes next
 * - reset: the cursor was refused; a snapshot comes next
 * - ended: nothing more comes
 */
export interface Track {
  readonly state: "fresh" | "following" | "reset" | "ended";
  /** Where to go on; empty begins with a snapshot. */
  readonly cursor: string;
  /** What was shown last; 0 before anything was. */
  readonly sequence: number;
}

/** A track of which nothing is known. */
export const freshTrack: Track = { state: "fresh", cursor: "", sequence: 0 };

/**
 * What to do with a message.
 *
 * - show: it is news, and the track has got further
 * - note: it is news, but the track has not got further
 * - skip: it is none
 * - fault: it does not fit what came before; it must not be shown
 * - leave: the server ends this stream, not the watch
 */
export type Verdict = "show" | "note" | "skip" | "fault" | "leave";

type Step = (track: Track, message: AnyMessage) => readonly [Track, Verdict];
type MessageType = AnyMessage["type"];

const fault: Step = (track) => [track, "fault"];
const skip: Step = (track) => [track, "skip"];
const begin = (verdict: Verdict): Step => {
  return (_, { cursor, sequence }) => [{ state: "following", cursor, sequence }, verdict];
};
const reset: Step = () => [{ ...freshTrack, state: "reset" }, "note"];
const gone: Step = () => [freshTrack, "note"];
const end: Step = (track, message) => {
  if (message.type === "end" && message.reason !== "finished") return [track, "leave"];
  return [{ ...track, state: "ended" }, "note"];
};
const next: Step = (track, message) => {
  if (message.sequence !== track.sequence + 1) return [track, "fault"];
  return [{ ...track, cursor: message.cursor, sequence: message.sequence }, "show"];
};
const stay =
  (verdict: Verdict): Step =>
  (track, message) => {
    if (message.sequence !== track.sequence) return [track, "fault"];
    return [{ ...track, cursor: message.cursor || track.cursor }, verdict];
  };

/** What each message means in each state; SPEC.md prints it. */
export const trackTable: Record<Track["state"], Record<MessageType, Step>> = {
  fresh: {
    snapshot: begin("show"),
    event: fault,
    current: skip,
    heartbeat: skip,
    reset,
    removed: gone,
    end,
  },
  following: {
    snapshot: fault,
    event: next,
    current: stay("note"),
    heartbeat: stay("skip"),
    reset,
    removed: gone,
    end,
  },
  reset: {
    snapshot: begin("note"),
    event: fault,
    current: skip,
    heartbeat: skip,
    reset,
    removed: gone,
    end,
  },
  ended: {
    snapshot: skip,
    event: skip,
    current: skip,
    heartbeat: skip,
    reset: skip,
    removed: skip,
    end: skip,
  },
};

/** Takes one message of the object. */
export function follow(track: Track, message: AnyMessage): readonly [Track, Verdict] {
  return trackTable[track.state][message.type](track, message);
}
