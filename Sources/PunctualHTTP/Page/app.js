// SPDX-License-Identifier: Apache-2.0

// Puts the page together: who is signed in, which view is shown, and what happens by itself.

import { announce, debounced, h, icon, openDialog } from "./dom.js";
import { call, endSession, lacks, newKey, onSignedOut, optional } from "./api.js";
import { follow } from "./live.js";
import { createPermissionButton, prepareNotifications, showReminder } from "./notifications.js";
import { createInbox } from "./inbox.js";
import { createOperatorView } from "./operator.js";
import { openSettings } from "./settings.js";
import { createSignIn } from "./sign-in.js";
import { openTask } from "./task-dialog.js";
import { createTaskForm } from "./task-form.js";
import { createTaskList } from "./task-list.js";
import { editTags, loadTags, tagNames } from "./tags.js";
import { focusToast, toast, undo } from "./toasts.js";

const navigation = document.querySelector("nav");
const main = document.getElementById("main");
let profile = null;
let list = null;
let operator = null;
let unfollow = null;
let inbox = null;
let focusComposer = () => {};

/** Begins, or begins anew after signing in. */
async function start() {
  let me;
  try {
    // What a server lacks is found out once, and is then not offered.
    [me] = await Promise.all([optional("me", () => call("GET", "/api/me")), loadTags(),
      optional("search", () => call("GET", "/api/tasks/search?q=a&limit=1"))]);
  } catch (problem) {
    if (problem.status === 401) return;
    main.replaceChildren(h("p", { class: "empty" }, problem.message),
      h("button", { type: "button", class: "button more", on: { click: start } }, "Try again"));
    return;
  }
  know(me);
  list = createTaskList({ open: (task) => openTask(task, { profile, list }) });
  showSession();
  route();
  followEvents();
}

/** Takes over what somebody has chosen; of a server without profiles nothing is known. */
function know(me) {
  profile = { ...me, offsets: me?.default_reminders?.map(({ offset }) => offset) };
}

function showSession() {
  navigation.hidden = false;
  const live = h("span", { class: "live", id: "live", role: "status" }, h("span", { class: "dot" }), h("span", {}, "Connecting"));
  const tags = h("button", {
    type: "button", class: "button small quiet", hidden: lacks("tags"), on: { click: () => editTags(list.show) },
  }, "Tags");
  const settings = h("button", {
    type: "button", class: "button small quiet", hidden: lacks("me"), on: { click: () => openSettings(applySettings) },
  }, "Settings");
  const out = h("button", {
    type: "button", class: "button small quiet", hidden: !document.cookie.includes("punctual_csrf="),
    on: { click: signOut },
  }, "Sign out");
  inbox = createInbox((task) => openTask(task, { profile, list }));
  document.getElementById("session")
    .replaceChildren(live, inbox.button, createPermissionButton(), tags, settings, out);
}

/** Begins with what was chosen: the form that adds a task has its zone and its reminders. */
function applySettings(me) {
  know(me);
  list = createTaskList({ open: (task) => openTask(task, { profile, list }) });
  route();
  list.refresh();
}

async function signOut() {
  await call("DELETE", "/api/session", undefined, { isQuiet: true }).catch(() => null);
  endSession();
}

function showSignIn() {
  // What is being typed there stays.
  if (main.querySelector(".sign-in")) return;
  navigation.hidden = true;
  unfollow?.();
  [unfollow, list] = [null, null];
  operator?.stop();
  document.getElementById("session").replaceChildren();
  main.replaceChildren(createSignIn(start));
  main.querySelector("input").focus();
}

