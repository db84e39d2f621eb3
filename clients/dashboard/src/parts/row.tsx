import type { Task } from "@spectralnotify/client";

import { lasted } from "../format.js";
import { taskHref } from "../route.js";
import { hasEnded } from "../status.js";
import { Bar } from "./bar.js";
import { Status } from "./status.js";
import { Ago, Left } from "./time.js";

interface RowProps {
  task: Task;
  /** The text of its last event, if known. */
  message: string | undefined;
}

/** A task in the list. The whole row is a link to it. */
export function Row({ task, message }: RowProps) {
  return (
    <li className="row">
      <div className="row-name">
        <a className="row-link" href={taskHref(task.taskId)}>
          <bdi>{task.taskId}</bdi>
        </a>
        {task.type && <span className="chip">{task.type}</span>}
      </div>
      <p className="row-message">{message || task.error || " "}</p>
      <div className="row-bar">
        <Bar progress={task.progress} status={task.status} label={`Progress of ${task.taskId}`} />
        <span className="percent">{task.progress}%</span>
      </div>
      <p className="row-pace">
        <Pace task={task} />
      </p>
      <div className="row-status">
        <Status status={task.status} />
      </div>
      <p className="row-age">
        <Ago at={task.createdAt} />
      </p>
    </li>
  );
}

/** How long it will take, or took. */
export function Pace({ task }: { task: Task }) {
  if (hasEnded(task.status)) {
    const took = lasted(task.startedAt ?? task.createdAt, endOf(task));
    return took ? `took ${took}` : "";
  }
  if (task.eta) return <Left at={task.eta} />;
  return task.status === "pending" ? "not started yet" : "";
}

/** When a task ended; when it last changed if it did not. */
export function endOf(task: Task): string {
  return task.completedAt ?? task.failedAt ?? task.canceledAt ?? task.updatedAt;
}
