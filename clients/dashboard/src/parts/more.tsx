import { count, many } from "../format.js";
import { explain, isPassing } from "../problem.js";
import { Notice } from "./notice.js";

/** What a list says of itself, of whatever things. */
interface List {
  count: number;
  countIsLowerBound: boolean;
  error: unknown;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage(): unknown;
  refetch(): unknown;
}

/** How many there are, how many of them are shown, and the way to older ones. */
export function More({ list, shown, thing }: { list: List; shown: number; thing: string }) {
  return (
    <div className="more">
      <span>{howMany(list, shown, thing)}</span>
      {list.hasNextPage && (
        <button type="button" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {list.isFetchingNextPage ? "Loading…" : "Show older"}
        </button>
      )}
    </div>
  );
}

function howMany({ count: all, countIsLowerBound }: List, shown: number, thing: string): string {
  if (countIsLowerBound) return `${count(shown)} of more than ${many(all, thing)}`;
  return shown < all ? `${count(shown)} of ${many(all, thing)}` : many(shown, thing);
}

/** Why there is no list, and the way to try again. */
export function Trouble({ list, thing }: { list: List; thing: string }) {
  return (
    <Notice title={isPassing(list.error) ? "The server cannot be reached" : `The ${thing}s cannot be shown`} alert>
      <p>{explain(list.error)}</p>
      <div className="buttons">
        <button type="button" onClick={() => void list.refetch()}>
          Try now
        </button>
      </div>
    </Notice>
  );
}
