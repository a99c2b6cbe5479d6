// SPDX-License-Identifier: Apache-2.0

// What can be done with a task, each with a way back.

import { announce } from "./dom.js";
import { call, optional } from "./api.js";
import { toast, toastProblem } from "./toasts.js";
import { whenText } from "./time.js";

/** For how long something can be undone, in seconds. */
const undoSeconds = 8;

const changes = {
  "skip-next": { text: "The next one is left out", undo: "unskip" },
  unskip: { method: "DELETE", path: "skip-next", text: "The next one comes after all" },
  pause: { text: "Paused", undo: "resume" },
  resume: { text: "Goes on", undo: "pause" },
};

/** Deletions that can still be undone: the ids of the tasks, and what carries each out. */
const leaving = new Map();

/** Whether a task is about to be deleted, and so is not shown. */
export function isLeaving(id) { return leaving.has(id); }

// A page that goes away for good carries out what it promised.
addEventListener("pagehide", () => { for (const carryOut of [...leaving.values()]) carryOut(true); });

/**
 * Creates the actions; `refresh(id)` shows the list again, with one task pointed out, and
 * `focus(id)` moves the focus to a task, which undoing does.
 */
export function createActions({ refresh, focus }) {
  async function attempt(action) {
    try {
      return await action();
    } catch (problem) {
      toastProblem(problem);
      refresh();
      return null;
    }
  }

  // Whether it worked, as for `reopen`.
  async function complete(task) {
    const answer = await attempt(() => call("POST", `/api/tasks/${task.id}/complete`));
    if (!answer) return false;
    const next = answer.next_task;
    await refresh(next?.id);
    const detail = next ? `Next: ${whenText(next.due_date, next.timezone ?? undefined)}` : "";
    toast(`Done: ${answer.title}`, {
      id: `task-${task.id}`, detail, seconds: undoSeconds, actions: [["Undo", async () => { if (await reopen(task)) focus(task.id); }]],
    });
    return true;
  }

  async function reopen(task) {
    const answer = await attempt(() => call("POST", `/api/tasks/${task.id}/reopen`));
    if (!answer) return false;
    await refresh(task.id);
    announce(`Open again: ${answer.title}`);
    return true;
  }

  // The task is gone from the list at once, and from the server when it is too late to undo.
  function remove(task) {
    const carryOut = async (isLeavingPage = false) => {
      if (!leaving.has(task.id)) return;
      const request = call("DELETE", `/api/tasks/${task.id}`, undefined, { keepalive: isLeavingPage });
      await attempt(() => request.catch((problem) => { if (problem.status !== 404) throw problem; }));
      leaving.delete(task.id);
      refresh();
    };
    leaving.set(task.id, carryOut);
    refresh();
    toast(`Deleted: ${task.title}`, {
      id: `task-${task.id}`, seconds: undoSeconds, onGone: carryOut,
      actions: [["Undo", async () => {
        leaving.delete(task.id);
        await refresh(task.id);
        focus(task.id);
        announce(`Kept: ${task.title}`);
      }]],
    });
  }

  async function snooze(reminder, request, text) {
    const path = `/api/tasks/${reminder.task_id}/reminders/${reminder.reminder_id}/snooze`;
    const answer = await attempt(() => optional("snooze", () => call("POST", path, request)));
    if (answer) toast(`Snoozed: ${reminder.title}`, { detail: text, seconds: 5 });
    refresh();
  }

  /** Skips the occurrence after this one, pauses or resumes: what `changes` has the name of. */
  async function change(task, name) {
    const { method = "POST", path = name, text, undo } = changes[name];
    const answer = await attempt(
      () => optional(path, () => call(method, `/api/tasks/${task.id}/${path}`)));
    if (!answer) return;
    await refresh(task.id);
    const next = answer.next_due_date;
    toast(`${text}: ${task.title}`, {
      id: `task-${task.id}`, seconds: undoSeconds,
      detail: next ? `After this one: ${whenText(next, task.timezone ?? undefined)}` : "",
      actions: undo ? [["Undo", async () => { await change(task, undo); focus(task.id); }]] : [],
    });
  }

  return { complete, reopen, remove, snooze, change };
}
