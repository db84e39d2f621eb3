import type { TaskStatus } from "@spectralnotify/client";

/** Shapes on a grid of 16; each status and each kind of event has a shape of its own, not only a colour. */
const paths = {
  pending: "M8 2.25a5.75 5.75 0 1 1 0 11.5 5.75 5.75 0 0 1 0-11.5ZM8 5v3.2l2 1.6",
  "in-progress": "M3.8 3.6v8.8c0 .5.6.8 1 .5l7.4-4.4a.6.6 0 0 0 0-1L4.8 3.1a.6.6 0 0 0-1 .5Z",
  success: "M3 8.6 6.4 12 13 4.6",
  failed: "M4 4l8 8M12 4l-8 8",
  canceled: "M8 2.25a5.75 5.75 0 1 1 0 11.5 5.75 5.75 0 0 1 0-11.5ZM4 4l8 8",
  created: "M8 3.5v9M3.5 8h9",
  progress: "M3 11.5 6.5 8l2.5 2.5L13.5 5.5M10 5.5h3.5v3.5",
  log: "M3.5 4.5h9M3.5 8h9M3.5 11.5h5.5",
  warning: "M8 2.6 14.2 13.2H1.8L8 2.6ZM8 6.6v3.1M8 11.7v.1",
  back: "M9.5 3.5 5 8l4.5 4.5",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  edit: "M3 13l.6-2.8 7-7a1 1 0 0 1 1.4 0l.8.8a1 1 0 0 1 0 1.4l-7 7L3 13Z",
  trash: "M2.8 4.3h10.4M6.3 4.3V2.8h3.4v1.5M4.2 4.3l.6 8.9h6.4l.6-8.9",
  stop: "M4 4h8v8H4z",
  key: "M10.5 8.7a3.2 3.2 0 1 1 0-6.4 3.2 3.2 0 0 1 0 6.4ZM8.2 7.8 2.5 13.5M4.5 11.5l1.8 1.8",
} as const;

export type IconName = keyof typeof paths;

/** A shape for the eye; what it means is said in words beside it. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}

/** The shape for an event. */
export function eventIcon(kind: string, eventType: string): IconName {
  const byKind: Record<string, IconName> = {
    "task.created": "created",
    "task.progress": "progress",
    "task.succeeded": "success",
    "task.failed": "failed",
    "task.canceled": "canceled" satisfies TaskStatus,
  };
  const byType: Record<string, IconName> = { error: "warning", success: "success", progress: "progress" };
  return byKind[kind] ?? byType[eventType] ?? "log";
}
