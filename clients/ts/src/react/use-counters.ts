import type { Counter } from "../counter.js";
import type { CounterFilter } from "../counters.js";
import { counters, keys } from "./keys.js";
import { useLiveRows } from "./live-rows.js";
import { useSpectralNotify } from "./provider.js";
import { type ListOf, once, useList } from "./use-list.js";

/** How a list of counters is read. */
export type UseCountersOptions = Omit<ListOf, "queryKey">;

/**
 * Lists counters, newest first. The list is polled, so that new counters appear;
 * the rows from the top are watched, so that they move. After a failed poll the
 * last list stays, and `error` says why.
 */
export function useCounters(filter: CounterFilter = {}, options: UseCountersOptions = {}) {
  const { counters: calls, counterHub } = useSpectralNotify();
  const { live = 100 } = options;
  const { pages, ...list } = useList({ ...options, queryKey: keys.counterList(filter) }, (page, call) =>
    calls.listPage({ ...filter, ...page }, call),
  );
  const listed = once(
    pages.flatMap((page) => page.counters),
    ({ name }) => name,
  );
  const views = useLiveRows(
    counterHub,
    "counter",
    listed.slice(0, live).map(({ name }) => name),
  );
  const rows = listed.flatMap((counter): Counter[] => {
    const view = views.get(counter.name);
    const now = view?.counter ? counters.newer(counter, view.counter) : counter;
    return view?.removed && now.createdAt === view.counter?.createdAt ? [] : [now];
  });
  return { counters: rows, ...list };
}
