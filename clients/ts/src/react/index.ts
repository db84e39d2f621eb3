"use client";

export { keys } from "./keys.js";
export { type ProviderProps, SpectralNotifyProvider, useSpectralNotify } from "./provider.js";
export { useConnection } from "./use-connection.js";
export { useStats } from "./use-stats.js";
export { type LiveTask, useTask } from "./use-task.js";
export { useTaskHistory } from "./use-task-history.js";
export { useTaskMutations } from "./use-task-mutations.js";
export { type TaskRow, type UseTasksOptions, useTasks } from "./use-tasks.js";
