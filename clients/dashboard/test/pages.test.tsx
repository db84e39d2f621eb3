import { SpectralNotifyProvider } from "@spectralnotify/client/react";
import { QueryClient } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { type ReactNode, StrictMode } from "react";
import { afterEach, beforeEach, expect, test } from "vitest";

import { ListPage } from "../src/pages/list.js";
import { TaskPage } from "../src/pages/task.js";
import { everything } from "../src/route.js";
import { Server } from "./server.js";

let server: Server;

beforeEach(() => {
  server = new Server();
  location.hash = "#/";
});
afterEach(cleanup);

/** Shows a page as the app does. */
function show(page: ReactNode) {
  return render(
    <StrictMode>
      <SpectralNotifyProvider client={server.client()} queryClient={new QueryClient()}>
        {page}
      </SpectralNotifyProvider>
    </StrictMode>,
  );
}

const list = <ListPage filter={everything} counts={undefined} />;
const film = <TaskPage taskId="film" mayDelete />;

test("a list moves while one looks", async () => {
  server.put("film");
  show(list);
  const bar = await screen.findByRole("progressbar", { name: "Progress of film" });
  await screen.findByText("Task created");
  server.report("film", { progress: 80, message: "frame 1900" });
  await screen.findByText("frame 1900");
  expect(bar.getAttribute("aria-valuenow")).toBe("80");
  expect(screen.getByRole("progressbar")).toBe(bar); // the same bar, so that it glides
});

test("a new task appears by itself", async () => {
  show(list);
  await screen.findByText("No tasks yet");
  server.put("film");
  await screen.findByText("film", {}, { timeout: 4_000 });
});

test("an empty list says how to begin", async () => {
  show(list);
  await screen.findByText(/spectralnotify task create hello/);
});

test("a filter without a match offers the way back", async () => {
  server.put("film");
  show(<ListPage filter={{ status: "failed", prefix: "x" }} counts={undefined} />);
  await screen.findByText("No such tasks");
  screen.getByText(/no failed task with an id that begins with “x”/);
});

test("a server that cannot be reached is told in words, and tried again by hand", async () => {
  server.down = true;
  show(list);
  await screen.findByText("The server cannot be reached", {}, { timeout: 10_000 });
  server.down = false;
  server.put("film");
  fireEvent.click(screen.getByRole("button", { name: "Try now" }));
  await screen.findByText("film", {}, { timeout: 4_000 });
}, 15_000);

test("a task is told live", async () => {
  server.put("film");
  show(film);
  await screen.findByRole("heading", { name: "film" });
  server.report("film", { progress: 90, message: "frame 2100" });
  await waitFor(() => expect(screen.getAllByText("frame 2100").length).toBeGreaterThan(0));
  screen.getByText("90%");
  expect(document.title).toContain("90%");
});

test("cancel asks first", async () => {
  server.put("film");
  show(film);
  fireEvent.click(await screen.findByRole("button", { name: "Cancel" }));
  expect(server.calls).not.toContain("Cancel film");
  fireEvent.click(screen.getByRole("button", { name: "Cancel the task" }));
  await screen.findByText("Canceled");
  expect(server.calls).toContain("Cancel film");
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(screen.queryByRole("button", { name: "Cancel" })).toBeNull(); // it cannot be canceled twice
});

test("delete asks first, and leads back to the list", async () => {
  server.put("film");
  show(film);
  location.hash = "#/tasks/film";
  fireEvent.click(await screen.findByRole("button", { name: "Delete" }));
  fireEvent.click(screen.getByRole("button", { name: "Keep it" }));
  expect(server.calls).not.toContain("Delete film");
  fireEvent.click(screen.getByRole("button", { name: "Delete" }));
  fireEvent.click(screen.getByRole("button", { name: "Delete the task" }));
  await waitFor(() => expect(location.hash).toBe("#/"));
  expect(server.calls).toContain("Delete film");
});

test("a task that somebody else deletes stays to be read, and says so", async () => {
  server.put("film");
  show(film);
  await screen.findByRole("heading", { name: "film" });
  server.remove("film");
  await screen.findByText("This task was deleted.");
  screen.getByText("40%");
  expect(screen.queryByRole("button", { name: "Delete" })).toBeNull();
});

test("a task that does not exist is told", async () => {
  show(film);
  await screen.findByText("No such task");
});

test("who gave no key may not delete", async () => {
  server.put("film");
  show(<TaskPage taskId="film" mayDelete={false} />);
  const button = await screen.findByRole<HTMLButtonElement>("button", { name: "Delete" });
  expect(button.disabled).toBe(true);
});
