// SPDX-License-Identifier: Apache-2.0

// What became of each occurrence of a series.

import { h } from "./dom.js";
import { call } from "./api.js";
import { spanText, whenText } from "./time.js";

const states = {
  open: "To do", active: "To do", completed: "Done", done: "Done", missed: "Missed", skipped: "Skipped",
  deleted: "Deleted", upcoming: "To come",
};

/** Creates the history of a task, loaded when it is opened, the last occurrence first. */
export function createHistory(task) {
  const rows = h("tbody", {});
  const more = h("button", { type: "button", class: "button quiet", hidden: true }, "Show earlier");
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const heads = ["Due", "What became of it", "Done"].map((text) => h("th", { scope: "col" }, text));
  const element = h("details", { class: "history" }, h("summary", {}, "History"),
    h("table", {}, h("thead", {}, h("tr", {}, heads)), rows), problem, more);
  let cursor = "";
  async function load() {
    problem.hidden = true;
    try {
      const page = await call("GET", `/api/tasks/${task.id}/history?order=desc&limit=50${cursor}`);
      rows.append(...page.items.map((item) => row(item, task.timezone ?? undefined)));
      cursor = `&cursor=${page.next_cursor}`;
      more.hidden = page.next_cursor === null;
    } catch (error) {
      Object.assign(problem, { hidden: false, textContent: error.message });
    }
  }
  more.addEventListener("click", load);
  element.addEventListener("toggle", () => {
    if (element.open && !rows.childElementCount) load();
  });
  return element;
}

function row(item, zone) {
  return h("tr", {},
    h("td", {}, item.due ? whenText(item.due, zone) : item.nominal_time ?? "–"),
    h("td", {}, h("span", { class: `state state-${item.state}` }, states[item.state] ?? item.state)),
    h("td", {}, done(item, zone)));
}

function done({ completed_at: completedAt, late_seconds: late }, zone) {
  const lateness = late >= 60 ? spanText(late) : "";
  if (!completedAt) return lateness ? `${lateness} overdue` : "–";
  return whenText(completedAt, zone) + (lateness ? ` (${lateness} late)` : "");
}
