import { useMemo, useSyncExternalStore } from "react";

import type { View } from "../watch/followed.js";
import { type HubOf, idProblem } from "../watch/hub.js";
import type { State } from "../watch/kind.js";

type Views<N extends string, S, E> = ReadonlyMap<string, View<N, S, E>>; // :: id -> what is known of it

const none: Views<never, never, never> = new Map();

/** Watches several objects for as long as the component is mounted. */
export function useLiveRows<N extends string, S extends State, E>(
  hub: HubOf<N, S, E>,
  name: N,
  ids: readonly string[],
): Views<N, S, E> {
  const list = JSON.stringify(ids);
  const rows = useMemo(() => liveRows(hub, name, JSON.parse(list) as string[]), [hub, name, list]);
  return useSyncExternalStore(rows.subscribe, rows.get, () => none as Views<N, S, E>);
}

function liveRows<N extends string, S extends State, E>(hub: HubOf<N, S, E>, name: N, ids: readonly string[]) {
  const watched = ids.filter((id) => !idProblem(id, name));
  const read = (): Views<N, S, E> => new Map(watched.flatMap((id) => pair(id, hub.view(id))));
  let views = read();
  return {
    get: () => views,
    subscribe(changed: () => void) {
      const stops = watched.map((id) =>
        hub.subscribe(id, {
          view(view) {
            views = new Map(views).set(id, view);
            changed();
          },
        }),
      );
      views = read(); // it may have changed since the render
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}

function pair<V>(id: string, view: V | undefined): [string, V][] {
  return view ? [[id, view]] : [];
}
