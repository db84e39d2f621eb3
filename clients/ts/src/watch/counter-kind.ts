import type { Client } from "@connectrpc/connect";

import { type Counter, type CounterEvent, toCounter, toCounterEvent } from "../counter.js";
import { notFound } from "../error.js";
import type { CounterService } from "../gen/spectralnotify/counter/v1/counter_service_pb.js";
import type { WatchResponse } from "../gen/spectralnotify/counter/v1/watch_pb.js";
import { type Kind, type Told, told } from "./kind.js";
import { type Message, toMessage } from "./message.js";

/** Counters, as watching knows them. They never end. */
export function counterKind(service: Client<typeof CounterService>): Kind<"counter", Counter, CounterEvent> {
  const read = (response: WatchResponse): Message<"counter", Counter, CounterEvent> | undefined =>
    toMessage("counter", response, toCounter, toCounterEvent);
  return {
    name: "counter",
    watchAll(targets, waitForCreate, options) {
      const of = targets.map(({ id, cursor }) => ({ name: id, cursor }));
      const stream = service.watchAll({ targets: of, waitForCreate }, options);
      return told(
        stream,
        ({ name, message, failure }): Told<"counter", Counter, CounterEvent> => ({
          id: name,
          message: message && read(message),
          failure,
        }),
      );
    },
    watch({ id, forever: _, history, ...asked }, options) {
      const request = { ...asked, name: id, ...(history !== undefined && { history }) };
      return told(
        service.watch(request, options),
        (message): Told<"counter", Counter, CounterEvent> => ({ id, message: read(message) }),
      );
    },
    updated: (_, next) => next,
    ended: () => false,
    notFound: (id) => notFound("counter", id),
  };
}
