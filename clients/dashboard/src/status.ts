import type { TaskStatus } from "@spectralnotify/client";

/** All statuses, in the order of a task's life. */
export const statuses: readonly TaskStatus[] = ["in-progress", "pending", "success", "failed", "canceled"];

const words: Record<TaskStatus, string> = {
  pending: "Waiting",
  "in-progress": "Running",
  success: "Done",
  failed: "Failed",
  canceled: "Canceled",
};

/** The word for a status that a person reads. */
export function statusText(status: TaskStatus): string {
  return words[status];
}

/** Reports whether nothing more will come of the work. */
export function hasEnded(status: TaskStatus): boolean {
  return status === "success" || status === "failed" || status === "canceled";
}
