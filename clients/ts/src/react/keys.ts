import type { QueryClient } from "@tanstack/react-query";

import { newer, type Task } from "../task.js";
import type { ListOptions } from "../tasks.js";

const root = "spectralnotify";

/** Under which keys the hooks keep answers in TanStack Query. */
export const keys = {
  task: (taskId: string) => [root, "task", taskId] as const,
  tasks: [root, "tasks"] as const,
  list: (list: ListOptions, pageSize: number) => [root, "tasks", list, pageSize] as const,
  histories: (taskId: string) => [root, "history", taskId] as const,
  history: (taskId: string, createdAt: string) => [root, "history", taskId, createdAt] as const,
  stats: [root, "stats"] as const,
};

/** Keeps a state of a task, unless a newer one is known. */
export function keepTask(cache: QueryClient, task: Task): void {
  cache.setQueryData<Task>(keys.task(task.taskId), (known) => newer(known, task));
}

/** Forgets what is kept of a task; hooks that show it ask again. */
export function forgetTask(cache: QueryClient, taskId: string): void {
  void cache.resetQueries({ queryKey: keys.task(taskId) });
  void cache.resetQueries({ queryKey: keys.histories(taskId) });
}
