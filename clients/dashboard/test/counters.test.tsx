import { createSpectralNotify, neverPaused } from "@spectralnotify/client";
import { SpectralNotifyProvider } from "@spectralnotify/client/react";
import { QueryClient } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { StrictMode } from "react";
import { afterEach, beforeEach, expect, test } from "vitest";

import { CounterHouse } from "../../ts/test/counter-house.js";
import { CountersPage } from "../src/pages/counters.js";

let house: CounterHouse;

beforeEach(() => {
  house = new CounterHouse();
});
afterEach(cleanup);

function show(prefix = "") {
  const client = createSpectralNotify({ transport: house.transport(), pauses: neverPaused });
  return render(
    <StrictMode>
      <SpectralNotifyProvider client={client} queryClient={new QueryClient()}>
        <CountersPage prefix={prefix} />
      </SpectralNotifyProvider>
    </StrictMode>,
  );
}

const value = async (name: string) => (await screen.findByLabelText(`Value of ${name}`)).textContent;

test("counters move while one looks", async () => {
  house.create("visits", 1234n);
  show();
  expect(await value("visits")).toBe("1,234");
  house.set("visits", "incremented", 1235n);
  await waitFor(async () => expect(await value("visits")).toBe("1,235"));
  await screen.findByText(/1 change/);
});

test("plus and minus count by one", async () => {
  house.create("visits");
  show();
  fireEvent.click(await screen.findByRole("button", { name: "Increment visits" }));
  await waitFor(async () => expect(await value("visits")).toBe("1"));
  const minus = screen.getByRole("button", { name: "Decrement visits" });
  fireEvent.click(minus);
  fireEvent.click(minus);
  await waitFor(async () => expect(await value("visits")).toBe("-1"));
});

test("a value can be set, reset and deleted", async () => {
  house.create("visits", 7n);
  show();
  const open = async () => fireEvent.click(await screen.findByRole("button", { name: "Change visits" }));
  await open();
  fireEvent.change(screen.getByLabelText("Value"), { target: { value: "1.5" } });
  expect(screen.getByRole<HTMLButtonElement>("button", { name: "Set" }).disabled).toBe(true);
  fireEvent.change(screen.getByLabelText("Value"), { target: { value: "-42" } });
  fireEvent.click(screen.getByRole("button", { name: "Set" }));
  await waitFor(async () => expect(await value("visits")).toBe("-42"));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  await open();
  fireEvent.click(screen.getByRole("button", { name: "Reset to 7" }));
  await waitFor(async () => expect(await value("visits")).toBe("7"));
  await open();
  fireEvent.click(screen.getByRole("button", { name: "Delete" }));
  expect(house.counters.size).toBe(1); // asked once more
  fireEvent.click(screen.getByRole("button", { name: "Delete with its history" }));
  await screen.findByText("No counters yet", {}, { timeout: 4_000 });
});

test("what the server refuses is said where it was asked for", async () => {
  house.create("visits");
  show();
  await value("visits");
  house.counters.clear();
  fireEvent.click(screen.getByRole("button", { name: "Increment visits" }));
  expect((await screen.findByRole("alert")).textContent).toBe("There is no such counter any more.");
});

test("an empty list says how to begin; one without a match offers the way back", async () => {
  show();
  await screen.findByText(/spectralnotify counter create visits/);
  cleanup();
  show("x");
  await screen.findByText(/begins with “x” now/);
  screen.getByRole("button", { name: "Show all counters" });
});
