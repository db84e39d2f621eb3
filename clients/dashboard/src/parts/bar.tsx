import type { TaskStatus } from "@spectralnotify/client";

import { statusText } from "../status.js";

interface BarProps {
  /** In percent, 0 to 100. */
  progress: number;
  status: TaskStatus;
  /** What it is the progress of. */
  label: string;
  big?: boolean;
}

/** A progress bar. It glides to a new value; style sheets say how, and that people who want no motion get none. */
export function Bar({ progress, status, label, big = false }: BarProps) {
  const percent = Math.min(100, Math.max(0, progress));
  return (
    <div
      className={`bar is-${status}${big ? " is-big" : ""}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      aria-valuetext={`${percent} %, ${statusText(status).toLowerCase()}`}
    >
      <div className="bar-fill" style={{ clipPath: `inset(0 ${100 - percent}% 0 0 round 99px)` }} />
    </div>
  );
}
