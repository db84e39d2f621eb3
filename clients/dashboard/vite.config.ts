import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// SPECTRALNOTIFY_URL is the server that `npm run dev` hands calls on to.
const server = process.env.SPECTRALNOTIFY_URL ?? "http://127.0.0.1:8094";

export default defineConfig({
  base: "./",
  resolve: {
    alias: [
      { find: /^@spectralnotify\/client\/react$/, replacement: file("../ts/src/react/index.ts") },
      { find: /^@spectralnotify\/client$/, replacement: file("../ts/src/index.ts") },
    ],
    // The client is built from its source; what it stands on comes from here, once.
    dedupe: [
      "react",
      "react-dom",
      "@tanstack/react-query",
      "@bufbuild/protobuf",
      "@connectrpc/connect",
      "@connectrpc/connect-web",
    ],
  },
  build: {
    outDir: file("../../internal/web/dist"),
    emptyOutDir: true,
    target: ["chrome111", "firefox114", "safari16.4"],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: { checks: { moduleLevelDirective: false } },
  },
  server: { proxy: { "/spectralnotify.": { target: server, changeOrigin: true } } },
  test: {
    environment: "jsdom",
    setupFiles: ["test/setup.ts"],
    include: ["test/**/*.test.{ts,tsx}"],
    restoreMocks: true,
  },
});
