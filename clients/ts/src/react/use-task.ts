import { skipToken, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useSyncExternalStore } from "react";

import { newer, type Task } from "../task.js";
import { emptyView, type TaskView } from "../watch/followed.js";
import { idProblem, type SubscribeOptions } from "../watch/hub.js";
import type { WatchMessage } from "../watch/message.js";
import { forgetTask, keepTask, keys } from "./keys.js";
import { useSpectralNotify } from "./provider.js";

/** A task as a component sees it. */
export interface LiveTask extends TaskView {
  /** When it will be done, in ISO 8601; null while that means little. */
  readonly eta: string | null;
}

/**
 * Watches a task for as long as the component is mounted. All tasks of a client
 * share one stream.
 *
 * ```tsx
 * const { task, phase } = useTask("TASK-001");
 * ```
 */
export function useTask(taskId: string, { waitForCreate = false }: SubscribeOptions = {}): LiveTask {
  const { hub } = useSpectralNotify();
  const cache = useQueryClient();
  const subscribe = useCallback(
    (changed: () => void) => {
      if (idProblem(taskId)) return () => {};
      const view = ({ task }: TaskView) => {
        if (task) keepTask(cache, task);
        changed();
      };
      const message = ({ type }: WatchMessage) => {
        if (type === "reset") forgetTask(cache, taskId); // what was kept may never have been
      };
      return hub.subscribe(taskId, { message, view }, { waitForCreate });
    },
    [hub, cache, taskId, waitForCreate],
  );
  const view = useSyncExternalStore(
    subscribe,
    () => hub.view(taskId, { waitForCreate }) ?? emptyView,
    () => emptyView,
  );
  // Answers of calls may know more than the watch; only for a moment.
  const { data: known } = useQuery<Task>({ queryKey: keys.task(taskId), queryFn: skipToken });
  const problem = idProblem(taskId);
  if (problem) return { ...emptyView, phase: "failed", error: problem, eta: null };
  if (!view.task && view.phase === "failed") return { ...view, eta: null };
  const task = view.task ? newer(known, view.task) : known;
  // An answer may be of the next task of this id; the events are not.
  const events = view.task && task?.createdAt !== view.task.createdAt ? emptyView.events : view.events;
  return { ...view, task, events, eta: task?.eta ?? null };
}
