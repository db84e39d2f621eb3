import { beforeEach, expect, test } from "vitest";

import { awaitKey, currentKey, keyFault, keyOf, onKey, openKey, saveKey } from "../src/key.js";

beforeEach(() => {
  saveKey(null);
  history.replaceState(null, "", "/");
});

test("a key in the link is taken, and is in the address no longer", () => {
  const steps = history.length;
  history.replaceState(null, "", "/#key=sn_abc_def");
  openKey();
  expect(currentKey()).toBe("sn_abc_def");
  expect(location.href).not.toContain("key");
  expect(history.length).toBe(steps); // going back does not bring it back
  expect(sessionStorage.getItem("spectralnotify.key")).toBe("sn_abc_def");
  expect(localStorage.length).toBe(0);
  expect(document.cookie).toBe("");
});

test("a reload keeps the key of the tab", () => {
  sessionStorage.setItem("spectralnotify.key", "sn_old");
  history.replaceState(null, "", "/#/tasks/film");
  openKey();
  expect(currentKey()).toBe("sn_old");
  expect(location.hash).toBe("#/tasks/film");
});

test("a forgotten key is gone, and those who use it are told", () => {
  let told = 0;
  const stop = onKey(() => told++);
  saveKey("sn_1");
  saveKey(null);
  stop();
  saveKey("sn_2");
  expect(told).toBe(2);
  saveKey(null);
  expect(currentKey()).toBeNull();
  expect(sessionStorage.length).toBe(0);
});

test("only a fragment that is a key is one", () => {
  expect(keyOf("#key=a%20b")).toBe("a b");
  expect(keyOf("#key=%")).toBe("%");
  expect([keyOf(""), keyOf("#key="), keyOf("#/tasks/key=1"), keyOf("#/?key=1")]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test("what cannot be a key is told before it is sent", () => {
  expect(keyFault("sn_abc_defghi")).toBeUndefined();
  expect(keyFault("")).toMatch(/paste/i);
  expect(keyFault("two words")).toMatch(/spaces/);
  expect(keyFault("short")).toMatch(/too short/);
  expect(keyFault("ключ-от-всего")).toMatch(/plain characters/);
});

test("a key in a link that is opened in the tab later is taken, too", () => {
  awaitKey();
  let shown = "";
  window.addEventListener("hashchange", () => {
    shown = location.href;
  });
  history.replaceState(null, "", "/#key=sn_later");
  window.dispatchEvent(new Event("hashchange"));
  expect(currentKey()).toBe("sn_later");
  expect(shown).not.toContain("key"); // who listens after it sees it no more
  history.replaceState(null, "", "/#/tasks/film");
  window.dispatchEvent(new Event("hashchange"));
  expect(currentKey()).toBe("sn_later");
});
