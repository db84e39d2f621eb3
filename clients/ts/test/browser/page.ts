// What the pages of the tests run. It is reached as window.page.
import { createSpectralNotify, createTaskWebSocket, type SpectralNotify } from "../../src/index.js";
import { Checker } from "../checker.js";

let client: SpectralNotify;
const checkers = new Map<string, Checker>();
const sockets = new Map<string, number[]>(); // :: task id -> the sequences that its socket told

/** Connects to a server. */
export function connect(baseUrl: string, apiKey: string): void {
  client = createSpectralNotify({ baseUrl, apiKey });
}

/** Watches tasks over the stream of the page. */
export function watch(taskIds: string[]): void {
  for (const taskId of taskIds) {
    const checker = new Checker();
    checkers.set(taskId, checker);
    client.hub.subscribe(taskId, checker);
  }
}

/** What the watch of a task has seen. */
export function seen(taskId: string) {
  const { sequence, snapshots, events, resets, fault } = checkers.get(taskId) ?? new Checker();
  return { sequence, snapshots, events, resets, fault, view: client.hub.view(taskId)?.phase };
}

/** What all watches have seen last. */
export function sequences(): (number | undefined)[] {
  return [...checkers.values()].map(({ sequence }) => sequence);
}

/** The first promise that any watch has broken. */
export function fault(): string | undefined {
  return [...checkers.values()].find((checker) => checker.fault)?.fault;
}

/** Makes a call beside the watches, and tells how long it took. */
export async function call(taskId: string): Promise<{ progress: number; ms: number }> {
  const begin = performance.now();
  const { progress } = await client.tasks.getById({ taskId });
  return { progress, ms: Math.round(performance.now() - begin) };
}

/** Opens a task's WebSocket. */
export function openSocket(taskId: string, baseUrl: string): void {
  const told: number[] = [];
  sockets.set(taskId, told);
  createTaskWebSocket(taskId, { onMessage: ({ sequence }) => told.push(sequence) }, { baseUrl, snapshot: true });
}

/** What the socket of a task has told. */
export function told(taskId: string): number[] {
  return sockets.get(taskId) ?? [];
}
