import { useNow } from "../clock.js";
import { type Link, linkText } from "../link.js";
import { countersHref, everything, listHref, type Route } from "../route.js";
import { Icon } from "./icon.js";

interface HeaderProps {
  /** How the page stands with the server; undefined before anyone signed in. */
  link: Link | undefined;
  /** What is shown; undefined if it is none of the lists. */
  page: Route["page"] | undefined;
  signedIn: boolean;
  onSignIn: (() => void) | undefined;
  onForget(): void;
}

/** The name, the connection and the key, on every page. */
export function Header({ link, page, signedIn, onSignIn, onForget }: HeaderProps) {
  return (
    <header className="top">
      <div className="top-in">
        <a className="brand" href={listHref(everything)}>
          <svg viewBox="0 0 22 22" aria-hidden="true" focusable="false">
            <rect x="1" y="3" width="9" height="4" rx="2" />
            <rect x="1" y="9" width="14" height="4" rx="2" />
            <rect x="1" y="15" width="20" height="4" rx="2" />
          </svg>
          spectralNotify
        </a>
        {signedIn && (
          <nav className="places" aria-label="What to show">
            <a href={listHref(everything)} aria-current={page === "list" ? "page" : undefined}>
              Tasks
            </a>
            <a href={countersHref()} aria-current={page === "counters" ? "page" : undefined}>
              Counters
            </a>
          </nav>
        )}
        <div className="top-right">
          {link && <LinkState link={link} />}
          {signedIn && (
            <button
              type="button"
              className="is-quiet"
              aria-label="Forget key"
              title="Take the key out of this tab"
              onClick={onForget}
            >
              <Icon name="key" />
              <span className="roomy">Forget key</span>
            </button>
          )}
          {!signedIn && onSignIn && (
            <button type="button" className="is-quiet" onClick={onSignIn}>
              Sign in
            </button>
          )}
        </div>
      </div>
    </header>
  );
}

/** The connection in a dot and words. Those who listen are told of changes, not of each second. */
export function LinkState({ link }: { link: Link }) {
  const now = useNow();
  return (
    <span className={`link is-${link.state}`}>
      <span className="link-dot" aria-hidden="true" />
      <span aria-hidden="true">{linkText(link, now)}</span>
      <span className="unseen" role="status">
        Connection: {linkText(link.state === "waiting" ? { ...link, retryAt: undefined } : link, now)}
      </span>
    </span>
  );
}
