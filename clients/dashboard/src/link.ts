/** How the page stands with the server, as a person would say it. */
export type Link =
  | { state: "connecting" }
  | { state: "live" }
  | { state: "waiting"; retryAt: number | undefined }
  | { state: "stopping" }
  | { state: "offline" }
  | { state: "paused" };

/** What is known of the connection, from the stream and from the last call for the list. */
export interface Signs {
  online: boolean;
  phase: "idle" | "connecting" | "live" | "waiting" | "paused" | "ended" | "failed";
  draining: boolean;
  retryAt: number | undefined;
  /** How the last call went; undefined before the first. */
  call: "ok" | "unreachable" | "draining" | undefined;
}

/** Reads the signs. The stream knows first; where there is none, calls tell. */
export function linkOf({ online, phase, draining, retryAt, call }: Signs): Link {
  if (!online) return { state: "offline" };
  if (phase === "waiting" || call === "unreachable" || call === "draining") {
    if (draining || call === "draining") return { state: "stopping" };
    return { state: "waiting", retryAt: phase === "waiting" ? retryAt : undefined };
  }
  if (phase === "paused") return { state: "paused" };
  if (phase === "live" || call === "ok") return { state: "live" };
  return { state: "connecting" };
}

/** The words for it. */
export function linkText(link: Link, now: number): string {
  switch (link.state) {
    case "connecting":
      return "Connecting";
    case "live":
      return "Live";
    case "stopping":
      return "Server is stopping";
    case "offline":
      return "You are offline";
    case "paused":
      return "Paused";
    case "waiting": {
      const seconds = link.retryAt === undefined ? 0 : Math.ceil((link.retryAt - now) / 1000);
      return seconds > 0 ? `Reconnecting in ${seconds} s` : "Reconnecting";
    }
  }
}

/** Whether what is shown is what is. */
export function isCurrent(link: Link): boolean {
  return link.state === "live" || link.state === "connecting";
}
