import { expect, test } from "vitest";

import { countersHref, everything, listHref, parseRoute, taskHref } from "../src/route.js";

test.each(["film-7", "a/b", "..", "../../etc", "100%", "a?b#c", "été 🎬", "a&b=c", "\\", "#/"])(
  "the task %s has an address of its own",
  (taskId) => {
    const href = taskHref(taskId);
    expect(new URL(href, "http://host/").hash).toBe(href); // no browser rewrites it
    expect(parseRoute(href)).toEqual({ page: "task", taskId });
  },
);

test.each([
  everything,
  { status: "failed" as const, prefix: "" },
  { status: undefined, prefix: "a&b #1" },
  { status: "in-progress" as const, prefix: "render-" },
])("the list %j has an address of its own", (filter) => {
  expect(parseRoute(listHref(filter))).toEqual({ page: "list", filter });
});

test.each(["", "a&b #1", "visits/"])("the counters that begin with “%s” have an address of their own", (prefix) => {
  expect(parseRoute(countersHref(prefix))).toEqual({ page: "counters", prefix });
});

test("any other address is the list of everything", () => {
  for (const fragment of ["", "#", "#/", "#/tasks/", "#/nope", "#/?status=nope"]) {
    expect(parseRoute(fragment)).toEqual({ page: "list", filter: everything });
  }
  expect(parseRoute("#/tasks/%")).toEqual({ page: "task", taskId: "%" });
});
