// SPDX-License-Identifier: Apache-2.0

// A task in full: changing it, its reminders, its history, and what else can be done with it.

import { announce, field, h, openDialog } from "./dom.js";
import { call, lacks } from "./api.js";
import { createHistory } from "./history.js";
import { createTaskForm } from "./task-form.js";
import { tagNames } from "./tags.js";
import { toastProblem } from "./toasts.js";
import { whenText } from "./time.js";

/** Opens the dialog of a task. */
export async function openTask(listed, { profile, list }) {
  let task;
  try { task = await call("GET", `/api/tasks/${listed.id}`); } catch (problem) {
    toastProblem(problem);
    list.refresh();
    return;
  }
  const title = h("input", { type: "text", class: "title-input", value: task.title, required: true, maxlength: 500 });
  const form = createTaskForm({ task, title, profile, tagNames: tagNames() });
  const save = h("button", { class: "button primary" }, "Save");
  const element = h("form", { class: "task-form", novalidate: true },
    field("Title", title, { name: "title" }), form.element, fired(task),
    task.is_recurring ? createHistory(task) : null,
    h("div", { class: "dialog-foot" }, others(), save));
  const dialog = openDialog(task.completed ? "A task that is done" : "Edit the task", element);
  // Its row may have been made anew meanwhile.
  dialog.addEventListener("close", () => {
    if (document.activeElement === document.body) list.focus(task.id);
  });

  function others() {
    const button = (label, run, feature) => feature && lacks(feature) ? null : h("button", {
      type: "button", class: "button quiet", on: { click: () => { dialog.close(); run(); } },
    }, label);
    const { actions } = list;
    return h("div", { class: "row others" },
      button("Delete", () => actions.remove(task)),
      task.completed ? button("Reopen", () => actions.reopen(task)) : null,
      task.completed ? null : [
        task.is_recurring ? button("Skip next", () => actions.change(task, "skip-next"), "skip-next") : null,
        task.paused ? button("Resume", () => actions.change(task, "resume"), "resume")
          : button("Pause", () => actions.change(task, "pause"), "pause"),
      ]);
  }

  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    save.disabled = true;
    try {
      const saved = await call("PATCH", `/api/tasks/${task.id}`, await form.body(), { ifMatch: task.version });
      dialog.close();
      await list.refresh(saved.id);
      announce(`Saved: ${saved.title}`);
    } catch (problem) {
      form.show(problem.status === 412
        ? Object.assign(problem, { message: "It was changed elsewhere in the meantime. Close this and open it again.", errors: [] })
        : problem);
    } finally {
      save.disabled = false;
    }
  });
}

// What became of the reminders that are not waiting any more.
function fired({ reminders, timezone }) {
  const past = reminders.filter(({ state }) => state !== "scheduled");
  if (!past.length) return null;
  return h("div", { class: "field" }, h("span", { class: "label" }, "Earlier reminders"),
    h("ul", { class: "plain" }, past.map(({ at, state }) => h("li", {},
      `${whenText(at, timezone ?? undefined)}: ${state.replaceAll("_", " ")}`))));
}
