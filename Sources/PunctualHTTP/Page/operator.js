// SPDX-License-Identifier: Apache-2.0

// How the engine does: readiness, what waits, how late it was, and what could not be delivered.

import { announce, h, svg } from "./dom.js";
import { call, optional } from "./api.js";
import { toast, toastProblem } from "./toasts.js";
import { spanText, whenText } from "./time.js";

const interval = 2000;

/** What is shown of the metrics, as far as a server has them: name, title, how it is read. */
const figures = [
  [["punctual_armed", "punctual_reminders_waiting"], "Waiting", number],
  [["punctual_next_due_seconds", "punctual_next_due_timestamp_seconds"], "Next due", instant],
  [["punctual_staged"], "Staged", number],
  [["punctual_outbox_pending", "punctual_outbox_depth"], "In the outbox", number],
  [["punctual_unacknowledged"], "Unacknowledged", number],
  [["punctual_released_total"], "Fired since start", number],
  [["punctual_shards_owned"], "Shards owned", number],
  [["punctual_oldest_overdue_seconds"], "Oldest overdue", duration],
  [["punctual_clock_offset_seconds"], "Clock offset", duration],
  [["punctual_loop_lag_seconds"], "Loop delay", duration],
];

/** Creates the view; `stop` ends its polling. */
export function createOperatorView() {
  const status = h("div", { class: "card status-card", "aria-label": "Readiness" });
  const tiles = h("dl", { class: "tiles" });
  const lateness = h("figure", { class: "card" });
  const owners = h("section", { class: "card", hidden: true });
  const letters = h("section", { class: "card", hidden: true });
  const element = h("section", { class: "operator", "aria-label": "Operator" },
    h("h1", {}, "Engine"), status, tiles, lateness, owners, letters);
  let timer = 0;
  let isStopped = false;

  async function poll() {
    if (!document.hidden) await Promise.all([readiness(), metrics(), deadLetters()]);
    if (!isStopped) timer = setTimeout(poll, interval);
  }

  async function readiness() {
    let report;
    try {
      const response = await fetch("/readyz", { cache: "no-store" });
      report = await response.json();
    } catch {
      report = { status: "unreachable", checks: [] };
    }
    const text = { ready: "Ready", unready: "Not ready", unreachable: "Cannot be reached" }[report.status];
    const isChanged = status.dataset.status && status.dataset.status !== report.status;
    status.dataset.status = report.status;
    status.replaceChildren(h("p", { class: "status-text" }, h("span", { class: "dot" }), text ?? report.status),
      h("ul", { class: "checks" }, report.checks.map(({ name, ok, problem }) => h("li", {
        class: ok ? "is-ok" : "is-failed",
      }, ok ? `${name}: well` : `${name}: ${problem}`))));
    if (isChanged) announce(`The server is ${text}`);
  }

  async function metrics() {
    const text = await call("GET", "/metrics").catch(() => null);
    if (text === null) return;
    const series = parse(text);
    const present = figures.flatMap(([names, title, show]) => {
      const name = names.find((name) => series.has(name));
      return name ? [[title, show(sum(series.get(name), name))]] : [];
    });
    tiles.replaceChildren(...present.map(([title, value]) => h("div", {},
      h("dt", {}, title), h("dd", { class: String(value).length > 9 ? "long" : null }, value))));
    showLateness(lateness, series);
    showOwners(owners, series);
  }

  async function deadLetters() {
    const answer = await optional("dead-letters", () => call("GET", "/api/dead-letters")).catch(() => null);
    letters.hidden = !answer;
    if (!answer || letters.dataset.shown === JSON.stringify(answer.items)) return;
    letters.dataset.shown = JSON.stringify(answer.items);
    letters.replaceChildren(h("h2", {}, "Dead letters"), answer.items.length
      ? h("ul", { class: "plain letters" }, answer.items.map(letter))
      : h("p", { class: "hint" }, "None. Everything has been delivered."));
  }

  function letter(item) {
    const title = item.title ?? item.payload?.title ?? item.event_type ?? item.event_id;
    const path = `/api/dead-letters/${encodeURIComponent(item.id)}/redrive`;
    return h("li", {},
      h("div", {}, h("p", {}, title), h("p", { class: "hint" },
        [item.channel, item.target, item.attempts ? `${item.attempts} attempts` : "",
          item.last_error ?? item.reason].filter(Boolean).join(" · "))),
      h("button", {
        type: "button", class: "button", "aria-label": `Redrive: ${title}`,
        on: {
          click: async () => {
            try {
              await call("POST", path);
              toast("It will be delivered again", { seconds: 5 });
            } catch (problem) { toastProblem(problem); }
            deadLetters();
          },
        },
      }, "Redrive"));
  }

  poll();
  return { element, stop: () => { isStopped = true; clearTimeout(timer); } };
}

/** Reads Prometheus text (exposition format 0.0.4): name → [labels, value]. */
function parse(text) {
  const series = new Map();
  for (const line of text.split("\n")) {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (!match) continue;
    const labels = {};
    for (const [, name, value] of (match[2] ?? "").matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) labels[name] = value;
    if (!series.has(match[1])) series.set(match[1], []);
    series.get(match[1]).push([labels, match[3] === "+Inf" ? Infinity : Number(match[3])]);
  }
  return series;
}

