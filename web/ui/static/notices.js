/** Notices: errors, empty pages and loading. */

import { html, nothing } from "./vendor/lit-html/lit-html.js";
import { hideLogins } from "./urls.js";
import { askForKey } from "./dialogs.js";
import { icon } from "./icons.js";
import { translate } from "./texts.js";

/**
 * An error with a button to retry or to enter the API key.
 *
 * @param {import("./api.js").ApiError | null | undefined} error Without an error, nothing is shown.
 * @param {() => void} [again] Retries the action, also after a key was entered.
 */
export function problemNotice(error, again) {
  if (!error) return nothing;
  const enterKey = async () => {
    if (await askForKey()) again();
  };
  const needsKey = error.status === 401 || error.status === 403;
  return html`<div class="notice bad" role="alert">
    ${icon("failed")}
    <p>${hideLogins(error.message)}</p>
    ${needsKey
      ? html`<button class="plain" @click=${enterKey}>${translate("key.enter")}</button>`
      : html`<button class="plain" @click=${again}>${translate("action.again")}</button>`}
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
  return html`<p class="loading muted" role="status">${translate("state.loading")}</p>`;
}
