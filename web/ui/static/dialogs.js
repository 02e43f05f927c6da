/** The dialogs of a page: API key and confirmation. */

import { html, nothing } from "./vendor/lit-html/lit-html.js";
import { ApiError, key } from "./api.js";
import { translate } from "./texts.js";

/**
 * Ask for the API key.
 *
 * @returns {Promise<boolean>} Whether the key was entered or removed.
 */
export async function askForKey() {
  const input = document.querySelector("#key-dialog input");
  input.value = "";
  return (await open("key-dialog")) !== "";
}

/**
 * Run an action; if it fails with 401, ask for the API key and run it again.
 *
 * @template Value
 * @param {() => Promise<Value>} action
 * @returns {Promise<Value>}
 */
export async function withKey(action) {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 401 && (await askForKey()))) throw error;
    return action();
  }
}

/**
 * Open the page's `confirmDialog`.
 *
 * @returns {Promise<boolean>} Whether the user confirmed.
 */
export async function confirm() {
  return (await open("confirm-dialog")) === "yes";
}

/** The API key dialog; each page contains it once. */
export function keyDialog() {
  const keep = (/** @type {SubmitEvent} */ event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (event.submitter?.getAttribute("value") === "keep") key.set(form.elements.key.value.trim());
  };
  const forget = () => key.set(null);
  return html`<dialog id="key-dialog" aria-labelledby="key-title">
    <form method="dialog" @submit=${keep}>
      <h2 id="key-title">${translate("key.title")}</h2>
      <p class="muted">${translate("key.explain")}</p>
      <label class="field">
        <span>${translate("key.label")}</span>
        <input
          type="password"
          name="key"
          autocomplete="off"
          spellcheck="false"
          required
          pattern="\\s*[!-~]+\\s*"
        />
      </label>
      <div class="actions">
        ${key.get()
          ? html`<button class="plain" value="forget" formnovalidate @click=${forget}>
              ${translate("key.forget")}
            </button>`
          : nothing}
        <button class="plain" value="" formnovalidate>${translate("action.close")}</button>
        <button class="main" value="keep">${translate("key.keep")}</button>
      </div>
    </form>
  </dialog>`;
}

/**
 * A confirmation dialog.
 *
 * @param {string} question
 * @param {string} yes Label of the confirming button.
 */
export function confirmDialog(question, yes) {
  return html`<dialog id="confirm-dialog" aria-labelledby="confirm-title">
    <form method="dialog">
      <h2 id="confirm-title">${question}</h2>
      <p class="muted">${translate("confirm.explain")}</p>
      <div class="actions">
        <button class="plain" value="">${translate("action.keep")}</button>
        <button class="danger" value="yes">${yes}</button>
      </div>
    </form>
  </dialog>`;
}

/**
 * @param {string} id
 * @returns {Promise<string>} The value of the button that closed it; empty for Escape.
 */
function open(id) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById(id));
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
  });
}
