import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket as NodeSocket } from "ws";

import {
  createTaskWebSocket,
  setBaseUrl,
  type TaskSocket,
  type TaskSocketOptions,
  type TaskWebSocketMessage,
} from "../../src/index.js";
import { fastClock, ManualClock } from "../clock.js";
import { House } from "../house.js";
import { SocketServer } from "../socket-server.js";
import { until } from "../wait.js";

let house: House;
let server: SocketServer;
let sockets: TaskSocket[];

beforeEach(async () => {
  house = new House();
  server = new SocketServer(house);
  await server.listening();
  sockets = [];
});
afterEach(() => {
  for (const socket of sockets) socket.close();
  server.close();
});

/** Opens a socket and keeps what it tells. */
function open(taskId: string, options: TaskSocketOptions = {}) {
  const log = { opens: 0, closes: 0, errors: [] as string[], messages: [] as TaskWebSocketMessage[] };
  const socket = createTaskWebSocket(
    taskId,
    {
      onOpen: () => log.opens++,
      onMessage: (message) => log.messages.push(message),
      onClose: () => log.closes++,
      onError: ({ message }) => log.errors.push(message),
    },
    {
      baseUrl: options.baseUrl ?? server.baseUrl,
      WebSocket: NodeSocket as never,
      clock: options.clock ?? fastClock,
      token: options.token,
      tries: options.tries,
      snapshot: options.snapshot,
    },
  );
  sockets.push(socket);
  return { socket, log };
}

function act(change: () => void): void {
  change();
  server.pump();
}

