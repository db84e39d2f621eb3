const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** A length of time in words, rounded as a person would: "40 s", "2 min", "3 h 20 min", "5 days". */
export function span(ms: number): string {
  if (ms < minute) return `${Math.max(1, Math.round(ms / second))} s`;
  if (ms < hour) return `${Math.round(ms / minute)} min`;
  if (ms < day) {
    const hours = Math.floor(ms / hour);
    const minutes = Math.round((ms - hours * hour) / minute);
    return minutes > 0 && minutes < 60 && hours < 10 ? `${hours} h ${minutes} min` : `${Math.round(ms / hour)} h`;
  }
  const days = Math.round(ms / day);
  return days === 1 ? "1 day" : `${days} days`;
}

/** How long ago: "just now", "5 s ago", "2 min ago". A clock a little ahead is no riddle. */
export function ago(iso: string, now: number): string {
  const ms = now - Date.parse(iso);
  if (Number.isNaN(ms)) return "";
  return ms < 2 * second ? "just now" : `${span(ms)} ago`;
}

/** How long something ran, exactly enough: "0.4 s", "12 s", "3 min 5 s". */
export function lasted(fromIso: string, toIso: string): string {
  const ms = Date.parse(toIso) - Date.parse(fromIso);
  if (Number.isNaN(ms) || ms < 0) return "";
  if (ms < 10 * second) return `${(ms / second).toFixed(1)} s`;
  if (ms < hour && ms >= minute) {
    const minutes = Math.floor(ms / minute);
    const seconds = Math.floor((ms % minute) / second);
    return seconds ? `${minutes} min ${seconds} s` : `${minutes} min`;
  }
  return span(ms);
}

/** What is left until a point in time: "about 2 min left"; "any moment now" when it has come. */
export function left(iso: string, now: number): string {
  const ms = Date.parse(iso) - now;
  if (Number.isNaN(ms)) return "";
  return ms < 2 * second ? "any moment now" : `about ${span(ms)} left`;
}

const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** The full date and time where the person is. */
export function when(iso: string): string {
  const time = Date.parse(iso);
  return Number.isNaN(time) ? "" : absolute.format(time);
}

const digits = new Intl.NumberFormat("en");

/** A number with its thousands marked. */
export function count(n: number): string {
  return digits.format(n);
}

/** A number with the right form of a word: "1 task", "1,204 tasks". */
export function many(n: number, one: string, more = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : more}`;
}

/** JSON text as a value; undefined if there is none or it is no JSON. */
export function jsonOf(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a value has something to show. */
export function hasContent(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}
