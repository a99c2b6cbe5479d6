// SPDX-License-Identifier: Apache-2.0

// The list of tasks: what is loaded, how it is shown, and how it is gone through by keyboard.

import { announce, h } from "./dom.js";
import { call } from "./api.js";
import { group } from "./time.js";
import { createActions, isLeaving } from "./actions.js";
import { createFilters } from "./filters.js";
import { createRow, rowKey } from "./task-row.js";
import { learnTags, tagColors } from "./tags.js";

const pageSize = 50;
/** The most tasks that one request can be asked for. */
const maximumPage = 500;

/** Creates the list; `open` shows a task in full. */
export function createTaskList({ open }) {
  let tasks = [];
  let nextCursor = null;
  let asked = 0;
  let newID = null;
  const rows = new Map();
  const groups = h("div", { class: "groups" });
  const message = h("p", { class: "empty", role: "status", hidden: true });
  const more = h("button", { type: "button", class: "button more", hidden: true, on: { click: loadMore } },
    "Show more");
  const filters = createFilters(async () => {
    tasks = [];
    await refresh();
    announce(`${count(shown().length)}${nextCursor ? " and more" : ""}`);
  });
  const actions = createActions({ refresh, focus });
  const element = h("section", { "aria-label": "Tasks", tabindex: -1 }, filters.element, groups, message, more);

  /** Loads again what is shown; a task with the id `pointedOut` is highlighted. */
  async function refresh(pointedOut) {
    if (pointedOut) newID = pointedOut;
    const number = ++asked;
    const limit = Math.min(Math.max(tasks.length, pageSize), maximumPage);
    try {
      const answer = await call("GET", filters.path(limit));
      if (number !== asked) return;
      [tasks, nextCursor] = [answer.items, answer.next_cursor];
      learnTags(tasks);
      message.textContent = "";
    } catch (problem) {
      if (number !== asked || problem.status === 401) return;
      if (!tasks.length) message.textContent = problem.message;
    }
    show();
  }

  async function loadMore() {
    const number = ++asked;
    const answer = await call("GET", filters.path(pageSize, nextCursor)).catch(() => null);
    if (!answer || number !== asked) return;
    const first = answer.items[0];
    [tasks, nextCursor] = [[...tasks, ...answer.items], answer.next_cursor];
    learnTags(answer.items);
    show();
    if (first) rows.get(first.id)?.element.querySelector(".task-title").focus();
  }

  const shown = () => tasks.filter(({ id }) => !isLeaving(id));

  function show() {
    const now = Date.now();
    const visible = shown();
    const focus = focusedPlace();
    const sections = new Map();
    for (const task of visible) {
      const name = filters.isGrouped ? group(task.due_date, now) : "Tasks";
      if (!sections.has(name)) sections.set(name, []);
      sections.get(name).push(rowOf(task, now));
    }
    const kept = new Set(visible.map(({ id }) => id));
    for (const id of rows.keys()) if (!kept.has(id)) rows.delete(id);
    groups.replaceChildren(...[...sections].map(([name, elements]) => h("section", { class: "group" },
      h("h2", { class: filters.isGrouped ? "" : "visually-hidden" }, name,
        h("span", { class: "count", "aria-hidden": "true" }, String(elements.length))),
      h("ul", { class: "tasks" }, elements))));
    newID = null;
    filters.show();
    more.hidden = !nextCursor;
    message.textContent ||= emptyText();
    message.hidden = visible.length > 0;
    restore(focus);
  }

  function rowOf(task, now) {
    const isNew = task.id === newID;
    const key = rowKey(task, now, tagColors);
    const row = rows.get(task.id);
    if (row?.key === key && !isNew) return row.element;
    const made = createRow(task, { actions, open, tagColors, isNew });
    rows.set(task.id, { key, element: made });
    return made;
  }

  function emptyText() {
    if (filters.isNarrowed) return "Nothing matches. Try another search or filter.";
    return filters.state.status === "completed" ? "Nothing done yet." : "Nothing to do. Enjoy the quiet.";
  }

  // Moving a focused element loses its focus; the one that takes its place gets it back.
  function focusedPlace() {
    const row = document.activeElement?.closest?.(".task");
    if (!row || !element.contains(row)) return null;
    const elements = [...groups.querySelectorAll(".task")];
    return { id: row.dataset.id, index: elements.indexOf(row), part: document.activeElement.dataset.focus };
  }

  function restore(place) {
    if (!place || document.querySelector("dialog[open]")) return;
    const elements = [...groups.querySelectorAll(".task")];
    const row = elements.find(({ dataset }) => dataset.id === place.id)
      ?? elements[Math.min(place.index, elements.length - 1)];
    (row?.querySelector(`[data-focus="${place.part}"]`) ?? element).focus({ preventScroll: true });
  }

  /** Moves the focus to a task, or to the list when it is nowhere; who writes meanwhile keeps it. */
  function focus(id) {
    if (document.activeElement.matches("input, select, textarea, dialog *")) return;
    const row = rows.get(id)?.element;
    if (row) row.querySelector(".task-title").focus();
    else if (document.activeElement === document.body) element.focus({ preventScroll: true });
  }

  /** Moves the focus to the next task, or by -1 to the one before. */
  function move(step) {
    const elements = [...groups.querySelectorAll(".task")];
    const place = focusedPlace();
    const index = place ? place.index + step : step > 0 ? 0 : elements.length - 1;
    elements[Math.min(Math.max(index, 0), elements.length - 1)]?.querySelector(".task-title").focus();
  }

  /** The task that has the focus. */
  function focused() {
    const place = focusedPlace();
    return place && tasks.find(({ id }) => String(id) === place.id);
  }

  return {
    element, refresh, show, move, focus, focused, actions,
    focusSearch: filters.focusSearch,
    /** The version of a task that is loaded; undefined when it is not. */
    version: (id) => tasks.find((task) => task.id === id)?.version,
  };
}

function count(number) { return number === 1 ? "1 task" : `${number} tasks`; }
