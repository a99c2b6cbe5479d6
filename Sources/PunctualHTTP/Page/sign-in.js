// SPDX-License-Identifier: Apache-2.0

// Signing in with a token, which the server turns into a cookie that no script can read.

import { field, h } from "./dom.js";
import { call } from "./api.js";

/** Creates the form; `signedIn` is called when the server has taken the token. */
export function createSignIn(signedIn) {
  const token = h("input", {
    type: "password", id: "token", autocomplete: "current-password", required: true, spellcheck: "false",
  });
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const form = h("form", { class: "card sign-in" },
    h("h1", {}, "Sign in"),
    h("p", { class: "hint" }, "Paste the access token (JWT) that your application or its operator gave you."),
    field("Access token", token, { name: "token" }), problem,
    h("button", { class: "button primary" }, "Sign in"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.hidden = true;
    try {
      await call("POST", "/api/session", { token: token.value.trim() }, { isQuiet: true });
      token.value = "";
      signedIn();
    } catch (error) {
      problem.textContent = error.status === 401 ? "This token is not accepted; it may have expired." : error.message;
      problem.hidden = false;
      token.focus();
    }
  });
  return form;
}
