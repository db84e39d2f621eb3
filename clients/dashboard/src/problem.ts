import { Code, ConnectError } from "@connectrpc/connect";
import { reasonOf } from "@spectralnotify/client";

/** The server does not take the key, or wants one. */
export function wantsKey(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.Unauthenticated;
}

/** There is no such task or counter, or none that this key may see. */
export function isMissing(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.NotFound;
}

/** The server cannot be reached, or not now: waiting helps. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof ConnectError)) return error instanceof TypeError; // as fetch says that there is no network
  return [Code.Unavailable, Code.Unknown, Code.Aborted, Code.DeadlineExceeded, Code.Canceled].includes(error.code);
}

/** The server said that it stops. */
export function isDraining(error: unknown): boolean {
  return reasonOf(error) === "DRAINING";
}

/** What went wrong, for a person, and what he can do. */
export function explain(error: unknown): string {
  if (isDraining(error)) return "The server is stopping. Try again when it is back.";
  if (isPassing(error)) return "The server does not answer. Is it running? This page tries again by itself.";
  if (!(error instanceof ConnectError)) return error instanceof Error ? error.message : String(error);
  switch (error.code) {
    case Code.Unauthenticated:
      return "The server wants a key for this. Sign in first.";
    case Code.PermissionDenied:
      return `This key may not do that: ${error.rawMessage}.`;
    case Code.NotFound:
      return `There is no such ${reasonOf(error)?.startsWith("COUNTER") ? "counter" : "task"} any more.`;
    case Code.FailedPrecondition:
      return "Too late: the task has already ended.";
    default:
      return error.rawMessage;
  }
}