function sum(samples, name) {
  const values = samples.map(([, value]) => value);
  if (name.startsWith("punctual_next_due")) return Math.min(...values.filter((value) => value > 0));
  return values.reduce((total, value) => total + value, 0);
}

function number(value) { return value.toLocaleString(); }
function instant(value) { return Number.isFinite(value) ? whenText(value * 1000) : "Nothing"; }
function duration(value) {
  const size = Math.abs(value);
  if (size === 0) return "0 ms";
  const sign = value < 0 ? "−" : "";
  const short = (number) => sign + String(Number(number.toPrecision(number < 10 ? 2 : 3)));
  if (size < 0.001) return `${short(size * 1e6)} µs`;
  if (size < 1) return `${short(size * 1000)} ms`;
  return size < 60 ? `${short(size)} s` : sign + spanText(size);
}

const [height, base] = [200, 168];
/** How much room a label of the axis needs, in pixels. */
const labelWidth = 56;

// Bars of how many reminders were released how late, one for each bucket in which there are any,
// with those between and one on either side.
function showLateness(figure, series) {
  const samples = series.get("punctual_release_lateness_seconds_bucket") ?? [];
  const buckets = samples
    .map(([{ le }, value]) => ({ le: le === "+Inf" ? Infinity : Number(le), value }))
    .sort((one, other) => one.le - other.le);
  const total = buckets.at(-1)?.value ?? 0;
  figure.hidden = !buckets.length;
  if (figure.dataset.shown === JSON.stringify(buckets)) return;
  figure.dataset.shown = JSON.stringify(buckets);
  // Each bucket counts all smaller ones as well.
  const counts = buckets.map(({ value }, index) => value - (buckets[index - 1]?.value ?? 0));
  const first = Math.max(counts.findIndex((count) => count > 0) - 1, 0);
  const last = Math.max(counts.findLastIndex((count) => count > 0) + 2, first + 8);
  const drawn = counts.slice(first, last);
  // Drawn at the size at which it is shown, so that its text is as large as any other.
  const width = Math.max(figure.clientWidth - 40, 240);
  const step = width / drawn.length;
  const highest = Math.max(...drawn, 1);
  const every = Math.ceil(labelWidth / step);
  const bars = drawn.flatMap((count, index) => {
    const size = count ? Math.max(count / highest * (base - 24), 2) : 0;
    const x = index * step;
    const { le } = buckets[first + index];
    const label = le === Infinity ? "more" : duration(le);
    const texts = [];
    if (index % every === 0) texts.push(svg("text", { x: x + step / 2, y: base + 20 }, label));
    if (count) texts.push(svg("text", { x: x + step / 2, y: base - size - 6, class: "amount" }, number(count)));
    const bar = svg("rect", { x: x + 3, y: base - size, width: step - 6, height: size, rx: 3, class: "bar" });
    bar.append(svg("title", {}, `${label}: ${count}`));
    return [bar, ...texts];
  });
  const within = total ? summary(buckets, total) : "Nothing has fired since the start.";
  figure.replaceChildren(h("h2", {}, "Lateness"),
    h("p", { class: "hint" }, "From the due instant to the release, since the start. ", within),
    svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Histogram of lateness. ${within}`, class: "chart" },
      svg("line", { x1: 0, x2: width, y1: base + .5, y2: base + .5, class: "base" }), ...bars));
}

// Within which bound so many of all were, and how many were beyond the last.
function summary(buckets, total) {
  const shares = [["half", 0.5], ["99\u00a0%", 0.99], ["99.9\u00a0%", 0.999]];
  const texts = shares.flatMap(([name, share]) => {
    const { le } = buckets.find(({ value }) => value >= total * share);
    return le === Infinity ? [] : [`${name} within ${duration(le)}`];
  });
  const last = buckets.at(-2);
  if (last && last.value < total) texts.push(`${number(total - last.value)} over ${duration(last.le)}`);
  return `${number(total)} fired: ${texts.join(", ")}.`;
}

function showOwners(section, series) {
  const samples = series.get("punctual_shard_owner") ?? [];
  section.hidden = !samples.length;
  if (!samples.length) return;
  const owners = new Map();
  for (const [labels] of samples) {
    const owner = labels.owner ?? labels.engine ?? "nobody";
    owners.set(owner, [...owners.get(owner) ?? [], Number(labels.shard)]);
  }
  section.replaceChildren(h("h2", {}, "Shard owners"), h("ul", { class: "plain" },
    [...owners].map(([owner, shards]) => h("li", {}, `${owner}: ${ranges(shards)}`))));
}

// Numbers in few words: "0–31, 40".
function ranges(numbers) {
  const found = [];
  for (const number of numbers.sort((one, other) => one - other)) {
    const last = found.at(-1);
    if (last?.to === number - 1) last.to = number;
    else found.push({ from: number, to: number });
  }
  return found.map(({ from, to }) => (from === to ? from : `${from}–${to}`)).join(", ");
}
