import { useMemo, useSyncExternalStore } from "react";

import type { TaskView } from "../watch/followed.js";
import { type Hub, idProblem } from "../watch/hub.js";
import { useSpectralNotify } from "./provider.js";

type Views = ReadonlyMap<string, TaskView>; // :: task id -> what is known of it

const none: Views = new Map();

/** Watches several tasks for as long as the component is mounted. */
export function useLiveRows(taskIds: readonly string[]): Views {
  const { hub } = useSpectralNotify();
  const list = JSON.stringify(taskIds);
  const rows = useMemo(() => liveRows(hub, JSON.parse(list) as string[]), [hub, list]);
  return useSyncExternalStore(rows.subscribe, rows.get, () => none);
}

function liveRows(hub: Hub, taskIds: readonly string[]) {
  const watched = taskIds.filter((taskId) => !idProblem(taskId));
  const read = (): Views => new Map(watched.flatMap((id) => pair(id, hub.view(id))));
  let views = read();
  return {
    get: () => views,
    subscribe(changed: () => void) {
      const stops = watched.map((taskId) =>
        hub.subscribe(taskId, {
          view(view) {
            views = new Map(views).set(taskId, view);
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

function pair(taskId: string, view: TaskView | undefined): [string, TaskView][] {
  return view ? [[taskId, view]] : [];
}
