import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Level } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";

import { type Clock, sleep } from "./clock.js";

/** A credential, or where to get a fresh one before each call; undefined or empty calls without one. */
export type Credential = string | (() => string | undefined | Promise<string | undefined>);

const keyHeader = "Idempotency-Key";
const tries = 4;
const firstPause = 200;
const longestPause = 5_000;

/**
 * A transport that sends the credential with every call, and a random
 * Idempotency-Key with every mutation, unless the caller set them. A call that
 * did not get through is tried again, up to 4 times in all, with the same key:
 * a mutation happens once, however often it was sent. Streams are not tried
 * again here.
 */
export function reliable(inner: Transport, clock: Clock, credential?: Credential): Transport {
  return {
    async unary(method, signal, timeoutMs, given, input, contextValues) {
      const header = prepare(method, given);
      for (let attempt = 1; ; attempt++) {
        try {
          await sign(header, given, credential);
          return await inner.unary(method, signal, timeoutMs, header, input, contextValues);
        } catch (reason) {
          const error = ConnectError.from(reason);
          if (attempt === tries || signal?.aborted || !mayWorkLater(error)) throw error;
          await sleep(clock, pauseAfter(attempt, clock.random()), signal);
        }
      }
    },
    async stream(method, signal, timeoutMs, given, input, contextValues) {
      const header = new Headers(given);
      await sign(header, given, credential);
      return inner.stream(method, signal, timeoutMs, header, input, contextValues);
    },
  };
}

function prepare(method: DescMethod, given: HeadersInit | undefined): Headers {
  const header = new Headers(given);
  if (method.idempotency !== Level.NO_SIDE_EFFECTS && !header.has(keyHeader)) {
    header.set(keyHeader, randomKey());
  }
  return header;
}

async function sign(header: Headers, given: HeadersInit | undefined, credential?: Credential): Promise<void> {
  if (new Headers(given).has("Authorization")) return;
  const value = typeof credential === "function" ? await credential() : credential;
  if (value) header.set("Authorization", `Bearer ${value}`);
}

/** A fetch that failed on its way is Unknown to connect-web. */
function mayWorkLater({ code }: ConnectError): boolean {
  return code === Code.Unavailable || code === Code.Unknown;
}

function pauseAfter(attempt: number, random: number): number {
  return random * Math.min(longestPause, firstPause * 2 ** attempt);
}

/** 128 random bits. Pages without TLS have no crypto.randomUUID, some engines no crypto at all. */
function randomKey(): string {
  const bytes = new Uint8Array(16);
  if (globalThis.crypto) crypto.getRandomValues(bytes);
  else for (let i = 0; i < bytes.length; i++) bytes[i] = Math.random() * 256;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
