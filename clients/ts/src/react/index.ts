"use client";

export { keys } from "./keys.js";
export { type ProviderProps, SpectralNotifyProvider, useSpectralNotify } from "./provider.js";
export { useConnection } from "./use-connection.js";
export { type LiveCounter, useCounter } from "./use-counter.js";
export { useCounterMutations } from "./use-counter-mutations.js";
export { type UseCountersOptions, useCounters } from "./use-counters.js";
export { useStats } from "./use-stats.js";
export { type LiveTask, useTask } from "./use-task.js";
export { useTaskHistory } from "./use-task-history.js";
export { useTaskMutations } from "./use-task-mutations.js";
export { type TaskRow, type UseTasksOptions, useTasks } from "./use-tasks.js";
