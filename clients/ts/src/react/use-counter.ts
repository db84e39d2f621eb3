import type { Counter, CounterEvent } from "../counter.js";
import type { View } from "../watch/followed.js";
import type { SubscribeOptions } from "../watch/hub.js";
import { counters } from "./keys.js";
import { useSpectralNotify } from "./provider.js";
import { useWatched } from "./use-watched.js";

/** A counter as a component sees it. */
export interface LiveCounter extends View<"counter", Counter, CounterEvent> {}

/**
 * Watches a counter for as long as the component is mounted. All counters of a
 * client share one stream.
 *
 * ```tsx
 * const { counter, phase } = useCounter("visits");
 * ```
 */
export function useCounter(name: string, options: SubscribeOptions = {}): LiveCounter {
  const { counterHub } = useSpectralNotify();
  return useWatched(counterHub, counters, name, options);
}
