/**
 * The person's API key. It lives in this tab only: sessionStorage ends with it,
 * and no other tab or origin reads it.
 */
const slot = "spectralnotify.key";

let key: string | null = null;
const listeners = new Set<() => void>();

/**
 * Reads the key once, before anything is drawn: from the link that the server
 * printed (`#key=...`), which is taken out of the address bar and of the
 * history at once, else from this tab's storage.
 */
export function openKey(at: Location = location, history: History = window.history): void {
  const linked = keyOf(at.hash);
  if (linked === undefined) {
    key = stored();
    return;
  }
  history.replaceState(null, "", at.pathname + at.search);
  saveKey(linked);
}

/**
 * Takes the key also from a link that is opened in this tab later: only the
 * fragment changes then, and nothing is loaded. To be called before anything
 * else listens for that.
 */
export function awaitKey(page: Window = window): void {
  page.addEventListener("hashchange", () => {
    if (keyOf(page.location.hash) !== undefined) openKey(page.location, page.history);
  });
}

/** The key, or null if the person has not given one. */
export function currentKey(): string | null {
  return key;
}

/** Keeps a key for as long as this tab lives; null forgets it. */
export function saveKey(next: string | null): void {
  key = next;
  try {
    if (next === null) sessionStorage.removeItem(slot);
    else sessionStorage.setItem(slot, next);
  } catch {
    // Storage is forbidden here: the key lives until the page is left.
  }
  for (const listener of [...listeners]) listener();
}

/** Calls back when the key changes; the result ends that. */
export function onKey(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The key that a fragment carries; undefined if it carries none. */
export function keyOf(fragment: string): string | undefined {
  const match = /^#key=([^&]+)/.exec(fragment);
  if (!match?.[1]) return undefined;
  try {
    return decodeURIComponent(match[1]);
  } catch {
    return match[1];
  }
}

/** What is wrong with a pasted key before it is tried; undefined if nothing is. */
export function keyFault(text: string): string | undefined {
  if (text === "") return "Paste a key first.";
  if (!/^[\x21-\x7e]+$/.test(text)) return "A key is one word of plain characters, without spaces.";
  if (text.length < 8 || text.length > 256) return "That is too short or too long for a key.";
  return undefined;
}

function stored(): string | null {
  try {
    return sessionStorage.getItem(slot);
  } catch {
    return null;
  }
}
