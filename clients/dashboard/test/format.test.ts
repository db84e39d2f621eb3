import { expect, test } from "vitest";

import { ago, count, hasContent, jsonOf, lasted, left, many, span, when } from "../src/format.js";
import { before, noon } from "./make.js";

const s = 1000;
const min = 60 * s;
const h = 60 * min;

test.each([
  [0, "1 s"],
  [400, "1 s"],
  [59 * s, "59 s"],
  [60 * s, "1 min"],
  [150 * s, "3 min"],
  [59 * min, "59 min"],
  [h, "1 h"],
  [3 * h + 20 * min, "3 h 20 min"],
  [2 * h + 59.8 * min, "3 h"],
  [12 * h + 20 * min, "12 h"],
  [24 * h, "1 day"],
  [120 * h, "5 days"],
])("%d ms is said as %s", (ms, words) => {
  expect(span(ms)).toBe(words);
});

test.each([
  [before(0), "just now"],
  [before(-3), "just now"], // the server's clock is ahead
  [before(5), "5 s ago"],
  [before(7200), "2 h ago"],
  ["no time", ""],
])("%s is %s", (at, words) => {
  expect(ago(at, noon)).toBe(words);
});

test.each([
  [before(-120), "about 2 min left"],
  [before(-1), "any moment now"],
  [before(60), "any moment now"], // it takes longer than it seemed
  ["no time", ""],
])("until %s it is %s", (at, words) => {
  expect(left(at, noon)).toBe(words);
});

test.each([
  [10, 9.6, "0.4 s"],
  [30, 18, "12 s"],
  [200, 15, "3 min 5 s"],
  [200, 80, "2 min"],
  [10, 20, ""], // clocks went back
])("from %d s to %d s before noon it took %s", (from, to, words) => {
  expect(lasted(before(from), before(to))).toBe(words);
});

test("numbers are easy to read", () => {
  expect(count(1204)).toBe("1,204");
  expect(many(1, "task")).toBe("1 task");
  expect(many(0, "task")).toBe("0 tasks");
  expect(when(before(0))).toContain("2026");
  expect(when("no time")).toBe("");
});

test("text that is no JSON is nothing", () => {
  expect(jsonOf('{"a":1}')).toEqual({ a: 1 });
  expect(jsonOf("{")).toBeUndefined();
  expect(jsonOf(null)).toBeUndefined();
  expect([undefined, null, {}, [], 0, { a: 1 }].map(hasContent)).toEqual([false, false, false, false, true, true]);
});
