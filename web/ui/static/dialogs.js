/** The two questions that a page asks: for the API key, and whether something is really meant. */

import { html, nothing } from "./vendor/lit-html/lit-html.js";
import { ApiError, key } from "./api.js";
import { say } from "./texts.js";

/**
 * Ask for the API key.
 *
 * @returns {Promise<boolean>} Whether one was entered or the old one forgotten.
 */
export async function askForKey() {
  const input = document.querySelector("#key-dialog input");
  input.value = "";
  return (await open("key-dialog")) !== "";
}

/**
 * Do something; where a key is needed, ask for it and do it once more.
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
 * Ask whether a page's `confirmDialog` is meant.
 *
 * @returns {Promise<boolean>}
 */
export async function confirm() {
  return (await open("confirm-dialog")) === "yes";
}

/** The question for the key; a page has it once. */
export function keyDialog() {
  const keep = (/** @type {SubmitEvent} */ event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (event.submitter?.getAttribute("value") === "keep") key.set(form.elements.key.value.trim());
  };
  const forget = () => key.set(null);
  return html`<dialog id="key-dialog" aria-labelledby="key-title">
    <form method="dialog" @submit=${keep}>
      <h2 id="key-title">${say("key.title")}</h2>
      <p class="muted">${say("key.explain")}</p>
      <label class="field">
        <span>${say("key.label")}</span>
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
              ${say("key.forget")}
            </button>`
          : nothing}
        <button class="plain" value="" formnovalidate>${say("action.close")}</button>
        <button class="main" value="keep">${say("key.keep")}</button>
      </div>
    </form>
  </dialog>`;
}

/**
 * The question whether something is meant.
 *
 * @param {string} question
 * @param {string} yes The button's word.
 */
export function confirmDialog(question, yes) {
  return html`<dialog id="confirm-dialog" aria-labelledby="confirm-title">
    <form method="dialog">
      <h2 id="confirm-title">${question}</h2>
      <p class="muted">${say("confirm.explain")}</p>
      <div class="actions">
        <button class="plain" value="">${say("action.keep")}</button>
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
