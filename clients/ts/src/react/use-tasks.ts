import { newer, type Task } from "../task.js";
import type { TaskFilter } from "../tasks.js";
import type { TaskView } from "../watch/followed.js";
import { keys } from "./keys.js";
import { useLiveRows } from "./live-rows.js";
import { useSpectralNotify } from "./provider.js";
import { type ListOf, once, useList } from "./use-list.js";

/** How a list of tasks is read. */
export interface UseTasksOptions extends Omit<ListOf, "queryKey"> {
  readonly order?: "created" | "updated";
}

/** A row of a list. */
export interface TaskRow extends Task {
  /** The newest message of its history, if the row is live. */
  readonly lastMessage: string | undefined;
}

/**
 * Lists tasks, newest first. The list is polled, so that new tasks appear; the
 * rows from the top are watched, so that they move. After a failed poll the last
 * list stays, and `error` says why.
 */
export function useTasks(filter: TaskFilter = {}, options: UseTasksOptions = {}) {
  const { tasks: calls, hub } = useSpectralNotify();
  const { order, live = 100 } = options;
  const asked = { filter, order };
  const { pages, ...list } = useList({ ...options, queryKey: keys.list(asked) }, (page, call) =>
    calls.listPage({ ...asked, ...page }, call),
  );
  const listed = once(
    pages.flatMap((page) => page.tasks),
    ({ taskId }) => taskId,
  );
  const views = useLiveRows(
    hub,
    "task",
    listed.slice(0, live).map(({ taskId }) => taskId),
  );
  return { tasks: listed.flatMap((task) => row(task, views.get(task.taskId), filter)), ...list };
}

/** The row of a listed task, with what its watch knows; none if that says that it has left the list. */
function row(listed: Task, view: TaskView | undefined, { statuses }: TaskFilter): TaskRow[] {
  const task = view?.task ? newer(listed, view.task) : listed;
  if (view?.removed && task.createdAt === view.task?.createdAt) return [];
  if (statuses?.length && !statuses.includes(task.status)) return [];
  return [{ ...task, lastMessage: view?.events.at(-1)?.message }];
}
