// Takes the TypeScript blocks out of the guide that this API began with (Task Durable Object
// Implementation Guide, version 1.0.0 of 2025-10-24), as they stand, into NN-section.ts.txt.
//
//   node test/seed/extract.mjs GUIDE.md
import { readFileSync, writeFileSync } from "node:fs";

const guide = readFileSync(process.argv[2], "utf8");
let section = "";
let n = 0;
for (const [, heading, block] of guide.matchAll(/^#{2,4} ([^\n]*)$|^```typescript\n(.*?)^```$/gms)) {
  if (heading)
    section = heading
      .replace(/[^A-Za-z]+/g, " ")
      .trim()
      .replaceAll(" ", "-")
      .toLowerCase();
  else writeFileSync(new URL(`${String(++n).padStart(2, "0")}-${section}.ts.txt`, import.meta.url), block);
}
