import type { Client } from "@connectrpc/connect";

import { notFound } from "../error.js";
import { type TaskEvent, toEvent } from "../event.js";
import type { TaskService } from "../gen/spectralnotify/task/v1/task_service_pb.js";
import { WatchFollow, type WatchResponse } from "../gen/spectralnotify/task/v1/watch_pb.js";
import { isTerminal, type Task, toTask, updated } from "../task.js";
import { type Kind, type Told, told } from "./kind.js";
import { type Message, toMessage } from "./message.js";

/** Tasks, as watching knows them. */
export function taskKind(service: Client<typeof TaskService>): Kind<"task", Task, TaskEvent> {
  const read = (response: WatchResponse): Message<"task", Task, TaskEvent> | undefined =>
    toMessage("task", response, toTask, toEvent);
  return {
    name: "task",
    watchAll(targets, waitForCreate, options) {
      const of = targets.map(({ id, cursor }) => ({ taskId: id, cursor }));
      const stream = service.watchAll({ targets: of, follow: WatchFollow.FOREVER, waitForCreate }, options);
      return told(
        stream,
        ({ taskId, message, failure }): Told<"task", Task, TaskEvent> => ({
          id: taskId,
          message: message && read(message),
          failure,
        }),
      );
    },
    watch({ id, forever, history, ...asked }, options) {
      const follow = forever ? WatchFollow.FOREVER : WatchFollow.UNTIL_TERMINAL;
      const request = { ...asked, taskId: id, follow, ...(history !== undefined && { history }) };
      return told(
        service.watch(request, options),
        (message): Told<"task", Task, TaskEvent> => ({ id, message: read(message) }),
      );
    },
    updated,
    ended: ({ status }) => isTerminal(status),
    notFound: (id) => notFound("task", id),
  };
}
