/** What a page says when there is nothing to show, or when something went wrong. */

import { html, nothing } from "./vendor/lit-html/lit-html.js";
import { withoutLogins } from "./addresses.js";
import { askForKey } from "./dialogs.js";
import { icon } from "./icons.js";
import { say } from "./texts.js";

/**
 * An error, with the way out of it.
 *
 * @param {import("./api.js").ApiError | null | undefined} error Nothing is shown without one.
 * @param {() => void} [again] What "try again" does, also after a key was entered.
 */
export function problemNotice(error, again) {
  if (!error) return nothing;
  const enterKey = async () => {
    if (await askForKey()) again();
  };
  const needsKey = error.status === 401 || error.status === 403;
  return html`<div class="notice bad" role="alert">
    ${icon("failed")}
    <p>${withoutLogins(error.message)}</p>
    ${needsKey
      ? html`<button class="plain" @click=${enterKey}>${say("key.enter")}</button>`
      : html`<button class="plain" @click=${again}>${say("action.again")}</button>`}
  </div>`;
}

/**
 * @param {string} title
 * @param {unknown} hint
 */
export function emptyNotice(title, hint) {
  return html`<div class="empty"><h2>${title}</h2><p class="muted">${hint}</p></div>`;
}

export function loadingNotice() {
  return html`<p class="loading muted" role="status">${say("state.loading")}</p>`;
}
