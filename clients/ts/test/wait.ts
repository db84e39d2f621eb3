/** Resolves when `done` is true, looking after each turn of the event loop; rejects after `ms`. */
export async function until(done: () => boolean, what: string | (() => string), ms = 5_000): Promise<void> {
  const end = Date.now() + ms;
  while (!done()) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${typeof what === "string" ? what : what()}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
