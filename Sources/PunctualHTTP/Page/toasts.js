// SPDX-License-Identifier: Apache-2.0

// Messages that come and go at the edge of the page.

import { h, icon } from "./dom.js";

const shown = new Map();

/**
 * Shows a message. `actions` are pairs of a label and what it does, or texts between; `seconds` is how long it
 * stays (it stays for good without), longer while the pointer or the focus is on it. A message
 * with the `id` of another takes its place. Returns what takes it away.
 */
export function toast(text, { id, detail, actions = [], seconds, isAlert, onGone } = {}) {
  shown.get(id)?.();
  let timer = 0;
  let isGone = false;
  const gone = (byAction = false) => {
    if (isGone) return;
    isGone = true;
    clearTimeout(timer);
    if (shown.get(id) === gone) shown.delete(id);
    element.remove();
    if (!byAction) onGone?.();
  };
  const stop = () => clearTimeout(timer);
  const start = () => {
    stop();
    if (seconds && !isGone) timer = setTimeout(gone, seconds * 1000);
  };
  const close = h("button", {
    type: "button", class: "icon-button", "aria-label": "Dismiss", on: { click: () => gone() },
  }, icon("close"));
  const element = h("div", {
    class: isAlert ? "toast toast-alert" : "toast", role: isAlert ? "alert" : "status",
    on: { pointerenter: stop, pointerleave: start, focusin: stop, focusout: start },
  },
  isAlert ? h("span", { class: "toast-mark" }, icon("bell")) : null,
  h("div", { class: "toast-text" }, h("p", {}, text), detail ? h("p", { class: "hint" }, detail) : null),
  actions.length ? h("div", { class: "toast-actions" }, actions.map((action) => typeof action === "string"
    ? h("span", { class: "hint" }, action) : button(action))) : null,
  close);
  function button([label, run]) {
    return h("button", { type: "button", class: "button", on: { click: () => { gone(true); run(); } } }, label);
  }
  document.getElementById("toasts").append(element);
  if (id) shown.set(id, gone);
  start();
  return gone;
}

/** Shows what went wrong. */
export function toastProblem(problem) {
  if (problem.status === 401) return;
  toast(problem.message, { id: "problem", seconds: 12, isAlert: false });
}
