// SPDX-License-Identifier: Apache-2.0

// Building elements, and telling those who do not see them.

/**
 * Creates an element. `props` are attributes; `on` holds listeners, `data` the data attributes,
 * `value`, `checked` and `disabled` are set as properties; what is null or false is left out.
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
    } else if (name === "data") Object.assign(element.dataset, value);
    else if (["value", "checked", "disabled", "hidden"].includes(name)) element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== false
    && child !== undefined));
  return element;
}

const namespace = "http://www.w3.org/2000/svg";

/** Creates an element of SVG. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(namespace, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// Lines of 2 on a grid of 24, round at their ends.
const paths = {
  bell: "M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15ZM10 21h4",
  inbox: "M4 13 6.5 5h11L20 13v6H4ZM4 13h5l1 3h4l1-3h5",
  repeat: "M4 12V9a3 3 0 0 1 3-3h11m-3-3 3 3-3 3M20 12v3a3 3 0 0 1-3 3H6m3 3-3-3 3-3",
  trash: "M4 7h16M10 11v6M14 11v6M6 7l1 13h10l1-13M9 7V4h6v3",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.5 10 17.5 19 7",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16ZM12 8v4.5l3 2",
  search: "M11 5a6 6 0 1 0 0 12 6 6 0 0 0 0-12ZM15.5 15.5 20 20",
  plus: "M12 5v14M5 12h14",
  filter: "M4 7h16M7 12h10M10 17h4",
  pause: "M9 6v12M15 6v12",
};

/** An icon; it says nothing to a screen reader, the text beside it does. */
export function icon(name) {
  return svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" },
    svg("path", { d: paths[name] }));
}

/** A labelled control: the label above, and what went wrong with it below. */
export function field(label, control, { hint, name } = {}) {
  const id = control.id || `field-${fieldCount++}`;
  control.id = id;
  const error = h("p", { class: "field-error", id: `${id}-error`, role: "alert", hidden: true });
  control.setAttribute("aria-describedby", `${id}-error`);
  return h("div", { class: "field", data: { field: name ?? "" } },
    h("label", { for: id }, label), control, hint ? h("p", { class: "hint" }, hint) : null, error);
}
let fieldCount = 0;

/** Options of a `select`, from pairs of value and text. */
export function select(pairs, props = {}) {
  const { value, ...others } = props;
  const element = h("select", others, pairs.map(([key, text]) => h("option", { value: key }, text)));
  if (value !== undefined) element.value = value;
  return element;
}

/** Says something to a screen reader without moving its focus. */
export function announce(text) {
  // A line of its own, so that what comes at the same moment is said, too.
  const line = h("p", {}, text);
  document.getElementById("announcer").append(line);
  setTimeout(() => line.remove(), 10_000);
}

/** Runs `action` once nothing has asked for it for so many milliseconds. */
export function debounced(milliseconds, action) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...values), milliseconds);
  };
}

/** Opens a modal dialog; it is removed when it closes, and the focus goes back by itself. */
export function openDialog(label, ...children) {
  const close = h("button", { type: "button", class: "icon-button", "aria-label": "Close" },
    icon("close"));
  const heading = h("h2", { id: "dialog-heading", tabindex: -1, autofocus: true }, label);
  const dialog = h("dialog", { "aria-labelledby": "dialog-heading" },
    h("div", { class: "dialog-head" }, heading, close), children);
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Shows each error of a problem beside its field, the rest in `summary`; focuses the first. */
export function showProblem(problem, root, summary) {
  clearProblem(root, summary);
  let first = null;
  const others = [];
  for (const error of problem.errors ?? []) {
    const name = (error.pointer ?? "").split("/")[1];
    const place = name && root.querySelector(`[data-field~="${CSS.escape(name)}"]`);
    const output = place?.querySelector(".field-error");
    if (!output) {
      others.push(error.detail);
      continue;
    }
    output.textContent = error.detail;
    output.hidden = false;
    const control = place.querySelector("input, select, textarea");
    control?.setAttribute("aria-invalid", "true");
    first ??= control;
  }
  if (!first || others.length) {
    summary.textContent = others.length ? others.join(" ") : problem.message;
    summary.hidden = false;
  }
  first?.focus();
}

/** Takes back what `showProblem` showed. */
export function clearProblem(root, summary) {
  for (const output of root.querySelectorAll(".field-error")) output.hidden = true;
  for (const control of root.querySelectorAll("[aria-invalid]")) {
    control.removeAttribute("aria-invalid");
  }
  summary.hidden = true;
}
