import type { CallOptions } from "@connectrpc/connect";
import { keepPreviousData, type QueryKey, useInfiniteQuery } from "@tanstack/react-query";

/** How a list is read, of whatever class. */
export interface ListOf {
  readonly queryKey: QueryKey;
  /** Objects a page: 1 to 1000; 50 if absent. */
  readonly pageSize?: number;
  /** How often the list is read again, in milliseconds; 2000 if absent. Rows are live in between. */
  readonly interval?: number;
  /** How many rows are live, from the top; 100 if absent. */
  readonly live?: number;
}

interface Page {
  readonly count: number;
  readonly countIsLowerBound: boolean;
  readonly nextPageToken: string;
}

/** Reads a list page by page, again and again. */
export function useList<P extends Page>(
  { queryKey, pageSize = 50, interval = 2_000 }: ListOf,
  read: (page: { pageSize: number; pageToken: string }, options: CallOptions) => Promise<P>,
) {
  const query = useInfiniteQuery({
    queryKey: [...queryKey, pageSize],
    queryFn: ({ pageParam, signal }) => read({ pageSize, pageToken: pageParam }, { signal }),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextPageToken || undefined,
    refetchInterval: interval,
    placeholderData: keepPreviousData,
    retry: false, // the client has tried again already, and the next poll comes soon
  });
  return {
    pages: query.data?.pages ?? [],
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

/** An object that moves while pages are read may be on two of them. */
export function once<S>(objects: readonly S[], idOf: (object: S) => string): S[] {
  const seen = new Set<string>();
  return objects.filter((object) => !seen.has(idOf(object)) && seen.add(idOf(object)));
}
