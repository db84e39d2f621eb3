import { count } from "../format.js";

/** More entries of one object or list than this are only counted. */
const shown = 200;
/** Objects this deep begin folded. */
const unfolded = 2;

/** A JSON value as a tree of text. Whatever it holds stays text. */
export function Json({ value, depth = 0 }: { value: unknown; depth?: number }) {
  if (typeof value !== "object" || value === null) return <Leaf value={value} />;
  const list = Array.isArray(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return <span className="json-mark">{list ? "[ ]" : "{ }"}</span>;
  const rows = <Entries entries={entries} list={list} depth={depth} />;
  if (depth === 0) return <div className="json">{rows}</div>;
  return (
    <details className="json-fold" open={depth < unfolded}>
      <summary>
        <span className="json-mark">
          {list ? `list of ${count(entries.length)}` : `${count(entries.length)} fields`}
        </span>
      </summary>
      {rows}
    </details>
  );
}

function Entries({ entries, list, depth }: { entries: [string, unknown][]; list: boolean; depth: number }) {
  return (
    <ul className="json-entries">
      {entries.slice(0, shown).map(([name, value]) => (
        <li key={name}>
          <span className="json-name">{list ? `${name}.` : name}</span>
          <Json value={value} depth={depth + 1} />
        </li>
      ))}
      {entries.length > shown && <li className="json-mark">and {count(entries.length - shown)} more</li>}
    </ul>
  );
}

function Leaf({ value }: { value: unknown }) {
  if (typeof value === "string") return <span className="json-text">{value === "" ? "(empty text)" : value}</span>;
  return <span className="json-value">{String(value)}</span>;
}
