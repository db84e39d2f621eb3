import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "vite";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    /** The path of the server. */
    server: string;
    /** The path of Chromium. */
    chromium: string;
    /** The script that pages load; see page.ts. */
    script: string;
  }
}

/** Makes what the tests need: the server, a browser, and the script of their pages. */
export async function setup(project: TestProject): Promise<void> {
  const out = join(import.meta.dirname, "out");
  mkdirSync(out, { recursive: true });
  project.provide("server", buildServer(out));
  project.provide("chromium", findChromium());
  project.provide("script", await buildScript());
}

function buildServer(out: string): string {
  const server = join(out, "spectralnotify");
  const module = join(import.meta.dirname, "../../../..");
  execFileSync("go", ["build", "-o", server, "./cmd/spectralnotify"], { cwd: module, stdio: "inherit" });
  return server;
}

function findChromium(): string {
  const wanted = process.env.CHROMIUM || "/usr/bin/chromium";
  if (existsSync(wanted)) return wanted;
  throw new Error(`${wanted} is missing: run tools/chromium`);
}

async function buildScript(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      minify: false,
      lib: { entry: join(import.meta.dirname, "page.ts"), formats: ["iife"], name: "page" },
    },
  });
  const [bundle] = Array.isArray(built) ? built : [];
  if (!bundle || !("output" in bundle)) throw new Error("vite gave no script");
  return bundle.output[0].code;
}
