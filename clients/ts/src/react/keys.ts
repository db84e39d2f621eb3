import type { QueryClient } from "@tanstack/react-query";

import type { Counter } from "../counter.js";
import type { CounterFilter } from "../counters.js";
import { newer, type Task } from "../task.js";
import type { ListOptions } from "../tasks.js";
import { newest } from "../watch/kind.js";
import type { Kept } from "./use-watched.js";

const root = "spectralnotify";

/** Under which keys the hooks keep answers in TanStack Query. */
export const keys = {
  task: (taskId: string) => [root, "task", taskId] as const,
  tasks: [root, "tasks"] as const,
  list: (list: ListOptions) => [root, "tasks", list] as const,
  histories: (taskId: string) => [root, "history", taskId] as const,
  history: (taskId: string, createdAt: string) => [root, "history", taskId, createdAt] as const,
  stats: [root, "stats"] as const,
  counter: (name: string) => [root, "counter", name] as const,
  counters: [root, "counters"] as const,
  counterList: (filter: CounterFilter) => [root, "counters", filter] as const,
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

/** How counters are kept. */
export const counters: Kept<"counter", Counter> = {
  name: "counter",
  key: keys.counter,
  keep: (cache, counter) =>
    void cache.setQueryData<Counter>(keys.counter(counter.name), (known) => counters.newer(known, counter)),
  forget: (cache, name) => void cache.resetQueries({ queryKey: keys.counter(name) }),
  newer: (known, next) => newest({ updated: (_, state) => state }, known, next),
};
