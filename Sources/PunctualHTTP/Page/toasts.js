// SPDX-License-Identifier: Apache-2.0

// Messages that come and go at the edge of the page.

import { announce, h, icon } from "./dom.js";

const shown = new Map();

/**
 * Shows a message. `actions` are pairs of a label and what it does, or texts between; `seconds` is how long it
 * stays (it stays for good without), longer while the pointer or the focus is on it. A message
 * with the `id` of another takes its place. Where the focus was before it came into the message, it
 * goes when the message does. Returns what takes it away.
 */
export function toast(text, { id, detail, actions = [], seconds, isAlert, onGone } = {}) {
  shown.get(id)?.();
  let timer = 0;
  let isGone = false;
  let before = null;
  const gone = (byAction = false) => {
    if (isGone) return;
    isGone = true;
    clearTimeout(timer);
    if (shown.get(id) === gone) shown.delete(id);
    const hadFocus = element.contains(document.activeElement);
    element.remove();
    if (hadFocus) (before?.isConnected ? before : document.getElementById("main")).focus();
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
    class: isAlert ? "toast toast-alert" : "toast", role: isAlert ? "alert" : null,
    on: { pointerenter: stop, pointerleave: start, focusin: enter, focusout: start },
  },
  isAlert ? h("span", { class: "toast-mark" }, icon("bell")) : null,
  h("div", { class: "toast-text" }, h("p", {}, text), detail ? h("p", { class: "hint" }, detail) : null),
  actions.length ? h("div", { class: "toast-actions" }, actions.map((action) => typeof action === "string"
    ? h("span", { class: "hint" }, action) : button(action))) : null,
  close);
  function enter({ relatedTarget }) {
    stop();
    if (!element.contains(relatedTarget)) before = relatedTarget;
  }
  function button([label, run]) {
    return h("button", { type: "button", class: "button", on: { click: () => { gone(true); run(); } } }, label);
  }
  document.getElementById("toasts").append(element);
  if (!isAlert) announce(detail ? `${text}. ${detail}` : text);
  if (id) shown.set(id, gone);
  start();
  return gone;
}

/** Moves the focus to the latest message. */
export function focusToast() { document.querySelector("#toasts .toast:last-child button")?.focus(); }

/** Undoes what was done last, as long as its message is shown. */
export function undo() {
  [...document.querySelectorAll("#toasts .toast-actions button")]
    .findLast(({ textContent }) => textContent === "Undo")?.click();
}

/** Shows what went wrong. */
export function toastProblem(problem) {
  if (problem.status === 401) return;
  toast(problem.message, { id: "problem", seconds: 12, isAlert: false });
}
