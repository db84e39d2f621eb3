import { type QueryClient, type QueryKey, skipToken, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useSyncExternalStore } from "react";

import { emptyView, nothing, type View } from "../watch/followed.js";
import { type HubOf, idProblem, type SubscribeOptions } from "../watch/hub.js";
import type { State } from "../watch/kind.js";
import type { Message } from "../watch/message.js";

/** How the states of a class are kept in TanStack Query. */
export interface Kept<N extends string, S> {
  readonly name: N;
  key(id: string): QueryKey;
  /** Keeps a state, unless a newer one is known. */
  keep(cache: QueryClient, state: S): void;
  /** Forgets what is kept of an object; hooks that show it ask again. */
  forget(cache: QueryClient, id: string): void;
  newer(known: S | undefined, next: S): S;
}

/** Watches an object for as long as the component is mounted. */
export function useWatched<N extends string, S extends State, E>(
  hub: HubOf<N, S, E>,
  kept: Kept<N, S>,
  id: string,
  { waitForCreate = false }: SubscribeOptions,
): View<N, S, E> {
  const { name } = kept;
  const cache = useQueryClient();
  const empty = useMemo(() => emptyView<N, S, E>(name), [name]);
  const subscribe = useCallback(
    (changed: () => void) => {
      if (idProblem(id, name)) return () => {};
      const view = (view: View<N, S, E>) => {
        const state = view[name] as S | undefined;
        if (state) kept.keep(cache, state);
        changed();
      };
      const message = ({ type }: Message<N, S, E>) => {
        if (type === "reset") kept.forget(cache, id); // what was kept may never have been
      };
      return hub.subscribe(id, { message, view }, { waitForCreate });
    },
    [hub, kept, name, cache, id, waitForCreate],
  );
  const view = useSyncExternalStore(
    subscribe,
    () => hub.view(id, { waitForCreate }) ?? empty,
    () => empty,
  );
  // Answers of calls may know more than the watch; only for a moment.
  const { data: known } = useQuery<S>({ queryKey: kept.key(id), queryFn: skipToken });
  const problem = idProblem(id, name);
  if (problem) return { ...empty, phase: "failed", error: problem };
  const watched = view[name] as S | undefined;
  if (!watched && view.phase === "failed") return view;
  const state = watched ? kept.newer(known, watched) : known;
  // An answer may be of the next object of this id; the events are not.
  const events = watched && state?.createdAt !== watched.createdAt ? nothing.events : view.events;
  return { ...view, [name]: state, events };
}
