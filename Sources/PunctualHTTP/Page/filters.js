// SPDX-License-Identifier: Apache-2.0

// Which tasks are shown, and in which order: kept in the address, so that it can be bookmarked.

import { debounced, field, h, icon, select } from "./dom.js";
import { lacks } from "./api.js";
import { addDays, browserZone, localParts } from "./time.js";
import { tagNames } from "./tags.js";

const initial = { q: "", status: "active", when: "", priority: "", tag: "", sort: "due_date", order: "asc" };

/** Creates the bar; `changed` is called when other tasks are asked for. */
export function createFilters(changed) {
  const state = { ...initial, ...fromAddress() };
  const search = h("input", {
    type: "search", placeholder: "Search", "aria-label": "Search the tasks", value: state.q,
    autocomplete: "off",
  });
  const searchBox = h("div", { class: "search" }, icon("search"), search);
  const status = h("div", { class: "segments", role: "group", "aria-label": "Which tasks" },
    [["active", "To do"], ["completed", "Done"], ["all", "All"]].map(([value, text]) => h("button", {
      type: "button", "aria-pressed": String(state.status === value), data: { value },
      on: { click: () => set({ status: value }) },
    }, text)));
  const choices = {
    when: select([["", "Any time"], ["overdue", "Overdue"], ["today", "Until tonight"], ["week", "Next seven days"]]),
    priority: select([["", "Any priority"], ["urgent", "Urgent"], ["high,urgent", "High and up"],
      ["medium", "Medium"], ["low", "Low"]]),
    tag: h("select"),
    sort: select([["due_date asc", "Due first"], ["due_date desc", "Due last"],
      ["priority desc", "Most urgent"], ["created_at desc", "Newest"], ["created_at asc", "Oldest"]]),
  };
  const labels = { when: "Due", priority: "Priority", tag: "Tag", sort: "Sort" };
  const more = h("div", { class: "field-row filter-more", id: "filter-more" }, Object.entries(choices).map(([key, control]) => {
      control.addEventListener("change", () => {
        if (key !== "sort") return set({ [key]: control.value });
        const [sort, order] = control.value.split(" ");
        return set({ sort, order });
      });
      return field(labels[key], control);
    }));
  const toggle = h("button", {
    type: "button", class: "button", "aria-controls": "filter-more", on: { click: () => unfold(more.hidden) },
  }, icon("filter"), "Filter");
  const unfold = (isOpen) => {
    more.hidden = !isOpen;
    toggle.setAttribute("aria-expanded", String(isOpen));
  };
  unfold(["when", "priority", "tag"].some((key) => state[key]) || state.sort !== initial.sort
    || state.order !== initial.order);
  const element = h("div", { class: "filters", role: "search" },
    h("div", { class: "filter-top" }, status, searchBox, toggle), more);
  search.addEventListener("input", debounced(200, () => set({ q: search.value.trim() })));

  function set(change) {
    Object.assign(state, change);
    for (const button of status.children) {
      button.setAttribute("aria-pressed", String(button.dataset.value === state.status));
    }
    const differing = Object.entries(state).filter(([key, value]) => value !== initial[key]);
    const query = new URLSearchParams(differing).toString();
    history.replaceState(null, "", `#/${query ? `?${query}` : ""}`);
    changed();
  }

  /** Shows what there is to choose from by now. */
  function show() {
    searchBox.hidden = lacks("search");
    const names = [...new Set([...tagNames(), ...(state.tag ? [state.tag] : [])])].sort();
    choices.tag.replaceChildren(h("option", { value: "" }, "Any tag"),
      ...names.map((name) => h("option", { value: name }, name)));
    for (const key of ["when", "priority", "tag"]) choices[key].value = state[key];
    choices.sort.value = `${state.sort} ${state.order}`;
  }
  show();

  return {
    element, show, state,
    focusSearch: () => search.focus(),
    get isGrouped() { return state.sort === "due_date" && state.order === "asc" && state.status === "active"; },
    get isNarrowed() { return Boolean(state.q || state.when || state.priority || state.tag); },
    /** The path of the list that is asked for, so many tasks at a time. */
    path(limit, cursor) {
      const query = new URLSearchParams({ sort: state.sort, order: state.order, limit });
      if (state.status !== "all") query.set("status", state.status);
      if (state.priority) query.set("priority", state.priority);
      if (state.tag) query.set("tags", state.tag);
      if (state.when === "overdue" && state.status !== "completed") query.set("overdue", "true");
      else if (state.when) query.set("due_before", dueBefore(state.when));
      if (cursor) query.set("cursor", cursor);
      if (!state.q) return `/api/tasks?${query}`;
      query.set("q", state.q);
      return `/api/tasks/search?${query}`;
    },
  };
}

function dueBefore(when) {
  const days = { overdue: 0, today: 1, week: 8 }[when];
  if (!days) return new Date().toISOString();
  const date = addDays(localParts(Date.now(), browserZone).date, days);
  // A date and time without an offset is this browser's (ECMA-262, Date Time String Format).
  return new Date(`${date}T00:00:00`).toISOString();
}

function fromAddress() {
  const query = new URLSearchParams(location.hash.split("?")[1] ?? "");
  return Object.fromEntries([...query].filter(([key]) => key in initial));
}
