import { type FormEvent, useState } from "react";

import { keyFault } from "../key.js";

interface SignInProps {
  /** The server did not take the key that was tried. */
  refused: boolean;
  onKey(key: string): void;
}

/** Asks for a key. */
export function SignIn({ refused, onKey }: SignInProps) {
  const [text, setText] = useState("");
  const [fault, setFault] = useState<string>();
  const said =
    fault ??
    (refused
      ? "The server does not know this key, or it has been revoked. Check that it is the key of this server."
      : undefined);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const key = text.trim();
    const wrong = keyFault(key);
    setFault(wrong);
    if (!wrong) onKey(key);
  };
  return (
    <form className="card sign-in" onSubmit={submit}>
      <h1>Sign in</h1>
      <p>See the tasks of this server live. It wants an API key to list them.</p>
      <label htmlFor="key">API key</label>
      <input
        id="key"
        type="password"
        placeholder="sn_…"
        value={text}
        autoComplete="off"
        spellCheck={false}
        aria-invalid={said !== undefined}
        aria-describedby={said ? "key-fault" : "key-hint"}
        onChange={(event) => {
          setText(event.target.value);
          setFault(undefined);
        }}
      />
      {said && (
        <p id="key-fault" className="fault" role="alert">
          {said}
        </p>
      )}
      <button type="submit" className="is-main">
        Sign in
      </button>
      <div id="key-hint" className="hint">
        The server made a key at its first start. On its machine, read it with
        <pre>
          <code>cat spectralnotify-data/secrets/admin.key</code>
        </pre>
        <p>or open the link that it printed then. The key stays in this tab and is gone when you close it.</p>
      </div>
    </form>
  );
}
