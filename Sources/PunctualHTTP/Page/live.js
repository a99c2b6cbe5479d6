// SPDX-License-Identifier: Apache-2.0

// Events of the server as they happen, resumed where they were left when the connection breaks.

const types = ["created", "updated", "completed", "deleted", "reminder.due", "job.due"];
const longestPause = 30_000;

/**
 * Follows the events. `onEvent` gets each of them once, `onReset` is told when some may be
 * missing, and `onState` whether the connection stands. Returns what ends it.
 */
export function follow({ onEvent, onReset, onState }) {
  let source = null;
  let cursor = "";
  let pause = 1000;
  let timer = 0;
  const seen = new Set();

  function open() {
    source = new EventSource(cursor ? `/api/updates?cursor=${encodeURIComponent(cursor)}` : "/api/updates");
    source.addEventListener("open", () => {
      // Without a cursor nothing says what happened before.
      if (!cursor) onReset();
      pause = 1000;
      onState(true);
    });
    source.addEventListener("error", () => {
      onState(false);
      // It connects again by itself, with Last-Event-ID, unless the server refused.
      if (source.readyState === EventSource.CLOSED) retry();
    });
    source.addEventListener("reset", () => {
      cursor = "";
      onReset();
    });
    for (const type of types) source.addEventListener(type, take);
  }

  function take(message) {
    cursor = message.lastEventId || cursor;
    const event = JSON.parse(message.data);
    // A client that resumes may see repeats under the same id.
    if (seen.has(event.event_id)) return;
    seen.add(event.event_id);
    if (seen.size > 1000) seen.delete(seen.values().next().value);
    onEvent(event);
  }

  function retry() {
    clearTimeout(timer);
    timer = setTimeout(open, pause);
    pause = Math.min(pause * 2, longestPause);
    // Until it works again what is shown is asked for; that also tells whether to sign in anew.
    onReset();
  }

  function end() {
    clearTimeout(timer);
    source?.close();
  }
  addEventListener("online", () => {
    if (source?.readyState !== EventSource.CLOSED) return;
    clearTimeout(timer);
    open();
  });
  open();
  return end;
}
