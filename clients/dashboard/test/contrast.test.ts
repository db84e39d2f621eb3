import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const sheet = readFileSync("src/style.css", "utf8");
const blocks = [...sheet.matchAll(/:root \{([^}]*)\}/g)].map((match) => colours(match[1] ?? ""));
const themes = { light: blocks[0] ?? {}, dark: { ...blocks[0], ...blocks[1] } };

const inks = ["ink", "soft", "violet", "blue", "green", "red", "amber", "grey"];

// WCAG 2.2, 1.4.3: text 4.5 to 1; 1.4.11: what one must see to use the page 3 to 1.
for (const [theme, colour] of Object.entries(themes)) {
  const ratio = (a: string, b: string) => contrast(colour[a] ?? "", colour[b] ?? "");

  test.each(inks.flatMap((ink) => ["card", "paper", "wash"].map((ground) => [ink, ground])))(
    `${theme}: text in %s can be read on %s`,
    (ink, ground) => {
      expect(ratio(ink, ground)).toBeGreaterThanOrEqual(4.5);
    },
  );

  test.each([
    ["ink", "red-wash", 4.5],
    ["red", "red-wash", 4.5],
    ["soft", "track", 4.5],
    ["card", "violet", 4.5],
    ["card", "ink", 4.5],
    ["violet", "track", 3],
    ["blue", "track", 3],
    ["green", "track", 3],
    ["red", "track", 3],
    ["edge", "card", 3],
    ["edge", "paper", 3],
  ] as const)(`${theme}: %s stands out from %s`, (a, b, least) => {
    expect(ratio(a, b)).toBeGreaterThanOrEqual(least);
  });
}

function colours(block: string): Record<string, string> {
  return Object.fromEntries(
    [...block.matchAll(/--([a-z-]+): (#[0-9a-f]{3,6});/g)].map((match) => [match[1], match[2]]),
  );
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(hex: string): number {
  const long = hex.length === 4 ? hex.replace(/[0-9a-f]/g, "$&$&") : hex;
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => linear(Number.parseInt(long.slice(at, at + 2), 16) / 255));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function linear(channel: number): number {
  return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
}
