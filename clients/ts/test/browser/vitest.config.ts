import { defineConfig } from "vitest/config";

export default defineConfig({
  root: new URL("../..", import.meta.url).pathname,
  test: {
    name: "browser",
    include: ["test/browser/**/*.test.ts"],
    globalSetup: "test/browser/build.ts",
    testTimeout: 90_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    env: { NODE_TLS_REJECT_UNAUTHORIZED: "0" }, // --dev-tls signs its certificate itself
  },
});
