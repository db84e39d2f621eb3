import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      { test: { name: "memory", include: ["test/memory/**/*.test.ts"], environment: "node", testTimeout: 20_000 } },
      { test: { name: "dom", include: ["test/dom/**/*.test.{ts,tsx}"], environment: "jsdom", testTimeout: 20_000 } },
    ],
  },
});
