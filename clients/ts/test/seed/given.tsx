import { type PropsWithChildren, type RefObject, useRef as reactUseRef } from "react";

import type { SpectralNotify } from "../../src/index.js";

export { useCallback, useEffect, useState } from "react";

/** What the guide's blocks use and do not declare. */
export interface Given {
  client: SpectralNotify;
  taskId: string;
  userId: string;
  updateProgress: (taskId: string, progress: number) => Promise<unknown>;
}

/** As in React 18, which the guide was written with: the first value may be left out. */
export const useRef = reactUseRef as {
  <T>(first: T | null): RefObject<T | null>;
  <T>(): { current: T | undefined };
};

/** Stand-ins for React Native's. */
export function View({ children }: PropsWithChildren) {
  return <div>{children}</div>;
}

export function Text({ children }: PropsWithChildren) {
  return <p>{children}</p>;
}
