// SPDX-License-Identifier: Apache-2.0

// Tags and their colours.

import { h, icon, openDialog } from "./dom.js";
import { call, optional } from "./api.js";
import { toastProblem } from "./toasts.js";

/** The colours of tags by name; a tag without one is given one by its name. */
export const tagColors = new Map();

let tags = [];

/** The names of all tags that are known. */
export function tagNames() { return tags.map(({ name }) => name); }

/** Asks the server for the tags; whether there were others before. */
export async function loadTags() {
  const answer = await optional("tags", () => call("GET", "/api/tags"));
  const before = JSON.stringify(tags);
  tags = answer?.items ?? [];
  tagColors.clear();
  for (const { name, color } of tags) if (color) tagColors.set(name, color);
  return before !== JSON.stringify(tags);
}

/** Learns the tags of tasks, for a server that keeps no list of them. */
export function learnTags(tasks) {
  const known = new Set(tagNames());
  for (const name of tasks.flatMap((task) => task.tags)) {
    if (!known.has(name)) tags.push({ name });
    known.add(name);
  }
}

/** A tag as it is shown on a task. */
export function tagChip(name) {
  const chip = h("span", { class: "tag" }, name);
  chip.style.setProperty("--tag", tagColors.get(name) ?? `hsl(${hue(name)} 45% 50%)`);
  return chip;
}

function hue(name) {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + character.codePointAt(0)) % 360;
  return hash;
}

/** Opens the dialog in which tags are named, coloured and deleted; `changed` follows each change. */
export async function editTags(changed) {
  await loadTags().catch(toastProblem);
  const list = h("ul", { class: "tag-list" });
  const name = h("input", { type: "text", "aria-label": "Name of a new tag", placeholder: "New tag", required: true });
  const form = h("form", { class: "row" }, name, h("button", { class: "button" }, "Add"));
  openDialog("Tags", list, form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save(() => call("POST", "/api/tags", { name: name.value.trim(), color: hexColor(name.value.trim()) }));
    name.value = "";
  });

  async function save(request) {
    try {
      await request();
      await loadTags();
    } catch (problem) { toastProblem(problem); }
    show();
    changed();
  }

  function show() {
    list.replaceChildren(...tags.filter(({ id }) => id !== undefined).map((tag) => {
      const path = `/api/tags/${tag.id}`;
      const color = h("input", {
        type: "color", value: tag.color ?? hexColor(tag.name), "aria-label": `Colour of ${tag.name}`,
        on: { change: () => save(() => call("PATCH", path, { color: color.value })) },
      });
      const text = h("input", {
        type: "text", value: tag.name, "aria-label": `Name of ${tag.name}`,
        on: { change: () => save(() => call("PATCH", path, { name: text.value.trim() })) },
      });
      return h("li", { class: "row" }, color, text, h("button", {
        type: "button", class: "icon-button", "aria-label": `Delete the tag ${tag.name}`,
        on: { click: () => save(() => call("DELETE", path)) },
      }, icon("trash")));
    }));
  }
  show();
}

function hexColor(name) {
  const [saturation, lightness, angle] = [0.45, 0.5, hue(name)];
  const channel = (offset) => {
    const k = (offset + angle / 30) % 12;
    const value = lightness - saturation * lightness * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(value * 255).toString(16).padStart(2, "0");
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}
