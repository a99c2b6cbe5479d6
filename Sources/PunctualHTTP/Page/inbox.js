// SPDX-License-Identifier: Apache-2.0

// The reminders that fired while nobody looked, until they are read.

import { announce, h, icon, openDialog } from "./dom.js";
import { call, optional } from "./api.js";
import { toastProblem } from "./toasts.js";
import { whenText } from "./time.js";

const path = "/api/notifications";

/** Creates the button that opens them; `refresh` counts anew, `open(task)` shows a task. */
export function createInbox(open) {
  const count = h("span", {});
  const button = h("button", {
    type: "button", class: "button small quiet", id: "inbox", hidden: true, on: { click: show },
  }, icon("inbox"), count);

  async function refresh() {
    const answer = await optional("notifications", () => call("GET", `${path}?unread=true&limit=1`))
      .catch(() => null);
    if (!answer) return;
    button.hidden = false;
    const number = answer.unread_count;
    count.textContent = number < 100 ? number || "" : "99+";
    const label = number ? `Fired reminders, ${count.textContent} unread` : "Fired reminders";
    Object.assign(button, { ariaLabel: label, title: label });
  }

  async function show() {
    try {
      const { items } = await call("GET", `${path}?unread=true&limit=100`);
      const all = h("button", { type: "button", class: "button", on: { click: readAll } }, "Mark all as read");
      const dialog = openDialog("Fired reminders", items.length
        ? [h("ul", { class: "plain letters" }, items.map(row)), all]
        : h("p", { class: "hint" }, "You have read them all."));
      async function readAll() {
        await attempt(() => call("POST", `${path}/read`));
        dialog.close();
        announce("All are read");
      }
    } catch (problem) { toastProblem(problem); }
  }

  function row({ id, task_id: task, fired_at: fired, event }) {
    const title = event.title ?? "Reminder";
    const item = h("li", {},
      h("div", {}, h("button", {
        type: "button", class: "button quiet", on: { click: () => { item.closest("dialog").close(); open({ id: task }); } },
      }, title), h("p", { class: "hint" }, whenText(fired))),
      h("button", { type: "button", class: "button small", "aria-label": `Mark as read: ${title}`, on: { click: read } },
        "Mark as read"));
    async function read() {
      await attempt(() => call("POST", `${path}/${id}/read`));
      const next = item.nextElementSibling ?? item.previousElementSibling;
      const place = next?.querySelector("button:last-child") ?? item.closest("dialog").querySelector("h2");
      item.remove();
      place.focus();
      announce(`Read: ${title}`);
    }
    return item;
  }

  async function attempt(action) {
    try { await action(); } catch (problem) { toastProblem(problem); }
    await refresh();
  }

  return { button, refresh };
}
