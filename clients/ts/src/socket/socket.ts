import { type Clock, realClock } from "../clock.js";
import { deadAfter } from "../watch/line.js";
import { readFrame, type TaskWebSocketMessage } from "./message.js";

/** What a page wants to be told. */
export interface TaskSocketHandlers {
  /** Connected; called again after each reconnect. */
  onOpen?: () => void;
  /** A message; each sequence once and in order, also across reconnects. */
  onMessage?: (message: TaskWebSocketMessage) => void;
  /** Over: close() was called, or the socket gave up. Called once, at once. */
  onClose?: () => void;
  /** A connection was lost or the server complained. The socket goes on by itself. */
  onError?: (error: Error) => void;
}

/** How a task's WebSocket connects. */
export interface TaskSocketOptions {
  /** Where the server is, as http(s) or ws(s); else what setBaseUrl said, else the page's origin. */
  baseUrl?: string;
  /** An API key or token, or a function that gives a fresh one before each connect. */
  token?: string | (() => string | undefined);
  /** Begins with a message "snapshot". */
  snapshot?: boolean;
  /** After so many connects in a row that failed it gives up; if absent, only when the server will not have it. */
  tries?: number;
  /** Stands in for the WebSocket of the platform. */
  WebSocket?: new (
    url: string,
    protocols?: string[],
  ) => WebSocket;
  /** Stands in for time and chance. */
  clock?: Clock;
}

let defaultBaseUrl: string | undefined;

/** Sets where task sockets connect that are not told otherwise. */
export function setBaseUrl(baseUrl: string): void {
  defaultBaseUrl = baseUrl;
}

/**
 * Opens a task's WebSocket. It reconnects by itself and goes on where it was,
 * so onClose means that it is over. The result is used like a WebSocket.
 */
export function createTaskWebSocket(
  taskId: string,
  handlers: TaskSocketHandlers = {},
  options: TaskSocketOptions = {},
): TaskSocket {
  return new TaskSocket(taskId, handlers, options);
}

const pingEvery = 25_000;
const firstDelay = 500;
const longestDelay = 30_000;
/** Close code of a server that will not have us, now or later. */
const policyViolation = 1008;
/** What a subprotocol may consist of (RFC 9110, token). */
const plain = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** A WebSocket of one task that outlives its connections. */
export class TaskSocket implements WebSocket {
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSING = 2;
  readonly CLOSED = 3;

  onopen: WebSocket["onopen"] = null;
  onmessage: WebSocket["onmessage"] = null;
  onclose: WebSocket["onclose"] = null;
  onerror: WebSocket["onerror"] = null;

  #socket: WebSocket | undefined;
  #closed = false;
  #again = false; // there was a connection before
  #failures = 0; // connects in a row after which nothing came
  #cursor = "";
  #sequence: number | undefined; // what was shown last; undefined if the next may be any
  #cancelPing = () => {};
  #cancelSilence = () => {};
  #cancelReconnect = () => {};
  readonly #events = new EventTarget();
  readonly #clock: Clock;

  constructor(
    private readonly taskId: string,
    private readonly handlers: TaskSocketHandlers,
    private readonly options: TaskSocketOptions,
  ) {
    this.#clock = options.clock ?? realClock;
    this.#connect();
  }

