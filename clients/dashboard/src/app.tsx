import { createSpectralNotify } from "@spectralnotify/client";
import { SpectralNotifyProvider, useConnection, useSpectralNotify, useStats } from "@spectralnotify/client/react";
import { QueryClient, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useState, useSyncExternalStore } from "react";

import { currentKey, onKey, saveKey } from "./key.js";
import { isCurrent, type Link, linkOf } from "./link.js";
import { pauses, serverUrl, useOnline } from "./network.js";
import { CountersPage } from "./pages/counters.js";
import { ListPage } from "./pages/list.js";
import { SignIn } from "./pages/sign-in.js";
import { TaskPage } from "./pages/task.js";
import { Header } from "./parts/header.js";
import { isDraining, isPassing, wantsKey } from "./problem.js";
import { type Route, useRoute } from "./route.js";

/** The whole page. A new key begins anew: nothing that another key brought stays. */
export function App() {
  const key = useSyncExternalStore(onKey, currentKey);
  const [refused, setRefused] = useState(false);
  const take = (next: string) => {
    setRefused(false);
    saveKey(next);
  };
  const refuse = () => {
    setRefused(true);
    saveKey(null);
  };
  return (
    <Session key={key ?? ""} apiKey={key}>
      {key === null ? <Stranger refused={refused} onKey={take} /> : <Member onRefused={refuse} />}
    </Session>
  );
}

/** A client of its own for each key. */
function Session({ apiKey, children }: { apiKey: string | null; children: ReactNode }) {
  const [client] = useState(() =>
    createSpectralNotify({ baseUrl: serverUrl(), pauses, ...(apiKey !== null && { apiKey }) }),
  );
  const [queryClient] = useState(
    () =>
      new QueryClient({ defaultOptions: { queries: { networkMode: "always" }, mutations: { networkMode: "always" } } }),
  );
  return (
    <SpectralNotifyProvider client={client} queryClient={queryClient}>
      {children}
    </SpectralNotifyProvider>
  );
}

/** Who gave no key may look at a task whose id he knows, if the server lets him. */
function Stranger({ refused, onKey }: { refused: boolean; onKey(key: string): void }) {
  const route = useRoute();
  const connection = useConnection();
  const [asked, ask] = useState(refused);
  const online = useOnline();
  if (asked || refused || route.page !== "task" || wantsKey(connection.error)) {
    return (
      <Frame link={undefined} signedIn={false} onSignIn={undefined} place="sign in">
        <SignIn refused={refused} onKey={onKey} />
      </Frame>
    );
  }
  const link = linkOf({ ...connection, online, call: undefined });
  return (
    <Frame link={link} signedIn={false} onSignIn={() => ask(true)} place={route.taskId}>
      <TaskPage taskId={route.taskId} mayDelete={false} />
    </Frame>
  );
}

/** Who gave a key sees all that it opens. */
function Member({ onRefused }: { onRefused(): void }) {
  const route = useRoute();
  const connection = useConnection();
  const stats = useStats();
  const online = useOnline();
  const refused = wantsKey(stats.error) || wantsKey(connection.error);
  const onRefusedNow = useRef(onRefused);
  onRefusedNow.current = onRefused;
  useEffect(() => {
    if (refused) onRefusedNow.current();
  }, [refused]);
  const link = linkOf({ ...connection, online, call: callOf(stats) });
  return (
    <Frame
      link={link}
      page={route.page}
      signedIn
      onSignIn={undefined}
      place={route.page === "task" ? route.taskId : route.page}
    >
      {route.page === "task" && <TaskPage key={route.taskId} taskId={route.taskId} mayDelete />}
      {route.page === "list" && <ListPage filter={route.filter} counts={stats.counts} />}
      {route.page === "counters" && <CountersPage prefix={route.prefix} />}
    </Frame>
  );
}

/** How the last call went. */
function callOf({ error, isPending }: { error: unknown; isPending: boolean }) {
  if (isDraining(error)) return "draining";
  if (isPassing(error)) return "unreachable"; // any other failure is an answer
  return isPending ? undefined : "ok";
}

interface FrameProps {
  link: Link | undefined;
  page?: Route["page"];
  signedIn: boolean;
  onSignIn: (() => void) | undefined;
  /** What is shown; when it changes, the keyboard goes on there. */
  place: string;
  children: ReactNode;
}

function Frame({ link, page, signedIn, onSignIn, place, children }: FrameProps) {
  const main = useRef<HTMLElement>(null);
  const shown = useRef(place);
  useEffect(() => {
    if (shown.current === place) return;
    shown.current = place;
    main.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [place]);
  const stale = link !== undefined && !isCurrent(link);
  const [wasLive, setWasLive] = useState(false);
  if (link?.state === "live" && !wasLive) setWasLive(true);
  return (
    <>
      <Header link={link} page={page} signedIn={signedIn} onSignIn={onSignIn} onForget={() => saveKey(null)} />
      <main ref={main} tabIndex={-1} className={stale ? "is-stale" : ""}>
        {wasLive && link && <Stale link={link} />}
        {children}
      </main>
    </>
  );
}

/** Says that what is shown may be old, after a moment: most troubles are shorter. */
function Stale({ link }: { link: Link }) {
  const client = useSpectralNotify();
  const cache = useQueryClient();
  const words = staleWords[link.state];
  if (!words) return null;
  const retry = () => {
    client.reconnectNow();
    void cache.refetchQueries({ type: "active" });
  };
  return (
    <p className="stale-note is-late">
      <span>{words} You see what was last known; it goes on by itself.</span>
      {link.state !== "offline" && (
        <button type="button" onClick={retry}>
          Try now
        </button>
      )}
    </p>
  );
}

const staleWords: Partial<Record<Link["state"], string>> = {
  waiting: "The server does not answer.",
  stopping: "The server is stopping.",
  offline: "You are offline.",
};
