import type { Task } from "@spectralnotify/client";
import type { ReactNode } from "react";

import { lasted } from "../format.js";
import { hasEnded } from "../status.js";
import { endOf } from "./row.js";
import { Ago } from "./time.js";

/** What is known of a task beside its progress. */
export function Facts({ task }: { task: Task }) {
  return (
    <dl className="facts">
      <Fact name="Type">{task.type}</Fact>
      <Fact name="Tags">
        {task.tags.length > 0 &&
          task.tags.map((tag) => (
            <span key={tag} className="chip">
              {tag}
            </span>
          ))}
      </Fact>
      <Fact name="Created">
        <Ago at={task.createdAt} />
        {task.createdBy && ` by ${task.createdBy}`}
      </Fact>
      <Fact name="Started">{task.startedAt && <Ago at={task.startedAt} />}</Fact>
      <Fact name={hasEnded(task.status) ? "Ended" : "Last change"}>
        <Ago at={endOf(task)} />
      </Fact>
      <Fact name="Took">{hasEnded(task.status) && lasted(task.startedAt ?? task.createdAt, endOf(task))}</Fact>
      <Fact name="Events">{task.sequence}</Fact>
    </dl>
  );
}

/** One fact; nothing if there is none. */
function Fact({ name, children }: { name: string; children: ReactNode }) {
  if (!children) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
