import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

import type { House } from "./house.js";

/** Serves the WebSocket of a House's tasks as the server does, in the messages that the tests need. */
export class SocketServer {
  /** The path and query of each connection, oldest first. */
  readonly requests: string[] = [];
  readonly protocols: string[] = [];
  readonly received: string[] = [];
  /** May make other messages of those to be sent. */
  tamper: (text: string) => string[] = (text) => [text];
  #server: WebSocketServer;
  #sent = new Map<WebSocket, { taskId: string; at: number | undefined; generation: number }>();

  constructor(private readonly house: House) {
    this.#server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    this.#server.on("connection", (socket, request) => {
      const url = new URL(request.url ?? "", "ws://x");
      this.requests.push(url.pathname + url.search);
      this.protocols.push(request.headers["sec-websocket-protocol"] ?? "");
      const taskId = decodeURIComponent(url.pathname.slice("/ws/task/".length));
      const [generation = 0, at] = (url.searchParams.get("cursor") ?? "").split(".").map(Number);
      const kept = house.tasks.get(taskId);
      const known = kept
        ? { taskId, at: kept.events.length, generation: kept.generation }
        : { taskId, at: 0, generation: 0 };
      const stands = at === undefined ? known : { taskId, at, generation };
      this.#sent.set(socket, stands);
      socket.on("message", (data) => {
        this.received.push(String(data));
        socket.send('{"type":"pong"}');
      });
      socket.on("close", () => this.#sent.delete(socket));
      if (kept && at !== undefined && kept.generation !== generation) {
        Object.assign(stands, known);
        this.#send(socket, { type: "reset" }, kept.events.length);
      } else if (kept && url.searchParams.has("snapshot"))
        this.#send(socket, { type: "snapshot", events: [] }, known.at);
      this.pump();
    });
  }

  /** Resolves when connections are taken. */
  listening(): Promise<void> {
    return new Promise((resolve) => this.#server.once("listening", resolve));
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get open(): number {
    return this.#sent.size;
  }

  /** Sends what has happened. To be called after each change of the house. */
  pump(): void {
    for (const [socket, stands] of this.#sent) {
      const kept = this.house.tasks.get(stands.taskId);
      for (const event of kept?.events.slice(stands.at) ?? []) {
        stands.at = Number(event.id);
        this.#send(socket, typed(event), stands.at);
      }
    }
  }

  /** Closes all connections. */
  cut(code = 1012): void {
    for (const socket of this.#sent.keys()) socket.close(code, "cut");
  }

  close(): void {
    for (const socket of this.#server.clients) socket.terminate();
    this.#server.close();
  }

  #send(socket: WebSocket, message: object, sequence: number): void {
    const kept = this.house.tasks.get(this.#sent.get(socket)?.taskId ?? "");
    const task = {
      id: 1,
      taskId: kept?.task.taskId,
      status: words[kept?.task.status ?? 0],
      progress: kept?.task.progress,
    };
    const place = { taskId: task.taskId, task, timestamp: new Date().toISOString() };
    const cursor = `${kept?.generation}.${sequence}`;
    for (const text of this.tamper(JSON.stringify({ ...message, ...place, sequence, cursor }))) socket.send(text);
  }
}

const words = ["", "pending", "in-progress", "success", "failed", "canceled"];

function typed({ kind, message, progress }: { kind: string; message: string; progress?: number }): object {
  switch (kind) {
    case "task.progress":
      return { type: "progress", progress };
    case "task.succeeded":
      return { type: "complete" };
    case "task.failed":
      return { type: "fail", error: message };
    case "task.canceled":
      return { type: "cancel" };
    default:
      return { type: "event", event: { eventType: "log", message, progress } };
  }
}
