import { useCallback, useSyncExternalStore } from "react";

import { type Connection, idleConnection } from "../watch/hub.js";
import { useSpectralNotify } from "./provider.js";

/** Where the connection that watches tasks stands. */
export function useConnection(): Connection {
  const { hub } = useSpectralNotify();
  const subscribe = useCallback((changed: () => void) => hub.watchConnection(changed), [hub]);
  return useSyncExternalStore(
    subscribe,
    () => hub.connection,
    () => idleConnection,
  );
}
