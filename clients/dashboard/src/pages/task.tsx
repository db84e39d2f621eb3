import type { Task } from "@spectralnotify/client";
import { useTask, useTaskHistory, useTaskMutations } from "@spectralnotify/client/react";
import { useEffect, useState } from "react";

import { hasContent, jsonOf } from "../format.js";
import { Bar } from "../parts/bar.js";
import { Confirm } from "../parts/confirm.js";
import { Facts } from "../parts/facts.js";
import { Icon } from "../parts/icon.js";
import { Json } from "../parts/json.js";
import { Notice, Skeleton } from "../parts/notice.js";
import { Pace } from "../parts/row.js";
import { Status } from "../parts/status.js";
import { Timeline } from "../parts/timeline.js";
import { explain, isMissing } from "../problem.js";
import { everything, listHref } from "../route.js";
import { hasEnded } from "../status.js";

/** One task, live: how far it is, what is known of it, what happened. */
export function TaskPage({ taskId, mayDelete }: { taskId: string; mayDelete: boolean }) {
  const view = useTask(taskId);
  const { task } = view;
  useTitle(taskId, task);
  return (
    <>
      <a className="back" href={listHref(everything)}>
        <Icon name="back" />
        All tasks
      </a>
      {task && <Known task={task} gone={view.removed !== undefined} mayDelete={mayDelete} />}
      {!task && view.error && <Unknown taskId={taskId} error={view.error} />}
      {!task && !view.error && <Skeleton rows={4} />}
    </>
  );
}

function useTitle(taskId: string, task: Task | undefined): void {
  const progress = task && !hasEnded(task.status) ? `${task.progress}% · ` : "";
  useEffect(() => {
    document.title = `${progress}${taskId} – spectralNotify`;
  }, [taskId, progress]);
}

function Unknown({ taskId, error }: { taskId: string; error: unknown }) {
  if (!isMissing(error)) {
    return (
      <Notice title="This task cannot be shown" alert>
        <p>{explain(error)}</p>
      </Notice>
    );
  }
  return (
    <Notice title="No such task">
      <p>
        There is no task <b>{taskId}</b> on this server. It may have been deleted, or the id has a typing error.
      </p>
      <div className="buttons">
        <a className="button" href={listHref(everything)}>
          Show all tasks
        </a>
      </div>
    </Notice>
  );
}

interface KnownProps {
  task: Task;
  gone: boolean;
  mayDelete: boolean;
}

function Known({ task, gone, mayDelete }: KnownProps) {
  const timeline = useTaskHistory(task.taskId);
  const newest = timeline.events[0];
  return (
    <div className={gone ? "is-stale" : ""}>
      {gone && (
        <p className="stale-note" role="alert">
          <b>This task was deleted.</b>
          <span>You see what was last known of it.</span>
        </p>
      )}
      <section className="card hero" aria-label="Progress">
        <div className="hero-head">
          <h1>
            <bdi>{task.taskId}</bdi>
          </h1>
          {!gone && <Actions task={task} mayDelete={mayDelete} />}
        </div>
        <div className="hero-bar">
          <Bar progress={task.progress} status={task.status} label={`Progress of ${task.taskId}`} big />
          <span className="hero-percent">{task.progress}%</span>
        </div>
        <div className="hero-line">
          <Status status={task.status} />
          <span>
            <Pace task={task} />
          </span>
          {!hasEnded(task.status) && <span className="hero-message">{newest?.message}</span>}
        </div>
        {task.error && <p className="fault">{task.error}</p>}
      </section>
      <div className="halves">
        <section className="card panel is-timeline" aria-labelledby="timeline">
          <h2 id="timeline">Timeline</h2>
          <Timeline events={timeline.events} />
          {timeline.error && !gone && (
            <p className="fault" role="alert">
              Older events cannot be shown: {explain(timeline.error)}
            </p>
          )}
          {timeline.hasNextPage && (
            <div className="more">
              <button
                type="button"
                disabled={timeline.isFetchingNextPage}
                onClick={() => void timeline.fetchNextPage()}
              >
                {timeline.isFetchingNextPage ? "Loading…" : "Show older"}
              </button>
            </div>
          )}
        </section>
        <div className="side">
          <section className="card panel" aria-labelledby="facts">
            <h2 id="facts">Facts</h2>
            <Facts task={task} />
          </section>
          <Payload title="Result" text={task.result} />
          <Payload title="Metadata" text={task.metadata} />
        </div>
      </div>
    </div>
  );
}

/** What the task carries; nothing if it carries nothing. */
function Payload({ title, text }: { title: string; text: string | null }) {
  const value = jsonOf(text);
  if (!hasContent(value)) return null;
  return (
    <section className={`card panel is-${title.toLowerCase()}`} aria-label={title}>
      <h2>{title}</h2>
      <Json value={value} />
    </section>
  );
}

function Actions({ task, mayDelete }: { task: Task; mayDelete: boolean }) {
  const [asking, ask] = useState<"cancel" | "delete">();
  return (
    <div className="buttons">
      {!hasEnded(task.status) && (
        <button type="button" onClick={() => ask("cancel")}>
          <Icon name="stop" />
          Cancel
        </button>
      )}
      <button
        type="button"
        className="is-danger"
        disabled={!mayDelete}
        title={mayDelete ? undefined : "Sign in to delete tasks"}
        onClick={() => ask("delete")}
      >
        <Icon name="trash" />
        Delete
      </button>
      {asking === "cancel" && !hasEnded(task.status) && (
        <AskCancel taskId={task.taskId} onClose={() => ask(undefined)} />
      )}
      {asking === "delete" && <AskDelete taskId={task.taskId} onClose={() => ask(undefined)} />}
    </div>
  );
}

interface AskProps {
  taskId: string;
  onClose(): void;
}

function AskCancel({ taskId, onClose }: AskProps) {
  const { cancel } = useTaskMutations();
  return (
    <Confirm
      title={`Cancel ${taskId}?`}
      yes="Cancel the task"
      no="Let it run"
      busy={cancel.isPending}
      fault={cancel.error ? explain(cancel.error) : undefined}
      onYes={() => cancel.mutate({ taskId }, { onSuccess: onClose })}
      onNo={onClose}
    >
      <p>It ends as canceled, for good. The program that works on it is told, if it watches; stopping is up to it.</p>
    </Confirm>
  );
}

function AskDelete({ taskId, onClose }: AskProps) {
  const { delete: remove } = useTaskMutations();
  // The watch may tell first, and take this dialog away; one wants to leave all the same.
  const leave = () => {
    onClose();
    location.hash = listHref(everything);
  };
  return (
    <Confirm
      title={`Delete ${taskId}?`}
      yes="Delete the task"
      no="Keep it"
      busy={remove.isPending}
      fault={remove.error ? explain(remove.error) : undefined}
      onYes={() => remove.mutateAsync({ taskId }).then(leave, () => {})} // the fault is shown above
      onNo={onClose}
    >
      <p>The task and its whole history are removed from the server. This cannot be undone.</p>
    </Confirm>
  );
}
