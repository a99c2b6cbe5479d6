// SPDX-License-Identifier: Apache-2.0

// What became of each occurrence of a series.

import { h } from "./dom.js";
import { call } from "./api.js";
import { spanText, whenText } from "./time.js";

const states = {
  open: "To do", active: "To do", completed: "Done", done: "Done", missed: "Missed", skipped: "Skipped",
  deleted: "Deleted", upcoming: "To come",
};

/** Creates the history of a task, loaded when it is opened. */
export function createHistory(task) {
  const body = h("div", {});
  const element = h("details", { class: "history" }, h("summary", {}, "History"), body);
  element.addEventListener("toggle", async () => {
    if (!element.open || body.childElementCount) return;
    try {
      const { items } = await call("GET", `/api/tasks/${task.id}/history`);
      body.replaceChildren(items.length ? table(items, task.timezone ?? undefined)
        : h("p", { class: "hint" }, "Nothing has happened yet."));
    } catch (problem) {
      body.replaceChildren(h("p", { class: "problem" }, problem.message));
    }
  });
  return element;
}

function table(items, zone) {
  return h("table", {},
    h("thead", {}, h("tr", {}, ["Due", "What became of it", "Done"].map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, items.map((item) => h("tr", {},
      h("td", {}, item.due ? whenText(item.due, zone) : item.nominal_time ?? "–"),
      h("td", {}, h("span", { class: `state state-${item.state}` }, states[item.state] ?? item.state)),
      h("td", {}, done(item, zone))))));
}

function done({ due, completed_at: completedAt, late }, zone) {
  if (!completedAt) return late ? "Overdue" : "–";
  const seconds = due ? (Date.parse(completedAt) - Date.parse(due)) / 1000 : 0;
  const lateness = seconds >= 60 ? ` (${spanText(seconds)} late)` : "";
  return whenText(completedAt, zone) + lateness;
}