describe("the WebSocket of a task", () => {
  test("tells each call by its name", async () => {
    const { log } = open("a/b ä");
    await until(() => log.opens === 1, "a connection");
    act(() => house.create("a/b ä"));
    act(() => house.progress("a/b ä", 40));
    act(() => house.complete("a/b ä"));
    await until(() => log.messages.length === 3, "messages");
    expect(log.messages).toMatchObject([
      { type: "event", sequence: 1, taskId: "a/b ä", event: { message: "Task created" }, task: { status: "pending" } },
      { type: "progress", sequence: 2, progress: 40, task: { status: "in-progress", progress: 40 } },
      { type: "complete", sequence: 3, task: { status: "success", progress: 100 } },
    ]);
    expect(server.requests).toEqual(["/ws/task/a%2Fb%20%C3%A4"]);
  });

  test("goes on where it was after 20 cuts, each sequence once", async () => {
    const { log } = open("a");
    await until(() => log.opens === 1, "a connection");
    act(() => house.create("a"));
    for (let i = 1; i <= 20; i++) {
      act(() => house.progress("a", i));
      if (i % 2) await until(() => log.messages.length > 0, "a message");
      server.cut();
      house.progress("a", i + 50);
      await until(() => log.opens === i + 1, `connection ${i}`);
    }
    await until(() => log.messages.at(-1)?.sequence === 41, "the last message");
    const first = log.messages[0]?.sequence ?? 0;
    expect(log.messages.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 42 - first }, (_, i) => first + i),
    );
    expect(log.errors.length).toBe(20);
    expect(log.closes).toBe(0);
  });

  test("asks for a snapshot if it was cut before any message", async () => {
    house.create("a");
    const { log } = open("a");
    await until(() => log.opens === 1, "a connection");
    server.cut();
    house.progress("a", 1);
    await until(() => log.messages.length === 1, "a message");
    expect(log.messages[0]).toMatchObject({ type: "snapshot", sequence: 2 });
    expect(server.requests).toEqual(["/ws/task/a", "/ws/task/a?snapshot=1"]);
  });

  test("is reset when the task was replaced", async () => {
    house.create("a");
    const { log } = open("a", { snapshot: true });
    await until(() => log.messages.length === 1, "a snapshot");
    house.delete("a");
    house.create("a");
    server.cut();
    await until(() => log.messages.length === 2, "the reset");
    act(() => house.progress("a", 1));
    await until(() => log.messages.length === 3, "the next message");
    expect(log.messages.map(({ type }) => type)).toEqual(["snapshot", "reset", "progress"]);
  });

  test("shows nothing after a gap and nothing twice", async () => {
    const { log } = open("a");
    await until(() => log.opens === 1, "a connection");
    act(() => house.create("a"));
    await until(() => log.messages.length === 1, "the creation");
    let n = 0;
    server.tamper = (text) => (n++ === 0 ? [] : n === 3 ? [text, text] : [text]);
    for (let i = 1; i <= 4; i++) act(() => house.progress("a", i));
    await until(() => log.messages.at(-1)?.sequence === 5, "the last message");
    expect(log.messages.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
    expect(log.errors.length).toBeGreaterThan(0);
  });

  test("closes once, at once, for good", async () => {
    const { socket, log } = open("a");
    await until(() => log.opens === 1, "a connection");
    const seen: string[] = [];
    socket.onclose = () => seen.push("onclose");
    socket.addEventListener("close", () => seen.push("close"));
    socket.close();
    expect([log.closes, seen, socket.readyState]).toEqual([1, ["onclose", "close"], socket.CLOSED]);
    socket.close();
    await until(() => server.open === 0, "the end");
    expect([log.closes, log.errors, server.requests.length]).toEqual([1, [], 1]);
  });

  test("gives up after so many connects that failed", async () => {
    const { baseUrl } = server;
    server.close();
    const { socket, log } = open("a", { baseUrl, tries: 3 });
    await until(() => log.closes === 1, "giving up");
    expect([log.opens, log.errors.length, socket.readyState]).toEqual([0, 3, socket.CLOSED]);
  });

  test("gives up at once if the server will not have it", async () => {
    const { log } = open("a");
    await until(() => log.opens === 1, "a connection");
    server.cut(1008);
    await until(() => log.closes === 1, "giving up");
    expect(log.errors).toEqual(['the connection of task "a" was lost (1008: cut)']);
  });

  test("pings every 25 s, and leaves a server that is silent for 45 s", async () => {
    const clock = new ManualClock();
    const { log } = open("a", { clock });
    await until(() => log.opens === 1, "a connection");
    clock.advance(25_000);
    await until(() => server.received.length === 1, "a ping");
    expect(server.received).toEqual(['{"type":"ping"}']);
    clock.advance(45_000); // no turn of the event loop: the answers do not arrive
    expect(log.errors[0]).toContain("silent");
  });

  test("shows its credential by a subprotocol, or by its first message if that cannot carry it", async () => {
    const first = open("a", { token: "sn_1_abc" });
    await until(() => server.protocols.length === 1, "a connection");
    expect(server.protocols).toEqual(["sn.bearer.sn_1_abc"]);
    first.socket.close();
    open("a", { token: () => "pass phrase" });
    await until(() => server.received.length === 1, "a message");
    expect(server.received).toEqual(['{"type":"auth","token":"pass phrase"}']);
  });

  test("connects to what setBaseUrl said, and without that says what is missing", () => {
    const options = { WebSocket: NodeSocket as never, clock: fastClock };
    expect(() => createTaskWebSocket("a", {}, options)).toThrow("setBaseUrl");
    setBaseUrl(server.baseUrl);
    const socket = createTaskWebSocket("a", {}, options);
    sockets.push(socket);
    expect(socket.url).toBe(`${server.baseUrl.replace("http", "ws")}/ws/task/a`);
  });

  test("connects below the path of a baseUrl, and not for an id that is a step in a path", () => {
    const options = { baseUrl: `${server.baseUrl}/below/`, WebSocket: NodeSocket as never, clock: fastClock };
    const socket = createTaskWebSocket("a/b", {}, options);
    sockets.push(socket);
    expect(socket.url).toBe(`${server.baseUrl.replace("http", "ws")}/below/ws/task/a%2Fb`);
    for (const id of ["", ".", ".."]) expect(() => createTaskWebSocket(id, {}, options)).toThrow("step in a path");
  });

  test("an error message is no success: the pauses grow", async () => {
    const clock = new ManualClock();
    const delays: number[] = [];
    const after = clock.after.bind(clock);
    clock.after = (ms, call) => {
      delays.push(ms);
      return after(ms, call);
    };
    const sent: FakeSocket[] = [];
    class FakeSocket {
      readyState = 0;
      onopen?: () => void;
      onmessage?: (event: { data: string }) => void;
      onclose?: (event: { code: number; reason: string }) => void;
      constructor() {
        sent.push(this);
      }
      send() {}
      close() {}
    }
    sockets.push(createTaskWebSocket("a", {}, { baseUrl: "http://h", WebSocket: FakeSocket as never, clock }));
    for (let i = 1; i <= 6; i++) {
      await until(() => sent.length === i, "a connect");
      sent.at(-1)?.onopen?.();
      sent.at(-1)?.onmessage?.({ data: '{"type":"error","message":"try later"}' });
      delays.length = 0;
      sent.at(-1)?.onclose?.({ code: 1013, reason: "" });
      const [pause = 0] = delays;
      expect(pause).toBe(clock.random() * Math.min(30_000, 500 * 2 ** i));
      clock.advance(pause);
    }
  });

  test("is used like a WebSocket", async () => {
    const { socket, log } = open("a");
    const plain: WebSocket = socket;
    const seen: unknown[] = [];
    plain.onmessage = ({ data }) => seen.push(JSON.parse(data).type);
    expect(() => plain.send("ping")).toThrow("not connected");
    await until(() => log.opens === 1, "a connection");
    expect(plain.readyState).toBe(plain.OPEN);
    act(() => house.create("a"));
    await until(() => seen.length === 1, "a message");
    expect(seen).toEqual(["event"]);
  });
});
