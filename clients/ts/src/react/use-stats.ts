import { useQuery } from "@tanstack/react-query";

import { keys } from "./keys.js";
import { useSpectralNotify } from "./provider.js";

/** How many tasks there are of each status, polled. */
export function useStats({ interval = 2_000 }: { interval?: number } = {}) {
  const { tasks } = useSpectralNotify();
  const { data, error, isPending } = useQuery({
    queryKey: keys.stats,
    queryFn: ({ signal }) => tasks.stats({ signal }),
    refetchInterval: interval,
    retry: false,
  });
  return { counts: data?.counts, total: data?.total ?? 0, error, isPending };
}
