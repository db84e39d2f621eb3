import { once } from "node:events";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";

import { createSpectralNotify, type SpectralNotify } from "../../src/index.js";
import { until } from "../wait.js";
import type * as script from "./page.js";
import { CuttingProxy, key, Server } from "./server.js";

declare global {
  interface Window {
    page: typeof script;
  }
}

let browser: Browser;
let site: HttpServer; // of another origin than the server's
let origin: string;
let page: Page;
let server: Server;
let proxy: CuttingProxy;
let backend: SpectralNotify; // reports on the tasks
const complaints: string[] = [];

beforeAll(async () => {
  const args = ["--no-sandbox", "--disable-gpu", "--ignore-certificate-errors", "--disable-background-networking"];
  browser = await chromium.launch({ executablePath: inject("chromium"), args });
  site = createServer((request, response) => {
    const isScript = request.url === "/page.js";
    response.setHeader("Content-Type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? inject("script") : '<!doctype html><script src="/page.js"></script>');
  }).listen(0, "127.0.0.1");
  await once(site, "listening");
  origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await browser.close();
  site.close();
});

beforeEach(async () => {
  complaints.length = 0;
  page = await browser.newPage();
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(origin);
});

afterEach(async () => {
  await page.close();
  proxy.close();
  await server.close();
  expect(complaints).toEqual([]);
});

/** Starts a server behind a proxy, and connects the page to it. */
async function start(...flags: string[]): Promise<string> {
  server = await Server.start(origin, ...flags);
  proxy = await CuttingProxy.start(server.port);
  backend = createSpectralNotify({ baseUrl: server.baseUrl, apiKey: key });
  const baseUrl = server.baseUrl.replace(String(server.port), String(proxy.port));
  await page.evaluate(([url, apiKey]) => window.page.connect(url, apiKey), [baseUrl, key] as const);
  return baseUrl;
}

/** Waits until the page's watch of a task has seen a sequence. */
async function seenUpTo(taskId: string, sequence: number) {
  await page.waitForFunction(
    ([id, at]) => window.page.fault() !== undefined || (window.page.seen(id).sequence ?? 0) >= at,
    [taskId, sequence] as const,
  );
  return await page.evaluate((id) => window.page.seen(id), taskId);
}

const from2To = (last: number) => Array.from({ length: last - 1 }, (_, i) => i + 2);
const random = (n: number) => Math.floor(Math.random() * n);

describe.each([
  { over: "HTTP/1.1", flags: [] as string[] },
  { over: "HTTP/2 and TLS", flags: ["--dev-tls"] },
])("a page of another origin, over $over", ({ over, flags }) => {
  test("sees each sequence once, whatever is cut: 20 times", async () => {
    await start(...flags);
    const protocols = await protocolsOf(page);
    await backend.tasks.create({ taskId: "a" });
    await page.evaluate(() => window.page.watch(["a"]));
    await seenUpTo("a", 1);
    for (let cut = 1; cut <= 20; cut++) {
      for (let i = 0; i < 10; i++) await backend.tasks.updateProgress({ taskId: "a", progress: random(100) });
      if (random(2)) await seenUpTo("a", cut * 10 - random(3)); // sometimes when all has come, sometimes in between
      await until(() => proxy.open > 0, "a connection");
      proxy.cut();
    }
    const last = (await backend.tasks.getById({ taskId: "a" })).sequence;
    expect(await seenUpTo("a", last)).toMatchObject({
      snapshots: 1,
      resets: 0,
      events: from2To(last),
      fault: undefined,
    });
    expect(last).toBe(201);
    expect(new Set(protocols)).toEqual(new Set([over === "HTTP/1.1" ? "http/1.1" : "h2"]));
  });

  test("goes on after kill -9 and a restart of the server", async () => {
    await start(...flags);
    await backend.tasks.create({ taskId: "a" });
    await page.evaluate(() => window.page.watch(["a"]));
    await seenUpTo("a", 1);
    for (let kills = 0; kills < 3; kills++) {
      for (let i = 0; i < 20; i++) await backend.tasks.updateProgress({ taskId: "a", progress: i });
      await server.kill();
      await page.waitForFunction(() => window.page.seen("a").view === "waiting");
      await server.restart();
    }
    const { task } = await backend.tasks.complete({ taskId: "a" });
    expect(await seenUpTo("a", task.sequence)).toMatchObject({
      snapshots: 1,
      resets: 0,
      events: from2To(62),
      view: "ended",
    });
  });
});

test("50 tasks on one page over plain HTTP/1.1 are one stream, and calls still work", async () => {
  await start();
  const protocols = await protocolsOf(page);
  let streams = 0;
  page.on("request", (request) => {
    if (request.url().endsWith("/WatchAll") && request.method() === "POST") streams++;
  });
  const ids = Array.from({ length: 50 }, (_, i) => `t${i}`);
  for (const taskId of ids) await backend.tasks.create({ taskId });
  await page.evaluate((taskIds) => window.page.watch(taskIds), ids);
  await page.waitForFunction(() => window.page.sequences().every((sequence) => sequence === 1));
  for (let i = 1; i <= 5; i++) {
    await Promise.all(ids.map((taskId) => backend.tasks.updateProgress({ taskId, progress: i })));
    const { progress, ms } = await page.evaluate(() => window.page.call("t7"));
    expect(progress).toBe(i);
    expect(ms).toBeLessThan(2_000);
  }
  await page.waitForFunction(() => window.page.sequences().every((sequence) => sequence === 6));
  expect(await page.evaluate(() => window.page.fault())).toBeUndefined();
  expect(streams).toBe(1);
  expect(new Set(protocols)).toEqual(new Set(["http/1.1"]));
});

test("the WebSocket of a task tells each sequence once, whatever is cut", async () => {
  const baseUrl = await start();
  await backend.tasks.create({ taskId: "a/b ä" });
  await page.evaluate((url) => window.page.openSocket("a/b ä", url), baseUrl);
  await page.waitForFunction(() => window.page.told("a/b ä").length === 1);
  for (let n = 2; n <= 101; n++) {
    await backend.tasks.updateProgress({ taskId: "a/b ä", progress: n % 100 });
    if (n % 10 === 0) proxy.cut();
    if (n % 20 === 0) await page.waitForFunction((at) => window.page.told("a/b ä").at(-1) === at, n);
  }
  await page.waitForFunction(() => window.page.told("a/b ä").at(-1) === 101);
  expect(await page.evaluate(() => window.page.told("a/b ä"))).toEqual([1, ...from2To(101)]);
});

/** The protocols by which the page's requests to other origins are answered, as they come. */
async function protocolsOf(target: Page): Promise<string[]> {
  const protocols: string[] = [];
  const session = await target.context().newCDPSession(target);
  await session.send("Network.enable");
  session.on("Network.responseReceived", ({ response }) => {
    if (response.url.includes("TaskService") && response.protocol) protocols.push(response.protocol);
  });
  return protocols;
}
