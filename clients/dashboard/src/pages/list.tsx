import type { TaskStatus } from "@spectralnotify/client";
import { useTasks } from "@spectralnotify/client/react";
import { useEffect } from "react";

import { count } from "../format.js";
import { Filters } from "../parts/filters.js";
import { More, Trouble } from "../parts/more.js";
import { Notice, Skeleton } from "../parts/notice.js";
import { Row } from "../parts/row.js";
import { everything, type Filter, replaceFilter } from "../route.js";
import { statusText } from "../status.js";

type List = ReturnType<typeof useTasks>;

interface ListPageProps {
  filter: Filter;
  /** How many tasks there are of each status; undefined while not known. */
  counts: Record<TaskStatus, number> | undefined;
}

/** The newest tasks first, live. */
export function ListPage({ filter, counts }: ListPageProps) {
  const list = useTasks({
    ...(filter.status && { statuses: [filter.status] }),
    ...(filter.prefix && { taskIdPrefix: filter.prefix }),
  });
  const running = counts?.["in-progress"];
  useEffect(() => {
    document.title = running ? `${count(running)} running – spectralNotify` : "spectralNotify";
  }, [running]);
  return (
    <>
      <h1 className="unseen">Tasks</h1>
      <Filters filter={filter} counts={counts} onChange={replaceFilter} />
      <Content list={list} filter={filter} />
    </>
  );
}

function Content({ list, filter }: { list: List; filter: Filter }) {
  if (list.tasks.length > 0) return <Rows list={list} />;
  if (list.error) return <Trouble list={list} thing="task" />;
  if (list.isPending) return <Skeleton rows={6} />;
  if (filter.status || filter.prefix) return <NoMatch filter={filter} />;
  return <NoTasks />;
}

function Rows({ list }: { list: List }) {
  return (
    <>
      <ul className="card rows" aria-label="Tasks, newest first">
        {list.tasks.map((task) => (
          <Row key={`${task.taskId} ${task.createdAt}`} task={task} message={task.lastMessage} />
        ))}
      </ul>
      <More list={list} shown={list.tasks.length} thing="task" />
    </>
  );
}

function NoMatch({ filter }: { filter: Filter }) {
  const kind = filter.status ? statusText(filter.status).toLowerCase() : "";
  const id = filter.prefix ? ` with an id that begins with “${filter.prefix}”` : "";
  return (
    <Notice title="No such tasks">
      <p>{`There is no ${kind ? `${kind} task` : "task"}${id} now. This page shows one as soon as there is.`}</p>
      <div className="buttons">
        <button type="button" onClick={() => replaceFilter(everything)}>
          Show all tasks
        </button>
      </div>
    </Notice>
  );
}

function NoTasks() {
  return (
    <Notice title="No tasks yet">
      <p>A task is a piece of long work that a program reports on. Create one, and watch it appear here:</p>
      <pre>
        <code>{firstTask(location.origin)}</code>
      </pre>
      <p>Programs do the same over HTTP.</p>
    </Notice>
  );
}

/** The commands that make a first task of the server at this address and move it. */
export function firstTask(origin: string): string {
  const where = origin === "http://127.0.0.1:8094" ? "" : ` --url ${origin}`;
  return `spectralnotify task create hello${where}\nspectralnotify task progress hello 40 'halfway, nearly'${where}`;
}
