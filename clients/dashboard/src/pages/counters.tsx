import { useCounters } from "@spectralnotify/client/react";
import { useEffect } from "react";

import { CounterRow } from "../parts/counter-row.js";
import { Search } from "../parts/filters.js";
import { More, Trouble } from "../parts/more.js";
import { Notice, Skeleton } from "../parts/notice.js";
import { replaceCounters } from "../route.js";

type List = ReturnType<typeof useCounters>;

/** The newest counters first, live, with what changes them. */
export function CountersPage({ prefix }: { prefix: string }) {
  const list = useCounters(prefix ? { namePrefix: prefix } : {});
  useEffect(() => {
    document.title = "Counters – spectralNotify";
  }, []);
  return (
    <>
      <div className="tools">
        <h1>Counters</h1>
        <Search
          prefix={prefix}
          label="Show counters whose name begins with"
          hint="Name begins with…"
          onChange={replaceCounters}
        />
      </div>
      <Content list={list} prefix={prefix} />
    </>
  );
}

function Content({ list, prefix }: { list: List; prefix: string }) {
  if (list.counters.length > 0) return <Rows list={list} />;
  if (list.error) return <Trouble list={list} thing="counter" />;
  if (list.isPending) return <Skeleton rows={4} />;
  return <None prefix={prefix} />;
}

function Rows({ list }: { list: List }) {
  return (
    <>
      <ul className="card rows" aria-label="Counters, newest first">
        {list.counters.map((counter) => (
          <CounterRow key={`${counter.name} ${counter.createdAt}`} counter={counter} />
        ))}
      </ul>
      <More list={list} shown={list.counters.length} thing="counter" />
    </>
  );
}

function None({ prefix }: { prefix: string }) {
  if (prefix) {
    return (
      <Notice title="No such counters">
        <p>{`There is no counter with a name that begins with “${prefix}” now.`}</p>
        <div className="buttons">
          <button type="button" onClick={() => replaceCounters("")}>
            Show all counters
          </button>
        </div>
      </Notice>
    );
  }
  const where = location.origin === "http://127.0.0.1:8094" ? "" : ` --url ${location.origin}`;
  return (
    <Notice title="No counters yet">
      <p>A counter is a number with a name, which programs and people change. Create one, and watch it here:</p>
      <pre>
        <code>{`spectralnotify counter create visits${where}\nspectralnotify counter increment visits${where}`}</code>
      </pre>
    </Notice>
  );
}
