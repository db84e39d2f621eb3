// Takes a picture of every scene of the page, in a real browser, of a real server: `npm run shots`, or of some:
// `npm run shots -- list lost`. The pictures are for people to look at; they land in shots/out. $CHROMIUM names
// another browser.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const out = fileURLToPath(new URL("out", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "spectralnotify-shots-"));
const binary = join(scratch, "spectralnotify");

const desktop = { width: 1280, height: 860 };
const phone = { width: 390, height: 844 };
const chosen = new Set(process.argv.slice(2));
const wanted = (scene) => chosen.size === 0 || chosen.has(scene);

await run("go", ["build", "-o", binary, "./cmd/spectralnotify"]);
if (chosen.size === 0) rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
});
const faults = [];
const servers = [];
try {
  await scenes();
} finally {
  await browser.close();
  for (const server of servers) server.kill("SIGKILL");
  rmSync(scratch, { recursive: true, force: true });
}
if (faults.length > 0) {
  console.error(`the page complained:\n${faults.join("\n")}`);
  process.exitCode = 1;
}

async function scenes() {
  const empty = await serve([
    "serve",
    "--addr",
    "127.0.0.1:0",
    "--data-dir",
    join(scratch, "data"),
    "--log-level",
    "error",
  ]);
  await shoot("sign-in", empty.url, (page) => page.getByLabel("API key").waitFor());
  await shoot("sign-in-wrong", empty.url, async (page) => {
    await page.getByLabel("API key").fill("sn_wrong_key");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").waitFor();
  });
  await shoot("empty", empty.link, (page) => page.getByText("No tasks yet").waitFor());

  await shoot("counters-empty", empty.link, async (page) => {
    await toCounters(page);
    await page.getByText("No counters yet").waitFor();
  });
  for (const args of [
    ["create", "downloads", "--initial", "120000"],
    ["increment", "downloads", "3417"],
    ["create", "queue-depth"],
    ["increment", "queue-depth", "12"],
    ["decrement", "queue-depth", "15"],
    ["create", "a name that somebody chose to be long enough to find out what the page does with it/2026"],
  ]) {
    await run(binary, [
      "counter",
      ...args,
      "--url",
      empty.url,
      "--data-dir",
      join(scratch, "data"),
      "--output",
      "json",
    ]);
  }
  await shoot("counters", empty.link, async (page) => {
    await toCounters(page);
    await page.getByLabel("Value of downloads").waitFor();
  });
  await shoot("counter-edit", empty.link, async (page) => {
    await toCounters(page);
    await page.getByRole("button", { name: "Change downloads" }).click();
    await page.getByRole("dialog").waitFor();
  });
  await shoot("counter-refused", empty.link, async (page) => {
    await toCounters(page);
    await page.getByRole("button", { name: "Change queue-depth" }).click();
    await page.getByLabel("Value", { exact: true }).fill("9007199254740991");
    await page.getByRole("button", { name: "Set", exact: true }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Increment queue-depth" }).click();
    await page.getByRole("alert").waitFor();
  });

  const demo = await serve(["demo", "--addr", "127.0.0.1:0", "--seed", "7", "--jobs", "8", "--speed", "2"]);
  await until(demo, / failed {2}/);
  await shoot("list", demo.link, rows);
  await shoot("list-filtered", `${demo.link}`, async (page) => {
    await rows(page);
    await page.getByRole("button", { name: /^Failed/ }).click();
    await page.locator(".rows").filter({ hasNotText: "Running" }).waitFor();
  });
  await shoot("no-match", demo.link, async (page) => {
    await page.getByLabel(/begins with/).fill("nothing-like-this");
    await page.getByText("No such tasks").waitFor();
  });
  await shoot("task-running", demo.link, (page) => open(page, "Running"));
  await shoot("task-done", demo.link, (page) => open(page, "Done"));
  await shoot("task-failed", demo.link, (page) => open(page, "Failed"));
  await shoot("confirm", demo.link, async (page) => {
    await open(page, "Done");
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").waitFor();
  });
  await shoot("not-found", demo.link, async (page) => {
    await rows(page);
    await page.evaluate(() => {
      location.hash = "#/tasks/film%2F..%2F7";
    });
    await page.getByText("No such task").waitFor();
  });
  await lost(demo);
}

function toCounters(page) {
  return page.getByRole("link", { name: "Counters" }).click();
}

/** The server dies while people look. */
async function lost(demo) {
  if (!wanted("lost")) return;
  const views = await Promise.all(
    looks().map(async (look) => {
      const page = await look.open();
      await page.goto(demo.link);
      await rows(page);
      return { look, page };
    }),
  );
  demo.kill("SIGKILL");
  for (const { look, page } of views) {
    await page.getByText("Reconnecting").first().waitFor();
    await page.waitForTimeout(2_500); // the words in the page come late
    await fits(page, `lost, ${look.name}`);
    await page.screenshot({ path: join(out, `lost-${look.name}.png`) });
    await page.context().close();
  }
}

function rows(page) {
  return page.getByRole("progressbar").nth(5).waitFor();
}

async function open(page, status) {
  await rows(page);
  await page.getByRole("button", { name: new RegExp(`^${status}`) }).click();
  await page.locator(".row-link").first().click();
  await page.locator(".moment").nth(1).waitFor();
}

/** The ways to look at a page. */
function looks() {
  return [
    ["desktop", "light", desktop],
    ["desktop", "dark", desktop],
    ["phone", "light", phone],
    ["phone", "dark", phone],
  ].map(([size, colorScheme, viewport]) => ({
    name: `${size}-${colorScheme}`,
    async open() {
      const context = await browser.newContext({ viewport, colorScheme, deviceScaleFactor: size === "phone" ? 2 : 1 });
      const page = await context.newPage();
      page.on("pageerror", (error) => faults.push(String(error)));
      page.on("console", (message) => {
        if (/Content Security Policy|TrustedHTML/i.test(message.text())) faults.push(message.text());
      });
      return page;
    },
  }));
}

async function shoot(scene, link, arrange) {
  if (!wanted(scene)) return;
  await Promise.all(looks().map((look) => picture(scene, look, link, arrange)));
  console.log(scene);
}

async function picture(scene, look, link, arrange) {
  const page = await look.open();
  try {
    await page.goto(link);
    await arrange(page);
    await page.waitForTimeout(900); // bars glide for 0.7 s
    await fits(page, `${scene}, ${look.name}`);
    if (page.url().includes("key=")) faults.push(`${scene}: the key is still in the address`);
  } catch (error) {
    faults.push(`${scene}, ${look.name}: ${error.message.split("\n")[0]}`);
  }
  await page.screenshot({ path: join(out, `${scene}-${look.name}.png`) });
  await page.context().close();
}

async function fits(page, what) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  if (wide) faults.push(`${what}: the page is wider than the screen`);
}

/** Starts a server; resolves when it answers. */
async function serve(args) {
  const child = spawn(binary, args, { cwd: scratch, stdio: ["ignore", "pipe", "inherit"] });
  servers.push(child);
  child.said = "";
  child.stdout.on("data", (text) => {
    child.said += text;
  });
  [, child.url] = await until(child, /ready at (\S+)/);
  [, child.link] = /dashboard: (\S+)/.exec(child.said);
  return child;
}

/** Resolves when what a server printed matches. */
function until(child, pattern) {
  return new Promise((resolve, reject) => {
    const look = () => {
      const match = pattern.exec(child.said);
      if (match) resolve(match);
      return match;
    };
    if (look()) return;
    child.stdout.on("data", look);
    child.once("exit", () => reject(new Error(`the server ended before it said ${pattern}`)));
  });
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit" });
    child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}`))));
  });
}
