// SPDX-License-Identifier: Apache-2.0

// Talking to the API: problems as errors, the CSRF token, and what this server does not have.

/** A refusal: the status (0 when the server was not reached) and what its document says. */
export class Problem extends Error {
  constructor(status, document = {}) {
    super(document.detail ?? document.title ?? "The server refused the request.");
    this.status = status;
    this.errors = document.errors ?? [];
  }

  /** Whether the route itself is missing, rather than what was asked for by it. */
  get isMissingRoute() {
    // Where a task's id belongs, the name of a missing route is an id that nothing has.
    return this.status === 404
      && /^(There is nothing at this path|Nothing has the id "[^\d"])/.test(this.message);
  }
}

const changing = new Set(["POST", "PUT", "PATCH", "DELETE"]);
let signedOut = () => {};
let session = 0;

/** Sets what happens when the server no longer knows whose requests these are. */
export function onSignedOut(action) { signedOut = action; }

/** Ends the session, once: refusals of requests that were sent in it no longer count. */
export function endSession() {
  session += 1;
  signedOut();
}

/** Sends a request and reads the JSON of its answer; throws a `Problem`. */
export async function call(method, path, body, { ifMatch, key, keepalive, isQuiet } = {}) {
  const headers = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (ifMatch !== undefined) headers["If-Match"] = `"${ifMatch}"`;
  if (key) headers["Idempotency-Key"] = key;
  const token = cookie("punctual_csrf");
  if (token && changing.has(method)) headers["X-CSRF-Token"] = token;
  const sentIn = session;
  let response;
  try {
    response = await fetch(path, {
      method, headers, keepalive, body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin", cache: "no-store",
    });
  } catch {
    throw new Problem(0, { detail: "Punctual cannot be reached. Check the connection and try again." });
  }
  const text = await response.text();
  const type = response.headers.get("Content-Type") ?? "";
  const value = type.includes("json") && text ? JSON.parse(text) : text;
  if (response.ok) return value;
  if (response.status === 401 && !isQuiet && sentIn === session) endSession();
  throw new Problem(response.status, typeof value === "object" ? value : { detail: value });
}

const missing = new Set();

/** Whether a feature has turned out to be missing on this server. */
export function lacks(feature) { return missing.has(feature); }

/** Does something that a server may lack; null, quietly, when it does. */
export async function optional(feature, action) {
  if (missing.has(feature)) return null;
  try {
    return await action();
  } catch (problem) {
    if (!problem.isMissingRoute) throw problem;
    missing.add(feature);
    document.dispatchEvent(new CustomEvent("lacking", { detail: feature }));
    return null;
  }
}

/** A key under which a repeated request is carried out once. */
export function newKey() { return crypto.randomUUID(); }

function cookie(name) {
  const pair = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return pair && decodeURIComponent(pair.slice(name.length + 1));
}
