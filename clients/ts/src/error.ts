import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";

const infoType = "google.rpc.ErrorInfo";
const domain = "spectralnotify";

/**
 * Why a call failed, in one word for programs, such as `TASK_NOT_FOUND` or
 * `TASK_TERMINAL`. Undefined if the failure did not come from the server.
 */
export function reasonOf(error: unknown): string | undefined {
  return infoOf(error)?.reason;
}

/** What the server adds to the reason, such as the status of a task that has ended. */
export function factsOf(error: unknown): Readonly<Record<string, string>> {
  return infoOf(error)?.facts ?? {};
}

/** The error that the server gives for an object of a class that does not exist. */
export function notFound(kind: string, id: string): ConnectError {
  const text = `the ${kind} ${JSON.stringify(id)} does not exist`;
  return failure(Code.NotFound, `${kind.toUpperCase()}_NOT_FOUND`, text);
}

/** The error of a call that failed for a reason. */
export function failure(code: Code, reason: string, text: string): ConnectError {
  const error = new ConnectError(text, code);
  const value = new BinaryWriter().tag(1, 2).string(reason).tag(2, 2).string(domain).finish();
  error.details = [{ type: infoType, value }];
  return error;
}

/**
 * Reports whether a failure stands however often the call is tried again: the
 * request or the credential is wrong.
 */
export function isFinal(error: ConnectError): boolean {
  return finalCodes.has(error.code);
}

const finalCodes = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.Unauthenticated,
  Code.PermissionDenied,
  Code.Unimplemented,
]);

interface Info {
  reason: string;
  facts: Record<string, string>;
}

function infoOf(error: unknown): Info | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  for (const detail of error.details) {
    if ("type" in detail && detail.type === infoType) return readInfo(detail.value);
  }
  return undefined;
}

/** Reads a google.rpc.ErrorInfo: 1 reason, 2 domain, 3 map of facts. */
function readInfo(bytes: Uint8Array): Info {
  const info: Info = { reason: "", facts: {} };
  fields(bytes, (field, reader) => {
    if (field === 1) info.reason = reader.string();
    else if (field === 3) {
      const entry = { key: "", value: "" };
      fields(reader.bytes(), (part, inner) => {
        entry[part === 1 ? "key" : "value"] = inner.string();
        return true;
      });
      info.facts[entry.key] = entry.value;
    } else return false;
    return true;
  });
  return info;
}

/** Calls `take` for each field of a message; what it does not take (false) is skipped. */
function fields(bytes: Uint8Array, take: (field: number, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (!take(field, reader)) reader.skip(wire);
  }
}
