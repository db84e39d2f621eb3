import type { Counter } from "@spectralnotify/client";
import { useCounterMutations } from "@spectralnotify/client/react";
import { type FormEvent, useId, useState } from "react";

import { count, many } from "../format.js";
import { explain } from "../problem.js";
import { Dialog } from "./confirm.js";
import { Icon } from "./icon.js";
import { Ago } from "./time.js";

/** A counter in the list, with what changes it. */
export function CounterRow({ counter }: { counter: Counter }) {
  const { increment, decrement } = useCounterMutations();
  const [editing, edit] = useState(false);
  const { name, value } = counter;
  const fault = increment.error ?? decrement.error;
  const step = (call: typeof increment, other: typeof increment) => () => {
    other.reset();
    call.mutate({ name });
  };
  return (
    <li className="row counter">
      <div className="counter-name">
        <bdi>{name}</bdi>
      </div>
      <p className="counter-facts">
        {counter.operationCount > 0 ? `${many(counter.operationCount, "change")}, the last ` : "created "}
        <Ago at={counter.updatedAt} />
      </p>
      <output className="counter-value" key={counter.sequence} aria-label={`Value of ${name}`}>
        {count(value)}
      </output>
      <div className="counter-steps">
        <button type="button" aria-label={`Decrement ${name}`} onClick={step(decrement, increment)}>
          <Icon name="minus" />
        </button>
        <button type="button" aria-label={`Increment ${name}`} onClick={step(increment, decrement)}>
          <Icon name="plus" />
        </button>
        <button type="button" className="is-quiet" aria-label={`Change ${name}`} onClick={() => edit(true)}>
          <Icon name="edit" />
        </button>
      </div>
      {fault && (
        <p className="fault" role="alert">
          {explain(fault)}
        </p>
      )}
      {editing && <Edit counter={counter} onDone={() => edit(false)} />}
    </li>
  );
}

/** What changes a counter at once: a value, its first value, its deletion. */
function Edit({ counter, onDone }: { counter: Counter; onDone(): void }) {
  const { setValue, reset, delete: remove } = useCounterMutations();
  const { name, initialValue } = counter;
  const [text, type] = useState(String(counter.value));
  const [sure, ask] = useState(false); // Delete was pressed once
  const field = useId();
  const value = Number(text);
  const wrong = text.trim() === "" || !Number.isSafeInteger(value);
  const busy = setValue.isPending || reset.isPending || remove.isPending;
  const fault = setValue.error ?? reset.error ?? remove.error;
  const done = { onSuccess: onDone };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!wrong) setValue.mutate({ name, value }, done);
  };
  return (
    <Dialog title={name} onNo={onDone}>
      <form onSubmit={submit}>
        <label htmlFor={field}>Value</label>
        <div className="counter-set">
          <input id={field} inputMode="numeric" value={text} onChange={(event) => type(event.target.value)} />
          <button type="submit" className="is-main" disabled={wrong || busy}>
            Set
          </button>
        </div>
        {wrong && <p className="hint">A whole number of at most 16 digits.</p>}
        {fault && (
          <p className="fault" role="alert">
            {explain(fault)}
          </p>
        )}
        <div className="buttons">
          <button
            type="button"
            className="is-danger"
            disabled={busy}
            onClick={() => (sure ? remove.mutate({ name }, done) : ask(true))}
          >
            <Icon name="trash" />
            {sure ? "Delete with its history" : "Delete"}
          </button>
          <button type="button" disabled={busy} onClick={() => reset.mutate({ name }, done)}>
            Reset to {count(initialValue)}
          </button>
          <button type="button" onClick={onDone}>
            Close
          </button>
        </div>
      </form>
    </Dialog>
  );
}
