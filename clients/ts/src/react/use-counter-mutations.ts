import type { Counter } from "../counter.js";
import type { CounterChange } from "../counters.js";
import { counters, keys } from "./keys.js";
import { useSpectralNotify } from "./provider.js";
import { useChangeOf } from "./use-change.js";

/**
 * The calls that change counters, as TanStack mutations:
 * `increment.mutate({ name })`. What they answer is shown at once by the other
 * hooks.
 */
export function useCounterMutations() {
  const { counters: calls } = useSpectralNotify();
  return {
    create: useChange(calls.create, (counter) => counter),
    increment: useChange(calls.increment, changed),
    decrement: useChange(calls.decrement, changed),
    setValue: useChange(calls.setValue, changed),
    reset: useChange(calls.reset, changed),
    delete: useChange(calls.delete, () => undefined, counters.forget),
  };
}

const changed = ({ counter }: CounterChange) => counter;

function useChange<Request extends { name?: string }, Answer>(
  call: (request: Request) => Promise<Answer>,
  stateOf: (answer: Answer) => Counter | undefined,
  forget?: typeof counters.forget,
) {
  const { keep } = counters;
  return useChangeOf({ call, stateOf, idOf: ({ name }: Request) => name, keep, forget, lists: [keys.counters] });
}
