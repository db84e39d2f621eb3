export { createSpectralNotify, type Options, type SpectralNotify } from "./client.js";
export { type Clock, realClock } from "./clock.js";
export type { Counter, CounterEvent } from "./counter.js";
export type * from "./counters.js";
export { factsOf, isFinal, reasonOf } from "./error.js";
export type { EventType, NewEvent, TaskEvent } from "./event.js";
export { CounterService } from "./gen/spectralnotify/counter/v1/counter_service_pb.js";
export { TaskService } from "./gen/spectralnotify/task/v1/task_service_pb.js";
export type { TaskWebSocketMessage } from "./socket/message.js";
export {
  createTaskWebSocket,
  setBaseUrl,
  type TaskSocket,
  type TaskSocketHandlers,
  type TaskSocketOptions,
} from "./socket/socket.js";
export { isTerminal, type Metadata, type SocketTask, type Task, type TaskStatus } from "./task.js";
export type * from "./tasks.js";
export type { Credential } from "./transport.js";
export type { Listener, ListenerOf, Standing, TaskView, View } from "./watch/followed.js";
export type { Connection, Hub, HubOf, SubscribeOptions } from "./watch/hub.js";
export type { Kind, State } from "./watch/kind.js";
export type { LineState } from "./watch/machine.js";
export type { EndReason, Message, RemovedReason, ResetReason, WatchMessage } from "./watch/message.js";
export { neverPaused, type Pauses, pagePauses } from "./watch/pause.js";
export type { WatchOptions } from "./watch/watch.js";
