import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dirname;
const built = join(here, "build");

/** The guide's blocks: name and text, as they stand. */
export function blocks(): { name: string; text: string }[] {
  const files = readdirSync(here).filter((file) => file.endsWith(".ts.txt"));
  return files
    .sort()
    .map((file) => ({ name: file.replace(".ts.txt", ""), text: readFileSync(join(here, file), "utf8") }));
}

/** Writes each block, inside of what declares what it does not, where it can be compiled and run. */
export function setup(): void {
  mkdirSync(built, { recursive: true });
  for (const { name, text } of blocks()) writeFileSync(join(built, `${name}.tsx`), wrap(text));
}

/** A module around a block. The block is not changed, but for `...`, which stands for what the reader likes. */
function wrap(text: string): string {
  const block = text.replace(", ... }", ", progress: 0 }");
  if (block.startsWith("{")) {
    return `import type { CreateTask } from "@spectralnotify/client";\n\nexport const value = (\n${block}) satisfies Pick<CreateTask, "metadata">;\n`;
  }
  const component = /^function (\w+)/m.exec(block)?.[1];
  if (component) return `${reactImports(block)}\n${block}\nexport { ${component} };\n`;
  return `import type { Given } from "../given.js";

export async function run({ client, taskId, userId, updateProgress }: Given) {
  void [client, taskId, userId, updateProgress];
  {
${block}
  }
}
`;
}

function reactImports(block: string): string {
  const socket = block.includes("import { createTaskWebSocket")
    ? ""
    : `import { createTaskWebSocket } from "@/utils/websocket-task";\n`;
  return `import { Text, useCallback, useEffect, useRef, useState, View } from "../given.js";
${socket}void [Text, useCallback, useEffect, useRef, useState, View];
`;
}
