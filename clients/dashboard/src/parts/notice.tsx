import type { ReactNode } from "react";

interface NoticeProps {
  title: string;
  children?: ReactNode;
  /** Something went wrong; said at once to those who listen. */
  alert?: boolean;
}

/** Says, where content would be, why there is none. */
export function Notice({ title, children, alert = false }: NoticeProps) {
  return (
    <section className={`notice${alert ? " is-alert" : ""}`} role={alert ? "alert" : undefined}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** Grey shapes where rows will be. */
export function Skeleton({ rows }: { rows: number }) {
  return (
    <div className="skeleton" role="status">
      <span className="unseen">Loading…</span>
      {Array.from({ length: rows }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the shapes are all alike and never move
        <div key={i} className="skeleton-row" />
      ))}
    </div>
  );
}
