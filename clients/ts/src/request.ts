import { Code, ConnectError } from "@connectrpc/connect";

/** The field of a request for the sequence that an object must be at. */
export function expect(sequence: number | undefined) {
  return sequence === undefined ? {} : { expectedSequence: BigInt(sequence) };
}

/** Servers always send these; a proxy that answers in their place may not. */
export function present<T>(part: T | undefined): T {
  if (part === undefined)
    throw new ConnectError("the answer is incomplete; is this a spectralNotify server?", Code.Internal);
  return part;
}

/** Reads page after page until there are `max` items or no more; `last` is the last page. */
export async function pages<I, P extends { nextPageToken: string }>(
  max: number,
  read: (page: { pageSize: number; pageToken?: string }) => Promise<P & { items: I[] }>,
): Promise<{ items: I[]; last: P }> {
  const items: I[] = [];
  for (let pageToken = ""; ; ) {
    const pageSize = Math.min(1_000, max - items.length);
    const last = await read({ pageSize, ...(pageToken && { pageToken }) });
    items.push(...last.items);
    pageToken = last.nextPageToken;
    if (!pageToken || items.length >= max) return { items, last };
  }
}
