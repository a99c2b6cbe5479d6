// SPDX-License-Identifier: Apache-2.0

// How something repeats: as the choices of a form, as the API's pattern, and in words.

import { dateText } from "./time.js";

export const weekdays = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
export const weekdayNames = [
  "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
];
export const monthNames = [
  "January", "February", "March", "April", "May", "June", "July", "August", "September",
  "October", "November", "December",
];
export const ordinals = [
  [1, "first"], [2, "second"], [3, "third"], [4, "fourth"], [-1, "last"], [-2, "second to last"],
];
const workingDays = weekdays.slice(0, 5);
const adverbs = { daily: "day", weekly: "week", monthly: "month", yearly: "year" };

/** The choices of a form before anything is chosen, for something that begins on `date`. */
export function initialChoices(date) {
  const weekday = (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;
  return {
    unit: "none", interval: 1, days: [weekdays[weekday]], on: "day", day: Number(date.slice(8)),
    nth: Math.min(Math.ceil(Number(date.slice(8)) / 7), 4), weekday: weekdays[weekday],
    month: Number(date.slice(5, 7)), ends: "never", until: "", count: 10, rule: "", exdates: [],
  };
}

/** The members of a request that say it: `recurrence_pattern`, or `rrule` for a rule as text. */
export function requestFields(choices) {
  if (choices.unit === "none") return { recurrence_pattern: null };
  // What was skipped stays skipped.
  const left = choices.exdates.length ? { exdates: choices.exdates } : {};
  if (choices.unit === "rule") return { rrule: choices.rule.trim().replace(/^RRULE:/i, ""), ...left };
  const pattern = { frequency: choices.unit };
  if (choices.interval > 1) pattern.interval = choices.interval;
  if (choices.unit === "weekly") {
    pattern.by_day = weekdays.filter((day) => choices.days.includes(day));
  }
  if (choices.unit === "monthly" || choices.unit === "yearly") Object.assign(pattern, onWhich(choices));
  if (choices.unit === "yearly") pattern.month = choices.month;
  if (choices.ends === "date" && choices.until) pattern.end_date = choices.until;
  if (choices.ends === "count") pattern.occurrences = choices.count;
  return { recurrence_pattern: pattern, ...left };
}

function onWhich({ on, day, nth, weekday }) {
  switch (on) {
    case "last-day": return { day_of_month: -1 };
    case "last-working": return { by_day: workingDays, by_set_pos: [-1] };
    case "first-working": return { by_day: workingDays, by_set_pos: [1] };
    case "nth": return { by_day: [`${nth}${weekday}`] };
    default: return { day_of_month: day };
  }
}

/** The choices that make the pattern of a task; as the text of its rule where none do. */
export function choicesOf(task, date) {
  const choices = initialChoices(date);
  const pattern = task?.recurrence_pattern;
  if (!pattern) return choices;
  const exdates = pattern.exdates ?? [];
  const read = readPattern({ ...pattern }, { ...choices });
  return { ...(read ?? { ...choices, unit: "rule", rule: task.rrule }), exdates };
}

// Takes each key that it understands out of `rest`; what is left then cannot be said by choices.
function readPattern(rest, choices) {
  const take = (key) => {
    const value = rest[key];
    delete rest[key];
    return value;
  };
  choices.unit = take("frequency");
  choices.interval = take("interval") ?? 1;
  choices.count = take("occurrences") ?? choices.count;
  if (rest.end_date) [choices.ends, choices.until] = ["date", take("end_date").slice(0, 10)];
  else if (choices.count !== 10) choices.ends = "count";
  const days = take("by_day") ?? take("days_of_week")?.map((day) => weekdays[(day + 6) % 7]);
  const positions = take("by_set_pos");
  const monthDays = take("by_month_day") ?? [take("day_of_month")].filter(Number);
  const months = take("by_month") ?? [take("month")].filter(Number);
  const week = take("week_start");
  const skip = take("skip");
  delete rest.exdates;
  const isKnown = Object.keys(rest).length === 0 && choices.unit in adverbs
    && (week === undefined || week === "MO")
    && (skip === undefined || skip === "backward" || monthDays.every((day) => Math.abs(day) <= 28));
  if (!isKnown) return null;
  if (choices.unit === "daily" || choices.unit === "weekly") {
    if (monthDays.length || months.length || positions) return null;
    if (!days) return choices;
    if (choices.unit === "daily" || !days.every((day) => weekdays.includes(day))) return null;
    choices.days = days;
    return choices;
  }
  if (months.length > 1 || (choices.unit === "monthly" && months.length)) return null;
  if (months.length) [choices.month] = months;
  else if (choices.unit === "yearly" && (days || positions)) return null;
  return readWhich(choices, days, positions, monthDays);
}

function readWhich(choices, days, positions, monthDays) {
  if (!days) {
    if (positions || monthDays.length > 1) return null;
    if (!monthDays.length) return choices;
    if (monthDays[0] < -1) return null;
    if (monthDays[0] === -1) choices.on = "last-day";
    else choices.day = monthDays[0];
    return choices;
  }
  if (monthDays.length) return null;
  const numbered = /^(-?\d)([A-Z]{2})$/.exec(days[0]);
  if (numbered && days.length === 1 && !positions && ordinals.some(([n]) => n === Number(numbered[1]))) {
    return Object.assign(choices, { on: "nth", nth: Number(numbered[1]), weekday: numbered[2] });
  }
  const isWorking = days.length === 5 && workingDays.every((day) => days.includes(day));
  if (!isWorking || positions?.length !== 1 || Math.abs(positions[0]) !== 1) return null;
  choices.on = positions[0] === 1 ? "first-working" : "last-working";
  return choices;
}

/** In words how a task repeats: "Monthly on the last working day". */
export function repeatText(task) {
  if (!task.is_recurring) return "";
  const choices = choicesOf(task, (task.dtstart ?? task.due_date ?? "2000-01-01").slice(0, 10));
  const { unit, interval } = choices;
  if (unit === "rule") return "Repeats by its own rule";
  let text = interval === 1
    ? { daily: "Daily", weekly: "Weekly", monthly: "Monthly", yearly: "Yearly" }[unit]
    : `Every ${interval} ${adverbs[unit]}s`;
  if (unit === "weekly") text = weeklyText(choices, text);
  if (unit === "monthly") text += ` on ${whichText(choices)}`;
  if (unit === "yearly") text += ` on ${whichText(choices)} of ${monthNames[choices.month - 1]}`;
  if (choices.ends === "date") text += `, until ${dateText(choices.until)}`;
  if (choices.ends === "count") text += `, ${choices.count} times`;
  return text;
}

function weeklyText({ days, interval }, text) {
  const isWorkingWeek = days.length === 5 && workingDays.every((day) => days.includes(day));
  if (isWorkingWeek && interval === 1) return "Every working day";
  const names = weekdays.filter((day) => days.includes(day)).map(
    (day) => weekdayNames[weekdays.indexOf(day)].slice(0, days.length > 1 ? 3 : undefined));
  return `${text} on ${names.join(", ")}`;
}

function whichText({ on, day, nth, weekday }) {
  switch (on) {
    case "last-day": return "the last day";
    case "last-working": return "the last working day";
    case "first-working": return "the first working day";
    case "nth": {
      const ordinal = ordinals.find(([number]) => number === nth)[1];
      return `the ${ordinal} ${weekdayNames[weekdays.indexOf(weekday)]}`;
    }
    default: return `day ${day}`;
  }
}
