import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { createSpectralNotify, neverPaused, TaskService } from "@spectralnotify/client";

/** A server in memory that knows as much as the pages need. */
export class Server {
  readonly tasks = new Map<string, Row>(); // :: task id -> the task and its events
  readonly calls: string[] = [];
  down = false;
  #watchers = new Set<() => void>();

  /** Makes a task, or replaces it by another. */
  put(taskId: string, task: Partial<Row> = {}): void {
    this.tasks.set(taskId, { status: 2, progress: 40, sequence: 1n, message: "Task created", ...task });
  }

  /** Reports on a task, and tells those who watch. */
  report(taskId: string, change: Partial<Row>): void {
    const row = this.#row(taskId);
    Object.assign(row, change, { sequence: row.sequence + 1n });
    this.#wake();
  }

  /** Deletes a task, and tells those who watch. */
  remove(taskId: string): void {
    this.#row(taskId);
    this.tasks.delete(taskId);
    this.#wake();
  }

  /** A client of it. */
  client() {
    const transport = createRouterTransport(({ service }) => {
      service(TaskService, {
        listAll: ({ filter }) => {
          this.#answer("ListAll");
          const ids = [...this.tasks.keys()].filter((id) => id.startsWith(filter?.taskIdPrefix ?? ""));
          const tasks = ids
            .map((id) => message(id, this.#row(id)))
            .filter((t) => !filter?.statuses.length || filter.statuses.includes(t.status));
          return { tasks, count: BigInt(tasks.length) };
        },
        stats: () => this.#answer("Stats") ?? { total: BigInt(this.tasks.size) },
        getHistory: ({ taskId }) => this.#answer("GetHistory") ?? { events: [event(this.#row(taskId))] },
        cancel: ({ taskId }) => {
          this.#answer(`Cancel ${taskId}`);
          this.report(taskId, { status: 5, message: "Task canceled" });
          return { task: message(taskId, this.#row(taskId)), event: event(this.#row(taskId)) };
        },
        delete: ({ taskId }) => {
          this.#answer(`Delete ${taskId}`);
          this.remove(taskId);
          return {};
        },
        watchAll: (request, context) =>
          this.#watch(
            request.targets.map((t) => t.taskId),
            context.signal,
          ),
      });
    });
    return createSpectralNotify({ transport, pauses: neverPaused });
  }

  async *#watch(ids: string[], signal: AbortSignal) {
    this.#answer("WatchAll");
    const shown = new Map<string, bigint>();
    const news: { taskId: string; message: object }[] = [];
    for (;;) {
      for (const id of ids) {
        const row = this.tasks.get(id);
        const last = shown.get(id);
        const at = { cursor: `${id}-${row?.sequence}`, sequence: row?.sequence ?? 0n };
        if (!row) {
          if (last !== -1n)
            news.push({ taskId: id, message: { ...at, message: { case: "removed", value: { reason: 1 } } } });
          if (last !== -1n)
            news.push({ taskId: id, message: { ...at, message: { case: "end", value: { reason: 1 } } } });
          shown.set(id, -1n);
        } else if (last === undefined) {
          news.push({
            taskId: id,
            message: { ...at, message: { case: "snapshot", value: { task: message(id, row), events: [event(row)] } } },
          });
          shown.set(id, row.sequence);
        } else if (last < row.sequence) {
          news.push({
            taskId: id,
            message: { ...at, message: { case: "event", value: { task: message(id, row), event: event(row) } } },
          });
          shown.set(id, row.sequence);
        }
      }
      while (news.length > 0) yield news.shift() as never;
      await this.#next(signal);
      if (signal.aborted) return;
    }
  }

  #next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#watchers.delete(done);
        resolve();
      };
      this.#watchers.add(done);
      signal.addEventListener("abort", done, { once: true });
    });
  }

  #wake(): void {
    for (const wake of [...this.#watchers]) wake();
  }

  #answer(call: string): undefined {
    this.calls.push(call);
    if (this.down) throw new ConnectError("down", Code.Unavailable);
  }

  #row(taskId: string): Row {
    const row = this.tasks.get(taskId);
    if (!row) throw new ConnectError("no such task", Code.NotFound);
    return row;
  }
}

interface Row {
  status: number;
  progress: number;
  sequence: bigint;
  message: string;
}

const created = { seconds: 1_770_000_000n, nanos: 0 };

function message(taskId: string, { status, progress, sequence }: Row) {
  return { taskId, status, progress, sequence, createdAt: created, updatedAt: created };
}

function event({ sequence, message: text }: Row) {
  return { id: sequence, kind: "task.event", message: text, timestamp: created };
}