function route() {
  if (!list) return;
  const view = location.hash.startsWith("#/operator") ? "operator" : "tasks";
  for (const link of document.querySelectorAll("nav [data-view]")) {
    if (link.dataset.view === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  operator?.stop();
  operator = null;
  document.title = view === "operator" ? "Operator – Punctual" : "Punctual";
  if (view === "operator") {
    operator = createOperatorView();
    main.replaceChildren(operator.element);
  } else if (!main.contains(list.element)) {
    main.replaceChildren(h("h1", { class: "visually-hidden" }, "Tasks"), composer(), list.element);
  }
}

/** The form that adds a task; its fields unfold when it is used. */
function composer() {
  const title = h("input", {
    type: "text", id: "new-title", placeholder: "What needs doing?", "aria-label": "New task", required: true,
    maxlength: 500, autocomplete: "off", enterkeyhint: "done",
  });
  const form = createTaskForm({ title, profile, tagNames: tagNames() });
  const add = h("button", { class: "button primary" }, "Add");
  const cancel = h("button", { type: "button", class: "button quiet" }, "Cancel");
  const buttons = h("div", { class: "row" }, cancel, add);
  const details = h("div", { class: "composer-details" }, form.element);
  const top = h("div", { class: "composer-top", data: { field: "title" } }, icon("plus"), title,
    h("p", { class: "field-error", role: "alert", hidden: true }));
  const element = h("form", { class: "card composer task-form", novalidate: true, "aria-label": "Add a task" },
    top, details);
  // The same key until it has worked, so that trying again adds nothing twice.
  let key = newKey();

  function open(isOpen) {
    details.hidden = !isOpen;
    cancel.hidden = !isOpen;
    // Beside the title, or at the end of what is to be filled in.
    const place = isOpen ? details : top;
    if (buttons.parentElement !== place) place.append(buttons);
    element.classList.toggle("is-open", isOpen);
  }
  function reset() {
    title.value = "";
    key = newKey();
    form.reset();
    open(false);
  }
  title.addEventListener("focus", () => open(true));
  const leave = () => {
    reset();
    document.activeElement.blur();
    list.focus();
  };
  cancel.addEventListener("click", leave);
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (title.value) title.focus(); else leave();
  });
  element.addEventListener("input", () => { key = newKey(); });
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    add.disabled = true;
    try {
      const task = await call("POST", "/api/tasks", await form.body(), { key });
      reset();
      document.activeElement.blur();
      await list.refresh(task.id);
      list.focus(task.id);
      if (list.version(task.id) !== undefined) announce(`Added: ${task.title}`);
      else toast(`Added: ${task.title}`, { detail: "It is not among the tasks shown here.", seconds: 5 });
    } catch (problem) {
      open(true);
      form.show(problem);
    } finally {
      add.disabled = false;
    }
  });
  open(false);
  focusComposer = () => title.focus();
  return element;
}

function followEvents() {
  unfollow?.();
  const refreshSoon = debounced(120, async () => {
    if (!list) return;
    // Without the colours of today those of yesterday do.
    await loadTags().catch(() => null);
    await list?.refresh();
  });
  // What has fired is in the log a moment later.
  const countSoon = debounced(500, () => inbox?.refresh());
  unfollow = follow({
    onReset: () => { list.refresh(); inbox.refresh(); },
    onState: (isLive) => {
      const live = document.getElementById("live");
      live?.classList.toggle("is-live", isLive);
      live?.lastChild.replaceChildren(isLive ? "Live" : "Reconnecting");
    },
    onEvent: (event) => {
      if (event.event_type === "reminder.due") {
        showReminder(event, list.actions);
        countSoon();
      }
      // What this page did itself is shown already.
      if (event.task_version === undefined || list.version(event.task_id) !== event.task_version) refreshSoon();
    },
  });
}

/** Does what a click on a notification asked for. */
function perform({ action, event }) {
  if (!list || !event) return;
  if (action === "complete") list.actions.complete({ id: event.task_id });
  else if (action === "snooze") {
    list.actions.snooze(event, { for: "PT10M" }, "You will be reminded again in 10 minutes.");
  } else if (action === "open" && event.task_id) openTask({ id: event.task_id }, { profile, list });
}

const shortcuts = [
  ["n", "New task", () => focusComposer()],
  ["/", "Search", () => list.focusSearch()],
  ["j", "Next task", () => list.move(1)],
  ["k", "Task before", () => list.move(-1)],
  ["x", "Done, or open again", () => {
    const task = list.focused();
    if (task) list.actions[task.completed ? "reopen" : "complete"](task);
  }],
  ["e", "Edit", () => { const task = list.focused(); if (task) openTask(task, { profile, list }); }],
  ["Delete", "Delete", () => { const task = list.focused(); if (task) list.actions.remove(task); }],
  ["u", "Undo", undo],
  ["m", "To the latest message", focusToast],
  ["?", "Show these keys", showShortcuts],
];

function showShortcuts() {
  openDialog("Keys", h("dl", { class: "shortcuts" }, shortcuts.map(([key, text]) => h("div", {},
    h("dt", {}, h("kbd", {}, key)), h("dd", {}, text)))));
}

addEventListener("keydown", (event) => {
  const isTyping = event.target.closest?.("input, textarea, select, dialog");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !list || operator) return;
  const shortcut = shortcuts.find(([key]) => key === event.key);
  if (!shortcut) return;
  event.preventDefault();
  shortcut[2]();
});
addEventListener("hashchange", route);
// What is due moves on by itself.
setInterval(() => { if (!document.hidden && !operator) list?.show(); }, 20_000);
onSignedOut(showSignIn);
document.addEventListener("lacking", () => list?.show());
prepareNotifications(perform);
start();
