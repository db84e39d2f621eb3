import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Socket, connect as tcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";

import { until } from "../wait.js";

/** A key that the servers of the tests take. */
export const key = "a-key-for-the-tests-of-the-browser";

/** The real server, as a process of its own with a directory of its own. */
export class Server {
  readonly #dir = mkdtempSync(join(tmpdir(), "spectralnotify-"));
  #process: ChildProcess | undefined;
  #log = "";

  private constructor(
    readonly port: number,
    private readonly flags: string[],
  ) {}

  /** Starts a server that pages of `origin` may call. */
  static async start(origin: string, ...flags: string[]): Promise<Server> {
    const server = new Server(await freePort(), ["--cors-origin", origin, ...flags]);
    await server.restart();
    return server;
  }

  get baseUrl(): string {
    return `${this.flags.includes("--dev-tls") ? "https" : "http"}://127.0.0.1:${this.port}`;
  }

  /** Starts the process anew on the same port and directory. */
  async restart(): Promise<void> {
    const flags = ["serve", "--addr", `127.0.0.1:${this.port}`, "--data-dir", this.#dir, ...this.flags];
    const env = { ...process.env, SPECTRALNOTIFY_BOOTSTRAP_KEY: key };
    const child = spawn(inject("server"), flags, { env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data) => {
        this.#log += data;
      });
    }
    this.#process = child;
    let ready = false;
    const ask = async () => {
      ready = await fetch(`${this.baseUrl}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (!ready && child.exitCode === null) setTimeout(ask, 20);
    };
    void ask();
    await until(() => ready || child.exitCode !== null, "readiness", 20_000);
    if (!ready) throw new Error(`the server did not start:\n${this.#log}`);
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Stops the process and removes its directory. */
  async close(): Promise<void> {
    await this.#end("SIGKILL");
    rmSync(this.#dir, { recursive: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  }
}

/** A TCP proxy that cuts connections. */
export class CuttingProxy {
  readonly #ends = new Set<Socket>();
  readonly #listener = createServer((socket) => {
    const inner = tcp(this.target, "127.0.0.1");
    for (const [from, to] of [
      [socket, inner],
      [inner, socket],
    ] as const) {
      this.#ends.add(from);
      from.pipe(to);
      from.on("error", () => {});
      from.on("close", () => {
        this.#ends.delete(from);
        to.destroy();
      });
    }
  });

  private constructor(private readonly target: number) {}

  static async start(target: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(target);
    proxy.#listener.listen(0, "127.0.0.1");
    await once(proxy.#listener, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /** How many connections are open. */
  get open(): number {
    return this.#ends.size / 2;
  }

  /** Cuts all connections. */
  cut(): void {
    for (const socket of this.#ends) socket.destroy();
  }

  close(): void {
    this.#listener.close();
    this.cut();
  }
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, "close");
  return port;
}
