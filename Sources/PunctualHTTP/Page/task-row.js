// SPDX-License-Identifier: Apache-2.0

// One task in the list.

import { h, icon } from "./dom.js";
import { group, offsetText, spanText, whenText, zoneNote } from "./time.js";
import { repeatText } from "./recurrence.js";
import { tagChip } from "./tags.js";

const priorityNames = { urgent: "Urgent", high: "High", low: "Low" };

/** What a row shows, as a text: the row is made anew only when this changes. */
export function rowKey(task, now, tagColors) {
  return [task.version, task.status, task.paused, group(task.due_date, now), whenText(task.due_date ?? 0),
    waiting(task, now).map(({ at }) => at), task.tags.map((tag) => tagColors.get(tag)),
  ].join("|");
}

// A list does not say of each reminder whether it has fired; one whose instant is past does not wait.
function waiting(task, now) {
  if (task.completed || task.paused) return [];
  return task.reminders.filter(({ at, state }) => state === "scheduled" && Date.parse(at) > now);
}

/** Makes the row; `actions` say what its buttons do, `open` shows the task in full. */
export function createRow(task, { actions, open, tagColors, isNew }) {
  const isDone = task.completed;
  const check = h("button", {
    type: "button", class: "check", role: "checkbox", "aria-checked": String(isDone),
    "aria-label": `${isDone ? "Done" : "Complete"}: ${task.title}`, data: { focus: "check" },
    on: {
      click: async () => {
        check.setAttribute("aria-checked", String(!isDone));
        const isChanged = await (isDone ? actions.reopen(task) : actions.complete(task));
        if (!isChanged) check.setAttribute("aria-checked", String(isDone));
      },
    },
  }, icon("check"));
  const title = h("button", {
    type: "button", class: "task-title", data: { focus: "title" }, on: { click: () => open(task) },
  }, task.title);
  const remove = h("button", {
    type: "button", class: "icon-button row-remove", "aria-label": `Delete: ${task.title}`,
    data: { focus: "remove" }, on: { click: () => actions.remove(task) },
  }, icon("trash"));
  const classes = ["task", `is-${task.priority}`];
  if (isDone) classes.push("is-done");
  if (isNew) classes.push("is-new");
  return h("li", { class: classes.join(" "), data: { id: task.id } },
    check, h("div", { class: "task-body" }, title, meta(task)), remove);
}

function meta(task) {
  const parts = [];
  const name = priorityNames[task.priority];
  if (name) parts.push(h("span", { class: `priority priority-${task.priority}` }, name));
  if (task.completed) {
    parts.push(h("span", {}, `Done ${lowered(whenText(task.completed_at ?? task.updated_at))}`));
  } else if (task.due_date) parts.push(due(task));
  if (task.is_recurring) {
    parts.push(h("span", { class: "with-icon" }, icon("repeat"), repeatText(task)));
  }
  if (task.paused) parts.push(h("span", { class: "with-icon" }, icon("pause"), "Paused"));
  const reminders = waiting(task, Date.now());
  if (reminders.length) {
    const texts = reminders.map(({ offset, at, snooze_of }) => snooze_of === null && offset !== null
      ? offsetText(offset) : whenText(at));
    parts.push(h("span", { class: "with-icon", title: texts.join("\n") }, icon("bell"),
      h("span", { class: "visually-hidden" }, "Reminders: "),
      reminders.length === 1 ? texts[0] : `${reminders.length} reminders`));
  }
  parts.push(...task.tags.map(tagChip));
  return parts.length ? h("div", { class: "task-meta" }, parts) : null;
}

function due(task) {
  const late = (Date.now() - Date.parse(task.due_date)) / 1000;
  const zone = task.timezone ?? undefined;
  const note = zoneNote(task.timezone);
  return h("span", { class: late > 0 ? "due is-overdue" : "due" },
    h("time", { datetime: task.due_date }, whenText(task.due_date, zone)), note ? ` ${note}` : "",
    late > 0 ? h("span", { class: "visually-hidden" }, ` overdue by ${spanText(late)}`) : null);
}

function lowered(text) { return text.replace(/^(Today|Tomorrow|Yesterday)/, (word) => word.toLowerCase()); }
