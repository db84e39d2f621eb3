import type { Task, TaskEvent } from "@spectralnotify/client";

/** A moment for tests: noon. */
export const noon = Date.parse("2026-05-04T12:00:00.000Z");

/** A point in time some seconds before noon. */
export function before(seconds: number): string {
  return new Date(noon - seconds * 1000).toISOString();
}

/** A task that runs, with what is unusual about it. */
export function makeTask(unusual: Partial<Task> = {}): Task {
  return {
    id: 1,
    taskId: "film-7",
    status: "in-progress",
    progress: 40,
    createdAt: before(300),
    updatedAt: before(5),
    startedAt: before(240),
    completedAt: null,
    failedAt: null,
    canceledAt: null,
    metadata: null,
    result: null,
    sequence: 9,
    createdBy: "admin",
    error: "",
    tags: [],
    type: "render",
    eta: null,
    ...unusual,
  };
}

/** An event, with what is unusual about it. */
export function makeEvent(id: number, unusual: Partial<TaskEvent> = {}): TaskEvent {
  return {
    id,
    eventType: "log",
    kind: "task.event",
    message: `event ${id}`,
    timestamp: before(60),
    actor: "",
    ...unusual,
  };
}
