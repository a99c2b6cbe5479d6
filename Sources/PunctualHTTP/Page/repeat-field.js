// SPDX-License-Identifier: Apache-2.0

// The builder of a recurrence, with the dates that it comes to shown as they are chosen.

import { announce, debounced, field, h, icon, select } from "./dom.js";
import { call } from "./api.js";
import { localText } from "./time.js";
import {
  choicesOf, initialChoices, monthNames, ordinals, requestFields, weekdayNames, weekdays,
} from "./recurrence.js";

/** How many of the next dates are shown. */
const shownDates = 6;
// As many as the server previews at once.
const mostDates = 100;

/**
 * Creates the field. `start` says when it begins: `{date, time, zone}`; `task` is what is edited.
 *
 * `unit` is the choice of how often, `element` what there is to say more of it. `request()` gives the members of a request, `firstDue()` the first date as soon as it is known,
 * `isChanged` whether the user changed anything, and `refresh()` looks at the start again.
 */
export function createRepeatField({ start, task }) {
  const choices = task ? choicesOf(task, start().date) : initialChoices(start().date);
  const original = JSON.stringify(choices);
  const controls = makeControls(choices);
  const dates = h("ol", { class: "dates" });
  const note = h("p", { class: "hint", role: "status" });
  const preview = h("div", { class: "preview", hidden: true },
    h("h3", {}, icon("clock"), "The next dates"), dates, note);
  const unit = select([
    ["none", "Does not repeat"], ["daily", "Every day"], ["weekly", "Every week"],
    ["monthly", "Every month"], ["yearly", "Every year"], ["rule", "By a rule (RRULE)…"],
  ], { value: choices.unit });
  const panel = h("div", { class: "repeat-panel" }, Object.values(controls).map((c) => c.element), preview);
  const problem = h("p", { class: "field-error", role: "alert", hidden: true });
  const element = h("div", { class: "repeat", data: { field: "recurrence_pattern rrule dtstart" } },
    problem, panel);

  let firstDue = null;
  let asked = 0;
  let hasFollowedStart = Boolean(task);

  function show() {
    unit.value = choices.unit;
    for (const control of Object.values(controls)) {
      control.element.hidden = !control.isShown(choices);
      control.show?.(choices);
    }
    element.hidden = choices.unit === "none";
  }

  async function look() {
    const number = ++asked;
    firstDue = null;
    if (choices.unit === "none") return;
    const { date, time, zone } = start();
    // One more than is shown says whether it goes on; of a series from long ago the first are past.
    const count = date < new Date().toISOString().slice(0, 10) ? mostDates : shownDates + 1;
    try {
      const answer = await call("POST", "/api/recurrence/preview", {
        ...requestFields(choices), dtstart: `${date}T${withSeconds(time)}`, timezone: zone,
        count,
      });
      if (number === asked) showDates(answer.items, answer.items.length < count);
    } catch (problem) {
      if (number !== asked) return;
      dates.replaceChildren();
      note.textContent = problem.errors?.[0]?.detail ?? problem.message;
      preview.hidden = false;
    }
  }

  function showDates(items, isWhole) {
    const now = Date.now();
    const coming = items.filter(({ utc }) => utc === null || Date.parse(utc) > now || task);
    firstDue = coming[0]?.local ?? null;
    dates.replaceChildren(...coming.slice(0, shownDates).map(({ local, note: dst }) => h("li", {},
      h("time", { datetime: local }, localText(local)), dst ? h("span", { class: "dst" }, shortened(dst)) : null)));
    const end = coming.length ? "After these it ends." : "This rule has no date that is still to come.";
    const past = coming.length ? "" : `The first ${mostDates} dates are past.`;
    note.textContent = !isWhole ? past : coming.length <= shownDates ? end : "";
    preview.hidden = false;
    if (document.hasFocus() && firstDue && element.closest("form")?.contains(document.activeElement)) announce(`First on ${localText(firstDue)}`);
  }

  const lookSoon = debounced(180, look);
  const changed = () => {
    show();
    lookSoon();
  };
  unit.addEventListener("change", () => {
    choices.unit = unit.value;
    if (choices.unit === "rule" && !choices.rule) choices.rule = "FREQ=MONTHLY;BYDAY=-1FR";
    changed();
  });
  for (const control of Object.values(controls)) {
    control.element.addEventListener("input", () => {
      control.read(choices);
      hasFollowedStart = true;
      changed();
    });
  }
  show();
  if (task) look();

  return {
    element,
    unit: field("Repeat", unit),
    get isChosen() { return choices.unit !== "none"; },
    get isChanged() { return JSON.stringify(choices) !== original; },
    request: () => requestFields(choices),
    /** The first date, asked for at once if the answer is still on its way. */
    async firstDue() {
      if (choices.unit !== "none" && !firstDue) await look();
      return firstDue;
    },
    refresh() {
      // Until something else is chosen, what is offered follows the date.
      if (!hasFollowedStart) {
        const { unit: chosen, rule } = choices;
        Object.assign(choices, initialChoices(start().date), { unit: chosen, rule });
      }
      changed();
    },
    reset() {
      Object.assign(choices, initialChoices(start().date));
      hasFollowedStart = false;
      preview.hidden = true;
      show();
    },
  };
}

