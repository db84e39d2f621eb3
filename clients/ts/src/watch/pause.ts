/** Tells when streams are of no use. */
export interface Pauses {
  /** Reports whether streams should be closed now. */
  paused(): boolean;
  /** Calls `changed` when that may have changed, until the result is called. */
  subscribe(changed: () => void): () => void;
}

/** Never pauses. For servers, and for pages that work in the background. */
export const neverPaused: Pauses = {
  paused: () => false,
  subscribe: () => () => {},
};

/** Pauses while the page is hidden or the browser is offline. Never outside of a page. */
export const pagePauses: Pauses = {
  paused() {
    if (typeof document === "undefined") return false;
    return document.visibilityState === "hidden" || navigator.onLine === false;
  },
  subscribe(changed) {
    if (typeof document === "undefined") return () => {};
    document.addEventListener("visibilitychange", changed);
    window.addEventListener("online", changed);
    window.addEventListener("offline", changed);
    return () => {
      document.removeEventListener("visibilitychange", changed);
      window.removeEventListener("online", changed);
      window.removeEventListener("offline", changed);
    };
  },
};
