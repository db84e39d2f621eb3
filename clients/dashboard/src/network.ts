import { type Pauses, pagePauses } from "@spectralnotify/client";
import { useSyncExternalStore } from "react";

/** Where the server is: where the page came from, also if a proxy puts it under a path. */
export function serverUrl(at: Location = location): string {
  return new URL(".", at.origin + at.pathname).href.replace(/\/$/, "");
}

/** Reports whether a host name is this machine, which needs no network to be reached. */
export function isThisMachine(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

const near = isThisMachine(location.hostname);

/** Streams rest while the page is hidden, and while there is no way to the server. */
export const pauses: Pauses = near
  ? { paused: () => document.visibilityState === "hidden", subscribe: pagePauses.subscribe }
  : pagePauses;

/** Whether there is a way to the server, as far as the browser knows. */
export function useOnline(): boolean {
  return useSyncExternalStore(onNetwork, () => near || navigator.onLine);
}

function onNetwork(changed: () => void): () => void {
  window.addEventListener("online", changed);
  window.addEventListener("offline", changed);
  return () => {
    window.removeEventListener("online", changed);
    window.removeEventListener("offline", changed);
  };
}
