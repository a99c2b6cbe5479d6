// SPDX-License-Identifier: Apache-2.0

// The fields of a task, for adding one and for changing one.

import { clearProblem, field, h, select, showProblem } from "./dom.js";
import { addDays, browserZone, localParts, zoneNames } from "./time.js";
import { createRemindersField } from "./reminders-field.js";
import { createRepeatField, withSeconds } from "./repeat-field.js";

/** What something is due at when only its date is given. */
const usualTime = "09:00";

const priorities = [["low", "Low"], ["medium", "Medium"], ["high", "High"], ["urgent", "Urgent"]];

/** Creates the fields below the title; `task` is what is edited, `profile` says who does. */
export function createTaskForm({ task, title, profile, tagNames }) {
  const zoneOfTask = task?.timezone ?? profile?.timezone ?? browserZone;
  const local = task?.due_date ? localParts(task.due_date, zoneOfTask) : { date: "", time: "" };
  const date = h("input", { type: "date", value: local.date, max: "9999-12-31" });
  const time = h("input", { type: "time", value: local.time, step: local.time.length > 5 ? 1 : 60 });
  const zone = h("input", {
    type: "text", value: zoneOfTask, list: "zones", autocomplete: "off", spellcheck: "false",
  });
  const priority = select(priorities, { value: task?.priority ?? "medium" });
  const tags = h("input", {
    type: "text", value: task?.tags.join(", ") ?? "", list: "tag-names", autocomplete: "off",
    placeholder: "home, money",
  });
  const notes = h("textarea", { rows: 2, value: task?.description ?? "", maxlength: 10000 });
  const summary = h("p", { class: "problem", role: "alert", hidden: true });
  // A rule needs a beginning: today, where no date is given.
  const start = () => ({
    date: date.value || localParts(Date.now(), zone.value).date, time: time.value || usualTime,
    zone: zone.value.trim() || "UTC",
  });
  const repeat = createRepeatField({ start, task });
  const reminders = createRemindersField({ defaults: profile?.offsets, task });

  const quick = h("div", { class: "quick-dates", role: "group", "aria-label": "Due on" },
    [["Today", 0], ["Tomorrow", 1], ["In a week", 7]].map(([label, days]) => h("button", {
      type: "button", class: "chip-button", on: { click: () => setDate(days) },
    }, label)));
  const due = h("div", { class: "field-row" },
    field("Due", date, { name: "due_date" }), field("Time", time),
    field("Time zone", zone, { name: "timezone" }));
  const element = h("div", { class: "task-fields" }, due, quick,
    h("div", { class: "field-row" }, repeat.unit, field("Priority", priority, { name: "priority" }),
      field("Tags", tags, { name: "tags" })),
    repeat.element, reminders.element,
    field("Notes", notes, { name: "description" }), summary, lists(tagNames));

  function setDate(days) {
    const now = localParts(Date.now(), zone.value);
    date.value = addDays(now.date, days);
    const isPast = days === 0 && usualTime <= now.time;
    if (!time.value || isPast) time.value = isPast ? nextHour(now.time) : usualTime;
    repeat.refresh();
  }
  date.addEventListener("change", () => {
    if (date.value && !time.value) time.value = usualTime;
    repeat.refresh();
  });
  time.addEventListener("change", () => repeat.refresh());
  zone.addEventListener("change", () => repeat.refresh());

  async function dueDate() {
    const { date: day, time: clock, zone: name } = start();
    const isMoved = !task || day !== local.date || clock !== local.time || name !== zoneOfTask;
    if (repeat.isChosen && (!task || repeat.isChanged)) {
      const first = await repeat.firstDue();
      if (first) return { due_date: first, timezone: name };
    }
    if (!date.value) return task && !local.date ? {} : { due_date: null };
    return isMoved ? { due_date: `${day}T${withSeconds(clock)}`, timezone: name } : {};
  }

  return {
    element,
    /** The body of a request that says what the fields say, or what of it has changed. */
    async body() {
      clearProblem(element, summary);
      const body = { title: title.value.trim(), priority: priority.value, tags: tagList(tags.value),
        description: notes.value.trim() || null, ...await dueDate() };
      if (!task ? repeat.isChosen : repeat.isChanged) Object.assign(body, repeat.request());
      if (!task && body.due_date === null) delete body.due_date;
      const hasDue = body.due_date !== undefined ? body.due_date !== null : Boolean(task?.due_date);
      return { ...body, ...reminders.request(hasDue) };
    },
    show: (problem) => showProblem(problem, element.closest("form"), summary),
    reset() {
      [date.value, time.value, zone.value] = ["", "", zoneOfTask];
      [priority.value, tags.value, notes.value] = ["medium", "", ""];
      repeat.reset();
      reminders.reset();
      clearProblem(element, summary);
    },
  };
}

function nextHour(time) {
  const hour = Number(time.slice(0, 2)) + 1;
  return hour > 23 ? "23:59" : `${String(hour).padStart(2, "0")}:00`;
}

function tagList(text) {
  return [...new Set(text.split(",").map((tag) => tag.trim()).filter(Boolean))];
}

// What the browser offers while a zone or tag is typed; one of each in the document.
function lists(tagNames) {
  const options = (names) => names.map((name) => h("option", { value: name }));
  if (!document.getElementById("zones")) {
    document.body.append(h("datalist", { id: "zones" }, options(zoneNames())),
      h("datalist", { id: "tag-names" }));
  }
  document.getElementById("tag-names").replaceChildren(...options(tagNames));
  return null;
}
