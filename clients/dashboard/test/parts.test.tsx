import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SignIn } from "../src/pages/sign-in.js";
import { Bar } from "../src/parts/bar.js";
import { Confirm } from "../src/parts/confirm.js";
import { Facts } from "../src/parts/facts.js";
import { Filters } from "../src/parts/filters.js";
import { Header } from "../src/parts/header.js";
import { Json } from "../src/parts/json.js";
import { Row } from "../src/parts/row.js";
import { Timeline } from "../src/parts/timeline.js";
import { everything } from "../src/route.js";
import { statuses } from "../src/status.js";
import { before, makeEvent, makeTask, noon } from "./make.js";

beforeEach(() => {
  vi.useFakeTimers({ now: noon });
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

test("a bar tells its value to those who do not see it", () => {
  render(<Bar progress={64} status="in-progress" label="Progress of film" />);
  const bar = screen.getByRole("progressbar", { name: "Progress of film" });
  expect(bar.getAttribute("aria-valuenow")).toBe("64");
  expect(bar.getAttribute("aria-valuetext")).toBe("64 %, running");
});

test("a bar never leaves its track", () => {
  render(<Bar progress={140} status="success" label="a" />);
  expect(screen.getByRole("progressbar").getAttribute("aria-valuenow")).toBe("100");
});

test("each status has a word and a shape of its own", () => {
  const shapes = new Set<string>();
  for (const status of statuses) {
    const { container, unmount } = render(<Row task={makeTask({ status })} message={undefined} />);
    shapes.add(container.querySelector(".status path")?.getAttribute("d") ?? "");
    expect(container.querySelector(".status")?.textContent).toMatch(/Waiting|Running|Done|Failed|Canceled/);
    unmount();
  }
  expect(shapes.size).toBe(statuses.length);
});

test("a row is a link and says how far, how long and what", () => {
  render(<Row task={makeTask({ taskId: "a/b", eta: before(-120) })} message="frame 960" />);
  expect(screen.getByRole("link", { name: "a/b" }).getAttribute("href")).toBe("#/tasks/a%2Fb");
  for (const text of ["40%", "about 2 min left", "frame 960", "5 min ago", "render"]) screen.getByText(text);
});

test("a row of a task that failed says why and how long it took", () => {
  render(<Row task={makeTask({ status: "failed", failedAt: before(60), error: "disk full" })} message={undefined} />);
  screen.getByText("disk full");
  screen.getByText("took 3 min");
});

test("times grow older by themselves", () => {
  render(<Row task={makeTask({ createdAt: before(5) })} message={undefined} />);
  screen.getByText("5 s ago");
  act(() => vi.advanceTimersByTime(3_000));
  screen.getByText("8 s ago");
});

test("a timeline shows events newest first, with their details folded", () => {
  render(
    <Timeline
      events={[
        makeEvent(2, { kind: "task.progress", progress: 40, actor: "worker", metadata: { frame: 960 } }),
        makeEvent(1),
      ]}
    />,
  );
  const items = screen.getAllByRole("listitem").filter((item) => item.classList.contains("moment"));
  expect(items.map((item) => item.querySelector(".moment-text")?.textContent)).toEqual(["event 2", "event 1"]);
  for (const text of ["#2", "40%", "by worker", "960"]) screen.getByText(text);
  expect(screen.getByRole("group").hasAttribute("open")).toBe(false);
});

test("markup in a text stays text", () => {
  const evil = "<img src=x onerror=alert(1)>";
  const { container } = render(
    <>
      <Timeline events={[makeEvent(1, { message: evil, metadata: { [evil]: evil } })]} />
      <Row task={makeTask({ taskId: evil, type: evil, error: evil })} message={evil} />
    </>,
  );
  expect(container.querySelector("img")).toBeNull();
  expect(container.textContent).toContain(evil);
});

test("JSON is a tree, long lists are only counted", () => {
  const { container } = render(
    <Json value={{ a: null, b: [true, ""], long: Array.from({ length: 250 }, (_, i) => i), none: {} }} />,
  );
  for (const text of ["null", "true", "(empty text)", "list of 250", "and 50 more", "{ }"]) screen.getByText(text);
  expect(container.querySelectorAll("li").length).toBeLessThan(220);
});

test("facts leave out what is not known", () => {
  render(<Facts task={makeTask({ type: "", startedAt: null, tags: ["hd", "demo"] })} />);
  expect(screen.queryByText("Type")).toBeNull();
  expect(screen.queryByText("Started")).toBeNull();
  screen.getByText("hd");
  screen.getByText("Last change");
});

test("a question is modal, and Escape means no", () => {
  const said: string[] = [];
  const modal = vi.spyOn(HTMLDialogElement.prototype, "showModal");
  const { container } = render(
    <Confirm
      title="Delete?"
      yes="Delete it"
      no="Keep it"
      busy={false}
      fault="it did not work"
      onYes={() => said.push("yes")}
      onNo={() => said.push("no")}
    >
      <p>Really.</p>
    </Confirm>,
  );
  expect(modal).toHaveBeenCalledOnce();
  fireEvent(container.querySelector("dialog") as HTMLElement, new Event("cancel", { cancelable: true }));
  fireEvent.click(screen.getByText("Keep it"));
  fireEvent.click(screen.getByText("Delete it"));
  expect(said).toEqual(["no", "no", "yes"]);
  expect(screen.getByRole("alert").textContent).toBe("it did not work");
});

test("the connection is told in words; each second only to the eye", () => {
  render(
    <Header
      link={{ state: "waiting", retryAt: noon + 3_000 }}
      page="list"
      signedIn
      onSignIn={undefined}
      onForget={() => {}}
    />,
  );
  screen.getByText("Reconnecting in 3 s");
  expect(screen.getByRole("status").textContent).toBe("Connection: Reconnecting");
});

test("counts are buttons that choose a status", () => {
  const chosen: unknown[] = [];
  const counts = { pending: 1, "in-progress": 6, success: 1204, failed: 0, canceled: 2 };
  render(<Filters filter={everything} counts={counts} onChange={(filter) => chosen.push(filter)} />);
  expect(screen.getByRole("button", { name: "All 1,213" }).getAttribute("aria-pressed")).toBe("true");
  fireEvent.click(screen.getByRole("button", { name: "Done 1,204" }));
  expect(chosen).toEqual([{ status: "success", prefix: "" }]);
});

test("what is typed is taken after a pause", () => {
  const chosen: unknown[] = [];
  render(<Filters filter={everything} counts={undefined} onChange={(filter) => chosen.push(filter)} />);
  for (const value of ["f", "fi", "film"]) fireEvent.change(screen.getByRole("searchbox"), { target: { value } });
  expect(chosen).toEqual([]);
  vi.advanceTimersByTime(300);
  expect(chosen).toEqual([{ status: undefined, prefix: "film" }]);
});

test("a key that cannot be one is not sent", () => {
  const keys: string[] = [];
  render(<SignIn refused={false} onKey={(key) => keys.push(key)} />);
  const field = screen.getByLabelText("API key");
  fireEvent.change(field, { target: { value: "two words" } });
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
  expect(screen.getByRole("alert").textContent).toMatch(/without spaces/);
  fireEvent.change(field, { target: { value: "  sn_abc_defgh\n" } });
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
  expect(keys).toEqual(["sn_abc_defgh"]);
});

test("a key that the server refused is told", () => {
  render(<SignIn refused onKey={() => {}} />);
  expect(screen.getByRole("alert").textContent).toMatch(/does not know this key/);
});
