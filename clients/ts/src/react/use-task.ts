import { newer, type Task } from "../task.js";
import type { TaskView } from "../watch/followed.js";
import type { SubscribeOptions } from "../watch/hub.js";
import { forgetTask, keepTask, keys } from "./keys.js";
import { useSpectralNotify } from "./provider.js";
import { type Kept, useWatched } from "./use-watched.js";

/** A task as a component sees it. */
export interface LiveTask extends TaskView {
  /** When it will be done, in ISO 8601; null while that means little. */
  readonly eta: string | null;
}

const kept: Kept<"task", Task> = { name: "task", key: keys.task, keep: keepTask, forget: forgetTask, newer };

/**
 * Watches a task for as long as the component is mounted. All tasks of a client
 * share one stream.
 *
 * ```tsx
 * const { task, phase } = useTask("TASK-001");
 * ```
 */
export function useTask(taskId: string, options: SubscribeOptions = {}): LiveTask {
  const { hub } = useSpectralNotify();
  const view = useWatched(hub, kept, taskId, options);
  return { ...view, eta: view.task?.eta ?? null };
}