  get url(): string {
    const base =
      this.options.baseUrl ?? defaultBaseUrl ?? (typeof location === "undefined" ? undefined : location.origin);
    if (!base) throw new Error("createTaskWebSocket: outside of a page a baseUrl is needed; see setBaseUrl");
    if (/^\.{0,2}$/.test(this.taskId)) {
      throw new Error(
        `createTaskWebSocket: the id ${JSON.stringify(this.taskId)} cannot be a step in a path; use watch`,
      );
    }
    const url = new URL(
      `${base.replace(/^http/, "ws").replace(/\/+$/, "")}/ws/task/${encodeURIComponent(this.taskId)}`,
    );
    if (this.#cursor) url.searchParams.set("cursor", this.#cursor);
    else if (this.options.snapshot || this.#again) url.searchParams.set("snapshot", "1");
    return url.href;
  }

  get readyState(): number {
    if (this.#closed) return this.CLOSED;
    return this.#socket?.readyState === this.OPEN ? this.OPEN : this.CONNECTING;
  }

  get protocol(): string {
    return this.#socket?.protocol ?? "";
  }

  get extensions(): string {
    return this.#socket?.extensions ?? "";
  }

  get bufferedAmount(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  get binaryType(): BinaryType {
    return "blob"; // all messages are text
  }

  set binaryType(_: BinaryType) {}

  /** Sends text to the server, which understands little: see the protocol. Throws unless connected. */
  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    if (this.readyState !== this.OPEN) throw new Error("the socket is not connected now; wait for onOpen");
    this.#socket?.send(data as string);
  }

  /** Closes the socket for good. Calls onClose before it returns. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#drop();
    this.handlers.onClose?.();
    this.#emit("onclose", new Event("close"));
  }

  addEventListener(...args: Parameters<EventTarget["addEventListener"]>): void {
    this.#events.addEventListener(...args);
  }

  removeEventListener(...args: Parameters<EventTarget["removeEventListener"]>): void {
    this.#events.removeEventListener(...args);
  }

  dispatchEvent(event: Event): boolean {
    return this.#events.dispatchEvent(event);
  }

  #connect(): void {
    const token = typeof this.options.token === "function" ? this.options.token() : this.options.token;
    const byProtocol = token && plain.test(token) ? [`sn.bearer.${token}`] : undefined;
    const Socket = this.options.WebSocket ?? WebSocket;
    const socket = new Socket(this.url, byProtocol);
    this.#socket = socket;
    socket.onopen = () => {
      if (token && !byProtocol) socket.send(JSON.stringify({ type: "auth", token }));
      this.#opened(socket);
    };
    socket.onmessage = ({ data }) => this.#received(data);
    socket.onclose = ({ code, reason }) => this.#lost(code, reason);
    socket.onerror = () => {}; // says no more than onclose, which follows
    this.#listen();
  }

  #opened(socket: WebSocket): void {
    this.#again = true;
    this.#listen();
    this.#ping(socket);
    this.handlers.onOpen?.();
    this.#emit("onopen", new Event("open"));
  }

  #ping(socket: WebSocket): void {
    this.#cancelPing = this.#clock.after(pingEvery, () => {
      socket.send(JSON.stringify({ type: "ping" }));
      this.#ping(socket);
    });
  }

  #received(data: unknown): void {
    this.#listen();
    const message = readFrame(data);
    if (!message) return;
    if (message.type !== "error") this.#failures = 0;
    if (message.type === "error") this.#fail(new Error(message.message));
    else if (message.type !== "pong") this.#show(message, data);
  }

  #show(message: TaskWebSocketMessage, data: unknown): void {
    if (!this.#fits(message)) {
      this.#lost(0, `the server went on at ${message.sequence}, not after ${this.#sequence}`);
      return;
    }
    const removed = message.type === "removed";
    this.#sequence = removed ? undefined : message.sequence;
    this.#cursor = removed ? "" : message.cursor;
    this.handlers.onMessage?.(message);
    this.#emit("onmessage", new MessageEvent("message", { data }));
  }

  /** Reports whether a message goes on where the one before was. */
  #fits({ type, sequence }: TaskWebSocketMessage): boolean {
    if (type === "snapshot" || type === "reset" || type === "removed") return true;
    return this.#sequence === undefined || sequence === this.#sequence + 1;
  }

  #lost(code: number, reason: string): void {
    if (this.#closed) return;
    this.#drop();
    this.#failures++;
    this.#fail(
      new Error(`the connection of task ${JSON.stringify(this.taskId)} was lost (${code}${reason && `: ${reason}`})`),
    );
    if (this.#closed) return; // by a handler
    if (code === policyViolation || this.#failures >= (this.options.tries ?? Number.POSITIVE_INFINITY)) {
      this.close();
      return;
    }
    const delay = this.#clock.random() * Math.min(longestDelay, firstDelay * 2 ** this.#failures);
    this.#cancelReconnect = this.#clock.after(delay, () => this.#connect());
  }

  #fail(error: Error): void {
    this.handlers.onError?.(error);
    this.#emit("onerror", new Event("error"));
  }

  /** A server answers pings; one that is silent for longer is dead. */
  #listen(): void {
    this.#cancelSilence();
    this.#cancelSilence = this.#clock.after(deadAfter, () => this.#lost(0, "the server fell silent"));
  }

  /** Leaves the connection there is; what it still brings is not looked at. */
  #drop(): void {
    this.#cancelPing();
    this.#cancelSilence();
    this.#cancelReconnect();
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #emit(handler: "onopen" | "onmessage" | "onclose" | "onerror", event: Event): void {
    (this[handler] as ((event: Event) => void) | null)?.call(this, event);
    this.#events.dispatchEvent(event);
  }
}
