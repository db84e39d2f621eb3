import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";

import { newer, type Task } from "../task.js";
import type { TaskFilter } from "../tasks.js";
import type { TaskView } from "../watch/followed.js";
import { keys } from "./keys.js";
import { useLiveRows } from "./live-rows.js";
import { useSpectralNotify } from "./provider.js";

/** How a list is read. */
export interface UseTasksOptions {
  /** Tasks a page: 1 to 1000; 50 if absent. */
  pageSize?: number;
  order?: "created" | "updated";
  /** How often the list is read again, in milliseconds; 2000 if absent. Rows are live in between. */
  interval?: number;
  /** How many rows are live, from the top; 100 if absent. */
  live?: number;
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
  const { tasks: calls } = useSpectralNotify();
  const { pageSize = 50, order, interval = 2_000, live = 100 } = options;
  const list = { filter, order };
  const query = useInfiniteQuery({
    queryKey: keys.list(list, pageSize),
    queryFn: ({ pageParam, signal }) => calls.listPage({ ...list, pageSize, pageToken: pageParam }, { signal }),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextPageToken || undefined,
    refetchInterval: interval,
    placeholderData: keepPreviousData,
    retry: false, // the client has tried again already, and the next poll comes soon
  });
  const listed = once(query.data?.pages.flatMap((page) => page.tasks) ?? []);
  const views = useLiveRows(listed.slice(0, live).map((task) => task.taskId));
  return {
    tasks: listed.flatMap((task) => row(task, views.get(task.taskId), filter)),
    count: query.data?.pages[0]?.count ?? 0,
    countIsLowerBound: query.data?.pages[0]?.countIsLowerBound ?? false,
    isPending: query.isPending,
    error: query.error,
    hasNextPage: query.hasNextPage,
    fetchNextPage: query.fetchNextPage,
    isFetchingNextPage: query.isFetchingNextPage,
    refetch: query.refetch,
  };
}

/** A task that moves while pages are read may be on two of them. */
function once(tasks: readonly Task[]): Task[] {
  const seen = new Set<string>();
  return tasks.filter(({ taskId }) => !seen.has(taskId) && seen.add(taskId));
}

/** The row of a listed task, with what its watch knows; none if that says that it has left the list. */
function row(listed: Task, view: TaskView | undefined, { statuses }: TaskFilter): TaskRow[] {
  const task = view?.task ? newer(listed, view.task) : listed;
  if (view?.removed && task.createdAt === view.task?.createdAt) return [];
  if (statuses?.length && !statuses.includes(task.status)) return [];
  return [{ ...task, lastMessage: view?.events.at(-1)?.message }];
}
