// SPDX-License-Identifier: Apache-2.0

// What somebody has chosen: time zone, default reminders, quiet hours, channels, the private feed.

import { announce, clearProblem, field, h, openDialog, showProblem } from "./dom.js";
import { call } from "./api.js";
import { createRemindersField } from "./reminders-field.js";
import { browserZone, zoneNames } from "./time.js";
import { toast, toastProblem } from "./toasts.js";

const channels = [
  ["in_app", "In this page"], ["email", "E-mail"], ["webhook", "Webhook"], ["web_push", "Push messages of the browser"],
];

/** Opens the dialog; `changed` is given what was saved. */
export async function openSettings(changed) {
  let me;
  try { me = await call("GET", "/api/me"); } catch (problem) {
    toastProblem(problem);
    return;
  }
  const zone = h("input", {
    type: "text", value: me.timezone ?? browserZone, list: "all-zones", autocomplete: "off", spellcheck: "false",
  });
  const email = h("input", { type: "email", value: me.email ?? "", autocomplete: "email" });
  const reminders = createRemindersField({
    defaults: me.default_reminders.map(({ offset }) => offset), name: "default_reminders",
    label: "Reminders of a new task", takesInstants: false,
  });
  const quiet = quietHours(me.quiet_hours);
  const boxes = channels.map(([name, label]) => ({ name, ...checkbox(label, me.channels[name]) }));
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const save = h("button", { class: "button primary" }, "Save");
  const form = h("form", { class: "task-form", novalidate: true },
    h("datalist", { id: "all-zones" }, zoneNames().map((name) => h("option", { value: name }))),
    field("Time zone", zone, { name: "timezone" }), field("E-mail", email, { name: "email" }),
    reminders.element, quiet.element,
    h("fieldset", { class: "field", data: { field: "channels" } }, h("legend", { class: "label" }, "Tell me by"),
      h("div", { class: "checks" }, boxes.map(({ element }) => element))),
    feed(me), problem, h("div", { class: "dialog-foot" }, save));
  const dialog = openDialog("Settings", form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearProblem(form, problem);
    save.disabled = true;
    const request = {
      timezone: zone.value.trim() || null, quiet_hours: quiet.value(),
      channels: Object.fromEntries(boxes.map(({ name, input }) => [name, input.checked])),
    };
    const chosen = reminders.request(true).reminders;
    if (chosen) request.default_reminders = chosen;
    // An address that came with the token goes on following it until another is given.
    if (email.value.trim() !== (me.email ?? "")) request.email = email.value.trim() || null;
    try {
      const saved = await call("PUT", "/api/me", request);
      dialog.close();
      announce("Settings saved");
      changed(saved);
    } catch (error) {
      showProblem(error, form, problem);
    } finally {
      save.disabled = false;
    }
  });
}

function checkbox(label, checked) {
  const input = h("input", { type: "checkbox", checked });
  return { input, element: h("label", {}, input, " ", label) };
}

/** When e-mail and push messages wait: two times of the day, or none. */
function quietHours(value) {
  const { input: isOn, element } = checkbox("Quiet hours: e-mail and push messages wait", value !== null);
  const start = h("input", { type: "time", value: value?.start ?? "22:00", "aria-label": "Quiet from" });
  const end = h("input", { type: "time", value: value?.end ?? "07:00", "aria-label": "Quiet until" });
  const times = h("div", { class: "row" }, start, h("span", {}, "to"), end);
  const show = () => { times.hidden = !isOn.checked; };
  isOn.addEventListener("change", show);
  show();
  return {
    element: h("div", { class: "field", data: { field: "quiet_hours" } }, element, times,
      h("p", { class: "field-error", role: "alert", hidden: true })),
    value: () => isOn.checked ? { start: start.value.slice(0, 5), end: end.value.slice(0, 5) } : null,
  };
}

/** The private address for calendar programs; what is done to it counts at once. */
function feed(me) {
  const address = h("input", { type: "text", readonly: true, "aria-label": "Address of the calendar feed" });
  const button = (label, run) => h("button", { type: "button", class: "button small", on: { click: run } }, label);
  const change = async (method, message) => {
    try {
      const answer = await call(method, "/api/me/feed");
      show(answer?.feed_url ?? null);
      announce(message);
    } catch (problem) { toastProblem(problem); }
  };
  const copy = button("Copy", async () => {
    try {
      await navigator.clipboard.writeText(address.value);
      toast("Copied", { detail: "Paste it into a calendar program as a subscription.", seconds: 5 });
    } catch {
      // Without permission to copy, the person can.
      address.select();
    }
  });
  const make = button("Make an address", () => change("POST", "The feed has an address"));
  const renew = button("New address", () => change("POST", "The feed has a new address; the old one has ended"));
  const end = button("End the feed", () => change("DELETE", "The feed has ended"));
  function show(url) {
    address.value = url ?? "";
    for (const element of [address, copy, renew, end]) element.hidden = !url;
    make.hidden = Boolean(url);
  }
  show(me.feed_url);
  return h("div", { class: "field", role: "group", "aria-label": "Calendar feed" },
    h("span", { class: "label" }, "Calendar feed"), address, h("div", { class: "row" }, copy, renew, end, make),
    h("p", { class: "hint" }, "Whoever knows this address sees your tasks."));
}
