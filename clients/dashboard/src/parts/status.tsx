import type { TaskStatus } from "@spectralnotify/client";

import { statusText } from "../status.js";
import { Icon } from "./icon.js";

/** A status by shape, colour and word. */
export function Status({ status }: { status: TaskStatus }) {
  return (
    <span className={`status is-${status}`}>
      <Icon name={status} />
      {statusText(status)}
    </span>
  );
}
