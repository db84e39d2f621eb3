import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import type { TaskEvent } from "../event.js";
import { keys } from "./keys.js";
import { useSpectralNotify } from "./provider.js";
import { useTask } from "./use-task.js";

/**
 * A task's events, newest first: new ones come by themselves, older ones by
 * fetchNextPage.
 */
export function useTaskHistory(taskId: string, { pageSize = 50 }: { pageSize?: number } = {}) {
  const { tasks: calls } = useSpectralNotify();
  const { task, events: live } = useTask(taskId);
  const query = useInfiniteQuery({
    queryKey: keys.history(taskId, task?.createdAt ?? ""),
    queryFn: ({ pageParam, signal }) =>
      calls.historyPage({ taskId, limit: pageSize, pageToken: pageParam }, { signal }),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextPageToken || undefined,
    enabled: task !== undefined,
    staleTime: Number.POSITIVE_INFINITY, // events never change
    retry: false,
  });
  const events = merge(query.data?.pages.flatMap((page) => page.events) ?? [], live);
  const { refetch, isFetching, isError } = query;
  const lacks = !isFetching && !isError && query.data !== undefined && hasHole(events);
  const newest = events[0]?.id;
  const asked = useRef<number>(undefined); // an answer that leaves the hole is not asked for again before there is news
  useEffect(() => {
    if (!lacks || asked.current === newest) return;
    asked.current = newest;
    void refetch();
  }, [lacks, newest, refetch]);
  return {
    events,
    isPending: query.isPending,
    error: query.error,
    hasNextPage: query.hasNextPage,
    fetchNextPage: query.fetchNextPage,
    isFetchingNextPage: query.isFetchingNextPage,
  };
}

/** All events, each once, newest first; what a later list says of an event holds. */
function merge(...lists: readonly (readonly TaskEvent[])[]): TaskEvent[] {
  const byId = new Map(lists.flat().map((event) => [event.id, event]));
  return [...byId.values()].sort((a, b) => b.id - a.id);
}

/** The watch keeps the newest events only: with a lot of news it loses touch with what was read. */
function hasHole(events: readonly TaskEvent[]): boolean {
  const [first] = events;
  const last = events.at(-1);
  return first !== undefined && last !== undefined && first.id - last.id + 1 !== events.length;
}
