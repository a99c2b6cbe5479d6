// SPDX-License-Identifier: Apache-2.0

// Shows notifications while no page is open, and brings clicks on them to the page.

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

// A push message carries the bare event.
addEventListener("push", (event) => {
  let reminder = {};
  try { reminder = event.data?.json() ?? {}; } catch { /* It says nothing that can be shown. */ }
  event.waitUntil(registration.showNotification(reminder.title ?? "Reminder", {
    body: reminder.due_at ? `Due ${new Date(reminder.due_at).toLocaleString()}` : "", tag: reminder.event_id, icon: "/page/icon.svg", data: { event: reminder },
  }));
});

addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(bringToPage({ action: event.action || "open", event: event.notification.data?.event }));
});

async function bringToPage(message) {
  const [page] = await clients.matchAll({ type: "window" });
  if (!page) return clients.openWindow("/");
  page.postMessage(message);
  return page.focus();
}
