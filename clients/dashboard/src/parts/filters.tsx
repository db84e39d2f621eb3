import type { TaskStatus } from "@spectralnotify/client";
import { useEffect, useState } from "react";

import { count } from "../format.js";
import type { Filter } from "../route.js";
import { statuses, statusText } from "../status.js";

interface FiltersProps {
  filter: Filter;
  /** How many tasks there are of each status; undefined while not known. */
  counts: Record<TaskStatus, number> | undefined;
  onChange(filter: Filter): void;
}

/** Counts by status, which are buttons that choose one, and a field for how ids begin. */
export function Filters({ filter, counts, onChange }: FiltersProps) {
  const total = counts && statuses.reduce((sum, status) => sum + counts[status], 0);
  return (
    <div className="tools">
      <fieldset className="filters">
        <legend className="unseen">Show tasks by status</legend>
        <Choice label="All" n={total} on={!filter.status} onChoose={() => onChange({ ...filter, status: undefined })} />
        {statuses.map((status) => (
          <Choice
            key={status}
            label={statusText(status)}
            n={counts?.[status]}
            on={filter.status === status}
            onChoose={() => onChange({ ...filter, status })}
          />
        ))}
      </fieldset>
      <Search
        prefix={filter.prefix}
        label="Show tasks whose id begins with"
        hint="Id begins with…"
        onChange={(prefix) => onChange({ ...filter, prefix })}
      />
    </div>
  );
}

interface ChoiceProps {
  label: string;
  n: number | undefined;
  on: boolean;
  onChoose(): void;
}

function Choice({ label, n, on, onChoose }: ChoiceProps) {
  return (
    <button type="button" className="filter" aria-pressed={on} onClick={onChoose}>
      {label} {n !== undefined && <b>{count(n)}</b>}
    </button>
  );
}

/** How long typing may pause before it is taken. */
const pause = 250;

interface SearchProps {
  prefix: string;
  label: string;
  hint: string;
  onChange(prefix: string): void;
}

/** A field for how names begin; what is typed is taken after a moment. */
export function Search({ prefix, label, hint, onChange }: SearchProps) {
  const [text, setText] = useState(prefix);
  useEffect(() => setText(prefix), [prefix]);
  useEffect(() => {
    if (text === prefix) return;
    const timer = setTimeout(() => onChange(text), pause);
    return () => clearTimeout(timer);
  }, [text, prefix, onChange]);
  return (
    <label className="search">
      <span className="unseen">{label}</span>
      <input
        type="search"
        placeholder={hint}
        value={text}
        maxLength={256}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
      />
    </label>
  );
}
