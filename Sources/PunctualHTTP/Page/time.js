// SPDX-License-Identifier: Apache-2.0

// Instants and local times as people read them.

/** The zone of this browser. */
export const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

const day = 86_400_000;
const formats = new Map();

function format(zone, options) {
  const key = `${zone}|${JSON.stringify(options)}`;
  if (!formats.has(key)) {
    let made;
    // A server may know zones that this browser does not.
    try { made = new Intl.DateTimeFormat(undefined, { ...options, timeZone: zone }); } catch {
      made = new Intl.DateTimeFormat(undefined, { ...options, timeZone: "UTC" });
    }
    formats.set(key, made);
  }
  return formats.get(key);
}

/** All zones that this browser knows. */
export function zoneNames() { return ["UTC", ...Intl.supportedValuesOf("timeZone")]; }

/** The local date and time in a zone, as the controls of a form take them. */
export function localParts(instant, zone) {
  const parts = {};
  const options = {
    calendar: "iso8601", numberingSystem: "latn", hourCycle: "h23", year: "numeric",
    month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  };
  let formatter;
  try { formatter = new Intl.DateTimeFormat("en", { ...options, timeZone: zone }); } catch {
    formatter = new Intl.DateTimeFormat("en", { ...options, timeZone: "UTC" });
  }
  for (const { type, value } of formatter.formatToParts(new Date(instant))) parts[type] = value;
  const time = `${parts.hour}:${parts.minute}`;
  return {
    date: `${parts.year.padStart(4, "0")}-${parts.month}-${parts.day}`,
    time: parts.second === "00" ? time : `${time}:${parts.second}`,
  };
}

/** A date so many days after another. */
export function addDays(date, days) {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * day).toISOString().slice(0, 10);
}

/** How many days from one date to another. */
export function daysBetween(from, to) {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / day);
}

/** The zone of a task where it is not the browser's: "Lisbon time". */
export function zoneNote(zone) {
  if (!zone || zone === browserZone) return "";
  return zone === "UTC" ? "UTC" : `${zone.split("/").at(-1).replaceAll("_", " ")} time`;
}

/** The time of day of an instant. */
export function timeOfDay(instant, zone = browserZone) {
  return format(zone, { hour: "2-digit", minute: "2-digit" }).format(new Date(instant));
}

/** An instant as it is said today: "Tomorrow, 09:00", "Mon 30 Nov, 09:00". */
export function whenText(instant, zone = browserZone) {
  const today = localParts(Date.now(), zone).date;
  const { date } = localParts(instant, zone);
  const distance = daysBetween(today, date);
  const names = { "-1": "Yesterday", 0: "Today", 1: "Tomorrow" };
  const name = names[distance] ?? dateText(date, today);
  return `${name}, ${timeOfDay(instant, zone)}`;
}

/** A date without its time: "Mon 30 Nov", with the year where it is another. */
export function dateText(date, today = localParts(Date.now(), browserZone).date) {
  const isThisYear = date.slice(0, 4) === today.slice(0, 4);
  return format("UTC", {
    weekday: "short", day: "numeric", month: "short", ...(isThisYear ? {} : { year: "numeric" }),
  }).format(new Date(`${date}T00:00:00Z`));
}

/** A local date-time in full: "Thursday 31 December 2026, 09:00". */
export function localText(local) {
  return format("UTC", {
    weekday: "short", day: "numeric", month: "long", year: "numeric", hour: "2-digit",
    minute: "2-digit",
  }).format(new Date(`${local}Z`));
}

/** Which part of the list a task belongs to. */
export function group(due, now = Date.now()) {
  if (!due) return "No date";
  const instant = Date.parse(due);
  if (instant < now) return "Overdue";
  const distance = daysBetween(localParts(now, browserZone).date, localParts(instant, browserZone).date);
  if (distance <= 0) return "Today";
  if (distance === 1) return "Tomorrow";
  return distance < 7 ? "Next seven days" : "Later";
}

const units = [["week", 604_800], ["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];

/** The seconds of an ISO 8601 duration such as `-P1DT2H`. */
export function durationSeconds(text) {
  const match = /^([-+]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text);
  if (!match) return null;
  const [, sign, ...counts] = match;
  const seconds = counts.reduce((sum, count, index) => sum + Number(count ?? 0) * units[index][1], 0);
  return sign === "-" ? -seconds : seconds;
}

/** An offset as people say it: "1 hour before". */
export function offsetText(offset) {
  const seconds = durationSeconds(offset);
  if (seconds === null) return offset;
  if (seconds === 0) return "When it is due";
  return `${spanText(Math.abs(seconds))} ${seconds < 0 ? "before" : "after"}`;
}

/** A number of seconds in its one or two largest units: "2 days 3 hours". */
export function spanText(seconds) {
  const parts = [];
  let rest = Math.round(seconds);
  for (const [unit, length] of units) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count) parts.push(`${count} ${unit}${count === 1 ? "" : "s"}`);
    if (parts.length === 2) break;
  }
  return parts.join(" ") || "less than a second";
}
