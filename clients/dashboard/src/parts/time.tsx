import { useNow } from "../clock.js";
import { ago, left, when } from "../format.js";

/** How long ago something was; the exact time on hover. */
export function Ago({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={when(at)}>
      {ago(at, now)}
    </time>
  );
}

/** How long it will take until then. */
export function Left({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={`at its average rate it is done ${when(at)}`}>
      {left(at, now)}
    </time>
  );
}
