// SPDX-License-Identifier: Apache-2.0

// When to be reminded: several offsets before the due date, and instants.

import { announce, h, icon, select } from "./dom.js";
import { offsetText, whenText } from "./time.js";

const offsets = [
  "PT0S", "-PT5M", "-PT10M", "-PT15M", "-PT30M", "-PT1H", "-PT2H", "-PT3H", "-P1D", "-P2D", "-P7D",
];

/** What the server arms when a request names no reminders. */
const standard = ["-P1D", "-PT1H"];

/**
 * Creates the field. `defaults` are the user's default offsets, `task` is what is edited, `name`
 * is the member of the request, and only a field that `takesInstants` offers dates and times.
 *
 * `request()` gives the member of a request; nothing when it was left as it is.
 */
export function createRemindersField({
  defaults = standard, task, name = "reminders", label = "Reminders", takesInstants = true,
}) {
  const initial = () => task
    ? task.reminders.filter(({ snooze_of }) => snooze_of === null).map(
      ({ offset, at }) => offset === null ? { at } : { offset })
    : defaults.map((offset) => ({ offset }));
  let reminders = initial();
  let isChanged = false;
  const list = h("ul", {});
  const add = select([["", "Add…"],
    ...offsets.map((offset) => [offset, offsetText(offset)]),
    ...(takesInstants ? [["at", "At a date and time…"]] : [])],
  { "aria-label": "Add a reminder", class: "chip-select" });
  const instant = h("input", { type: "datetime-local", step: 1, "aria-label": "Remind me at" });
  const take = h("button", { type: "button", class: "button" }, "Add the reminder");
  const at = h("div", { class: "row", hidden: true }, instant, take);
  const error = h("p", { class: "field-error", role: "alert", hidden: true });
  const element = h("div", { class: "field", data: { field: `${name} reminder_time` }, role: "group",
    "aria-label": label },
  h("span", { class: "label" }, label), h("div", { class: "chips" }, list, add), at, error);

  function show() {
    list.replaceChildren(...reminders.map((reminder, index) => {
      const text = reminder.offset !== undefined ? offsetText(reminder.offset) : whenText(reminder.at);
      return h("li", { class: "chip" }, text, h("button", {
        type: "button", class: "chip-remove", "aria-label": `Remove the reminder: ${text}`,
        on: { click: () => change(reminders.filter((_, other) => other !== index), `Removed: ${text}`) },
      }, icon("close")));
    }));
    list.hidden = reminders.length === 0;
  }

  function change(changed, message) {
    const hadFocus = list.contains(document.activeElement);
    reminders = changed;
    isChanged = true;
    show();
    announce(message);
    if (hadFocus) add.focus();
  }

  add.addEventListener("change", () => {
    at.hidden = add.value !== "at";
    if (add.value === "at") {
      instant.focus();
      return;
    }
    const offset = add.value;
    add.value = "";
    if (!offset || reminders.some((other) => other.offset === offset)) return;
    change([...reminders, { offset }], `Added: ${offsetText(offset)}`);
  });
  const addInstant = () => {
    const date = new Date(instant.value);
    if (Number.isNaN(date.getTime())) return;
    change([...reminders, { at: date.toISOString() }], `Added: ${whenText(date)}`);
    [instant.value, add.value, at.hidden] = ["", "", true];
    add.focus();
  };
  take.addEventListener("click", addInstant);
  instant.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    addInstant();
  });
  show();

  return {
    element,
    request(hasDue) {
      // A time that was filled in and not added yet is meant, too.
      if (!at.hidden) addInstant();
      if (!isChanged) return {};
      return { reminders: hasDue ? reminders : reminders.filter((reminder) => reminder.at) };
    },
    reset() {
      [reminders, isChanged] = [initial(), false];
      [instant.value, add.value, at.hidden] = ["", "", true];
      show();
    },
  };
}
