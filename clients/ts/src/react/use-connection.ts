import { useCallback, useSyncExternalStore } from "react";

import { type Connection, idleConnection, worst } from "../watch/hub.js";
import { useSpectralNotify } from "./provider.js";

/** Where the connection that watches tasks and counters stands: the worse of the two, if both are watched. */
export function useConnection(): Connection {
  const { hub, counterHub } = useSpectralNotify();
  const subscribe = useCallback(
    (changed: () => void) => {
      const stops = [hub.watchConnection(changed), counterHub.watchConnection(changed)];
      return () => {
        for (const stop of stops) stop();
      };
    },
    [hub, counterHub],
  );
  return useSyncExternalStore(
    subscribe,
    () => worst([hub.connection, counterHub.connection]),
    () => idleConnection,
  );
}
