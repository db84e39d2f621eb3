import type { Task } from "../task.js";
import { forgetTask, keepTask, keys } from "./keys.js";
import { useSpectralNotify } from "./provider.js";
import { useChangeOf } from "./use-change.js";

/**
 * The calls that change tasks, as TanStack mutations: `cancel.mutate({ taskId })`.
 * What they answer is shown at once by the other hooks.
 */
export function useTaskMutations() {
  const { tasks } = useSpectralNotify();
  return {
    create: useChange(tasks.create, (task) => task),
    addEvent: useChange(tasks.addEvent, ({ task }) => task),
    updateProgress: useChange(tasks.updateProgress, ({ task }) => task),
    complete: useChange(tasks.complete, ({ task }) => task),
    fail: useChange(tasks.fail, ({ task }) => task),
    cancel: useChange(tasks.cancel, ({ task }) => task),
    delete: useChange(tasks.delete, () => undefined, forgetTask),
  };
}

function useChange<Request extends { taskId?: string }, Answer>(
  call: (request: Request) => Promise<Answer>,
  taskOf: (answer: Answer) => Task | undefined,
  forget?: typeof forgetTask,
) {
  return useChangeOf({
    call,
    stateOf: taskOf,
    idOf: ({ taskId }: Request) => taskId,
    keep: keepTask,
    forget,
    lists: [keys.tasks, keys.stats],
  });
}
