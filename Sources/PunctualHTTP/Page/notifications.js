// SPDX-License-Identifier: Apache-2.0

// What happens when a reminder fires: a message in the page and one of the system.

import { h, icon } from "./dom.js";
import { call, lacks, optional } from "./api.js";
import { addDays, browserZone, localParts, whenText } from "./time.js";
import { toast } from "./toasts.js";

let worker = null;

/** Registers the worker that shows notifications; `perform` does what a click on one asks for. */
export async function prepareNotifications(perform) {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("message", ({ data }) => perform(data));
  try {
    worker = await navigator.serviceWorker.register("/page/worker.js", { scope: "/" });
    if ("Notification" in window && Notification.permission === "granted") await subscribe();
  } catch {
    // Without a worker, as in a private window, the page shows them itself.
    worker = null;
  }
}

/** Asks to be told while no page is open, where the server and the browser can do it. */
async function subscribe() {
  if (!worker?.pushManager) return;
  try {
    const key = await optional("push", () => call("GET", "/api/push/key", undefined, { isQuiet: true }));
    if (!key) return;
    await navigator.serviceWorker.ready;
    const options = { userVisibleOnly: true, applicationServerKey: key.public_key };
    const subscription = await worker.pushManager.subscribe(options).catch(async (error) => {
      // One that was made for another key of the server is in the way.
      const old = await worker.pushManager.getSubscription();
      if (!old) throw error;
      await old.unsubscribe();
      return worker.pushManager.subscribe(options);
    });
    await call("POST", "/api/me/push-subscriptions", subscription.toJSON(), { isQuiet: true });
  } catch {
    // Without it the page still shows them while it is open.
  }
}

/** The button that asks for permission; it is there as long as there is something to ask. */
export function createPermissionButton() {
  const button = h("button", { type: "button", class: "button small", on: { click: ask } },
    icon("bell"), h("span", {}, "Notify me"));
  const show = () => {
    button.hidden = !("Notification" in window) || Notification.permission === "granted";
    button.disabled = "Notification" in window && Notification.permission === "denied";
    button.title = button.disabled ? "This browser has been told not to show notifications here." : "";
  };
  async function ask() {
    await Notification.requestPermission();
    show();
    if (Notification.permission === "granted") {
      subscribe();
      toast("Notifications are on", { detail: "You will be told when a reminder fires.", seconds: 5 });
    }
  }
  show();
  return button;
}

/** Shows a reminder that fired. */
export async function showReminder(event, { complete, snooze }) {
  const due = event.due_at ? whenText(event.due_at, event.task_data?.timezone ?? undefined) : "";
  const detail = due ? `Due ${due.replace(/^(Today|Tomorrow|Yesterday)/, (word) => word.toLowerCase())}` : "Reminder";
  const actions = [["Done", () => complete({ id: event.task_id })]];
  if (!lacks("snooze") && event.reminder_id) {
    actions.push("Snooze", ...snoozes().map(([label, request, text]) => [label, () => snooze(event, request, text)]));
  }
  toast(event.title, { id: `reminder-${event.event_id}`, detail, actions, isAlert: true });
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  const options = {
    body: detail, tag: event.event_id, icon: "/page/icon.svg", timestamp: Date.parse(event.remind_at),
    data: { event },
  };
  if (worker) {
    const buttons = [{ action: "complete", title: "Done" }];
    if (!lacks("snooze")) buttons.push({ action: "snooze", title: "Snooze 10 min" });
    await worker.showNotification(event.title, { ...options, actions: buttons });
  } else {
    new Notification(event.title, options);
  }
}

/** The snoozes that are offered: a label, the request, and what is said of it. */
function snoozes() {
  const tomorrow = addDays(localParts(Date.now(), browserZone).date, 1);
  return [
    ["10 min", { for: "PT10M" }, "You will be reminded again in 10 minutes."],
    ["1 hour", { for: "PT1H" }, "You will be reminded again in an hour."],
    ["Tomorrow", { until: new Date(`${tomorrow}T09:00:00`).toISOString() }, "You will be reminded again tomorrow at 09:00."],
  ];
}
