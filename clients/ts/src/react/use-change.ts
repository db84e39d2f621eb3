import { type QueryClient, type QueryKey, useMutation, useQueryClient } from "@tanstack/react-query";

interface Change<Request, Answer, S> {
  call(request: Request): Promise<Answer>;
  /** The state that an answer carries, if any. */
  stateOf(answer: Answer): S | undefined;
  /** Which object a request is on. */
  idOf(request: Request): string | undefined;
  keep(cache: QueryClient, state: S): void;
  /** Set if the call ends the object. */
  forget: ((cache: QueryClient, id: string) => void) | undefined;
  /** What is to be read again afterwards. */
  lists: readonly QueryKey[];
}

/** A call that changes an object, as a TanStack mutation; what it answers is shown at once by the other hooks. */
export function useChangeOf<Request, Answer, S>(change: Change<Request, Answer, S>) {
  const cache = useQueryClient();
  return useMutation<Answer, Error, Request>({
    mutationFn: (request) => change.call(request),
    onSuccess(answer, request) {
      const id = change.idOf(request);
      if (id) change.forget?.(cache, id);
      const state = change.stateOf(answer);
      if (state) change.keep(cache, state);
      for (const queryKey of change.lists) void cache.invalidateQueries({ queryKey });
    },
  });
}
