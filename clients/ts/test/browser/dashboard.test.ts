import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from "vitest";

import { createSpectralNotify } from "../../src/index.js";
import { until } from "../wait.js";
import { key, Server } from "./server.js";

let browser: Browser;
let page: Page;
const complaints: string[] = [];
const endings: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"];
  browser = await chromium.launch({ executablePath: inject("chromium"), args });
});

afterAll(() => browser.close());

beforeEach(async () => {
  complaints.length = 0;
  page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (/Content Security Policy|TrustedHTML/i.test(message.text())) complaints.push(message.text());
  });
});

afterEach(async () => {
  await page.close();
  for (const end of endings.splice(0)) await end();
  expect(complaints).toEqual([]);
});

/** Keeps a picture of the page, to be looked at. */
const picture = (name: string) => page.screenshot({ path: join(import.meta.dirname, "out", `${name}.png`) });

/** Starts the demo; the link to its dashboard. */
async function demo(): Promise<string> {
  const child: ChildProcess = spawn(inject("server"), ["demo", "--addr", "127.0.0.1:0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  endings.push(async () => {
    child.kill("SIGINT");
    if (child.exitCode === null) await once(child, "exit");
  });
  let said = "";
  child.stdout?.on("data", (text) => {
    said += text;
  });
  const link = /^dashboard: (\S+)$/m;
  await until(() => link.test(said), "the link", 20_000);
  return link.exec(said)?.[1] ?? "";
}

async function serve() {
  const server = await Server.start("http://127.0.0.1:1");
  endings.push(() => server.close());
  const { tasks, counters } = createSpectralNotify({ baseUrl: server.baseUrl, apiKey: key });
  return { server, tasks, counters, link: `${server.baseUrl}/#key=${key}` };
}

const bar = (id: string) => page.getByRole("listitem").filter({ hasText: id }).getByRole("progressbar");
const shows = (id: string, percent: number) =>
  eventually(async () => (await bar(id).getAttribute("aria-valuenow")) === String(percent), `${id} at ${percent} %`);

/** Resolves when `done` resolves to true. */
async function eventually(done: () => Promise<boolean>, what: string, ms = 15_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await done())) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}

test("work moves within 3 seconds of opening the link that the demo prints", async () => {
  const link = await demo();
  const opened = Date.now();
  await page.goto(link);
  const bars = () =>
    page
      .getByRole("progressbar")
      .evaluateAll((all) =>
        all.map((bar) => [bar.getAttribute("aria-label"), bar.getAttribute("aria-valuenow")] as const),
      );
  const first = new Map<string | null, string | null>();
  await eventually(
    async () => {
      let moved = false;
      for (const [label, percent] of await bars()) {
        moved ||= first.has(label) && first.get(label) !== percent;
        if (!first.has(label)) first.set(label, percent);
      }
      return moved;
    },
    "a bar that moves",
    3_000 - (Date.now() - opened),
  );
  console.info(`the first bar moved ${Date.now() - opened} ms after the link was opened`);
  await picture("demo");
  expect(page.url()).not.toContain("key=");
});

test("the dashboard outlives kill -9 of its server and shows what happens then", async () => {
  const { server, tasks, link } = await serve();
  await tasks.create({ taskId: "film", type: "render" });
  await tasks.updateProgress({ taskId: "film", progress: 20 });
  await page.goto(link);
  await shows("film", 20);
  await server.kill();
  await page.getByText("Reconnecting").first().waitFor();
  await picture("away");
  await server.restart();
  await tasks.updateProgress({ taskId: "film", progress: 40, message: "after the restart" });
  await tasks.create({ taskId: "song" });
  await tasks.updateProgress({ taskId: "song", progress: 5 });
  await shows("film", 40);
  await shows("song", 5);
  await page.getByText("Reconnecting").first().waitFor({ state: "hidden" });
  await page.getByRole("link", { name: "film" }).click();
  await page.getByText("after the restart").first().waitFor();
  expect(await page.locator(".moment").count()).toBe(3);
  await picture("back");
});

test("a task is canceled, and deleted, after a question", async () => {
  const { tasks, link } = await serve();
  await tasks.create({ taskId: "film" });
  await tasks.updateProgress({ taskId: "film", progress: 20 });
  await page.goto(link);
  await page.getByRole("link", { name: "film" }).click();

  const button = (name: string) => page.getByRole("button", { name, exact: true });
  const answer = (name: RegExp) => page.getByRole("dialog").getByRole("button", { name });
  await button("Cancel").click();
  await answer(/^let it run/i).click();
  expect((await tasks.getById({ taskId: "film" })).status).toBe("in-progress");
  await button("Cancel").click();
  await answer(/^cancel/i).click();
  await eventually(async () => (await tasks.getById({ taskId: "film" })).status === "canceled", "the end of the task");
  await button("Delete").click();
  await answer(/^delete/i).click();
  await page.getByText("No tasks yet").waitFor();
  await picture("deleted");
  await page.goBack(); // what was kept of the task must not come back
  await page.getByText("No such task").waitFor();
});

test("counters move live, are changed by hand, and outlive their server", async () => {
  const { server, counters, link } = await serve();
  await counters.create({ name: "visits", initialValue: 40 });
  await page.goto(link);
  await page.getByRole("link", { name: "Counters" }).click();
  const value = page.getByLabel("Value of visits");
  const reads = (text: string) => eventually(async () => (await value.textContent()) === text, `the value ${text}`);
  await reads("40");
  await counters.increment({ name: "visits" });
  await reads("41");
  await page.getByRole("button", { name: "Increment visits" }).click();
  await reads("42");
  expect((await counters.get({ name: "visits" })).value).toBe(42);
  await picture("counters");
  await server.kill();
  await server.restart();
  await counters.decrement({ name: "visits", amount: 2 });
  await reads("40");
});
