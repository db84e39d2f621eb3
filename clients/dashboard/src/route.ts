import type { TaskStatus } from "@spectralnotify/client";
import { useMemo, useSyncExternalStore } from "react";

import { statuses } from "./status.js";

/** Which tasks the list shows: of one status or all, with ids that begin with a text. */
export interface Filter {
  status: TaskStatus | undefined;
  prefix: string;
}

/** What the address names: the list of tasks, one task, or the counters whose names begin with a text. */
export type Route =
  | { page: "list"; filter: Filter }
  | { page: "task"; taskId: string }
  | { page: "counters"; prefix: string };

/** The list of all tasks. */
export const everything: Filter = { status: undefined, prefix: "" };

/** Reads a fragment. Behind the # an id may be any text: browsers leave it as it is, also "..". */
export function parseRoute(fragment: string): Route {
  const task = /^#\/tasks\/(.+)$/s.exec(fragment)?.[1];
  if (task !== undefined) return { page: "task", taskId: decoded(task) };
  const counters = /^#\/counters(?:\?(.*))?$/s.exec(fragment);
  if (counters) return { page: "counters", prefix: new URLSearchParams(counters[1]).get("name") ?? "" };
  const query = new URLSearchParams(/^#\/\?(.*)$/s.exec(fragment)?.[1] ?? "");
  return {
    page: "list",
    filter: { status: statuses.find((s) => s === query.get("status")), prefix: query.get("id") ?? "" },
  };
}

/** The address of the list. */
export function listHref({ status, prefix }: Filter): string {
  const query = new URLSearchParams();
  if (status) query.set("status", status);
  if (prefix) query.set("id", prefix);
  return query.size > 0 ? `#/?${query}` : "#/";
}

/** The address of the counters. */
export function countersHref(prefix = ""): string {
  return prefix ? `#/counters?${new URLSearchParams({ name: prefix })}` : "#/counters";
}

/** The address of a task. */
export function taskHref(taskId: string): string {
  return `#/tasks/${encodeURIComponent(taskId)}`;
}

/** Shows another filter in the address without a step in the history: one does not want to go back through typing. */
export function replaceFilter(filter: Filter): void {
  location.replace(listHref(filter));
}

/** Shows other counters in the address, as replaceFilter does. */
export function replaceCounters(prefix: string): void {
  location.replace(countersHref(prefix));
}

/** The route of the address bar; it changes with it. */
export function useRoute(): Route {
  const fragment = useSyncExternalStore(onFragment, () => location.hash);
  return useMemo(() => parseRoute(fragment), [fragment]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function onFragment(changed: () => void): () => void {
  window.addEventListener("hashchange", changed);
  return () => window.removeEventListener("hashchange", changed);
}
