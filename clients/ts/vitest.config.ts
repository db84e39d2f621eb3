import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const src = (file: string) => fileURLToPath(new URL(`src/${file}`, import.meta.url));

export default defineConfig({
  test: {
    projects: [
      { test: { name: "memory", include: ["test/memory/**/*.test.ts"], environment: "node", testTimeout: 20_000 } },
      {
        resolve: {
          alias: {
            "@/utils/websocket-task": src("index.ts"),
            "@spectralNotify/api/types/task": src("socket/message.ts"),
            "@spectralnotify/client": src("index.ts"),
          },
        },
        test: {
          name: "dom",
          include: ["test/dom/**/*.test.{ts,tsx}"],
          environment: "jsdom",
          globalSetup: "test/seed/blocks.ts",
          testTimeout: 20_000,
        },
      },
    ],
  },
});