// What the clocks show then, without the date that stands beside it.
function shortened(note) { return note.replace(/\d{4}-\d\d-\d\dT(\d\d:\d\d)(:00)?/, "$1"); }

/** A time of day with its seconds. */
export function withSeconds(time) { return time.length === 5 ? `${time}:00` : time; }

// Each control knows when it is shown, how it is read and how it is set.
function makeControls(choices) {
  const isBuilt = ({ unit }) => unit !== "none" && unit !== "rule";
  const isMonthly = ({ unit }) => unit === "monthly" || unit === "yearly";
  return {
    interval: intervalControl(isBuilt),
    days: daysControl(),
    month: simple("In", select(monthNames.map((name, index) => [index + 1, name])),
      ({ unit }) => unit === "yearly", "month", Number),
    on: simple("On", select([
      ["day", "A day of the month"], ["last-day", "The last day"],
      ["last-working", "The last working day"], ["first-working", "The first working day"],
      ["nth", "A weekday"],
    ]), isMonthly, "on"),
    day: simple("Day", h("input", { type: "number", min: 1, max: 31, required: true }),
      (choices) => isMonthly(choices) && choices.on === "day", "day", (text) => bounded(text, 31)),
    nth: simple("Which", select(ordinals), (choices) => isMonthly(choices) && choices.on === "nth",
      "nth", Number),
    weekday: simple("Weekday", select(weekdays.map((day, index) => [day, weekdayNames[index]])),
      (choices) => isMonthly(choices) && choices.on === "nth", "weekday"),
    rule: simple("Rule", h("input", { type: "text", spellcheck: "false", autocapitalize: "off", autocomplete: "off" }),
      ({ unit }) => unit === "rule", "rule"),
    ends: simple("Ends", select([["never", "Never"], ["date", "On a date"], ["count", "After a number"]]),
      isBuilt, "ends"),
    until: simple("Last date", h("input", { type: "date" }),
      (choices) => isBuilt(choices) && choices.ends === "date", "until"),
    count: simple("How often", h("input", { type: "number", min: 1, max: 9999 }),
      (choices) => isBuilt(choices) && choices.ends === "count", "count", (text) => bounded(text, 9999)),
  };

  function simple(label, control, isShown, key, parse = (text) => text) {
    control.value = choices[key];
    return {
      element: field(label, control),
      isShown,
      read: (choices) => { choices[key] = parse(control.value); },
      show: (choices) => {
        if (control !== document.activeElement) control.value = choices[key];
      },
    };
  }
}

function bounded(text, maximum) {
  return Math.min(Math.max(Math.trunc(Number(text)) || 1, 1), maximum);
}

function intervalControl(isShown) {
  const input = h("input", { type: "number", min: 1, max: 999, id: "repeat-interval", value: 1 });
  const unit = h("span", { "aria-hidden": "true" });
  const element = field("Every", input);
  input.id = element.querySelector("label").htmlFor = `${input.id}-${Math.random().toString(36).slice(2)}`;
  input.after(unit);
  element.classList.add("field-inline");
  return {
    element,
    isShown,
    read: (choices) => { choices.interval = bounded(input.value, 999); },
    show: ({ unit: chosen, interval }) => {
      const name = { daily: "day", weekly: "week", monthly: "month", yearly: "year" }[chosen] ?? "";
      unit.textContent = interval === 1 ? name : `${name}s`;
      if (input !== document.activeElement) input.value = interval;
    },
  };
}

function daysControl() {
  const boxes = weekdays.map((day, index) => h("input", {
    type: "checkbox", value: day, "aria-label": weekdayNames[index],
  }));
  return {
    element: h("fieldset", { class: "weekdays" }, h("legend", {}, "On"),
      boxes.map((box, index) => h("label", {}, box, h("span", {}, weekdayNames[index].slice(0, 2))))),
    isShown: ({ unit }) => unit === "weekly",
    read(choices) {
      const days = boxes.filter((box) => box.checked).map((box) => box.value);
      // A week without any day would be no series.
      if (days.length) choices.days = days;
    },
    show({ days }) { for (const box of boxes) box.checked = days.includes(box.value); },
  };
}
