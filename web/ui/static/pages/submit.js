/** The form that submits a URL or a file. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { ApiError, getJson, newKey, sendForm } from "../api.js";
import { config } from "../config.js";
import { withKey } from "../dialogs.js";
import { audioFields, languageFields, readOptions, wordFields } from "../fields.js";
import { announce, openPage } from "../frame.js";
import { icon } from "../icons.js";
import { emptyNotice, problemNotice } from "../notices.js";
import { jobRows } from "../rows.js";
import { translate, writeNumber, writeSize } from "../texts.js";

const RECENT = 5;

const state = {
  /** @type {File | null} */ file: null,
  /** @type {Record<string, string>} Errors by field. */ faults: {},
  /** @type {ApiError | null} */ error: null,
  /** @type {any[] | null} */ recent: null,
  isSending: false,
  isOver: false,
  sent: 0,
  key: newKey(), // Idempotency-Key, so that a repeated submission creates one job
};

const redraw = openPage("submit", view, loadRecent);
loadRecent();
for (const type of ["dragover", "drop"]) {
  window.addEventListener(type, (event) => event.preventDefault()); // otherwise the browser opens the file
}

function view() {
  return html`
    <div class="hero">
      <h1>${translate("submit.title")}</h1>
      <p class="muted">${translate("submit.lead")}</p>
    </div>
    <form
      class=${`card submit ${state.isOver ? "over" : ""}`}
      novalidate
      @submit=${send}
      @input=${onChange}
      @dragover=${onDragOver}
      @dragleave=${onDragLeave}
      @drop=${onDrop}
    >
      ${source()} ${languageFields(state.faults)}
      <details>
        <summary>${translate("submit.more")}</summary>
        ${audioFields(state.faults)} ${wordFields(state.faults)}
      </details>
      ${problemNotice(state.error, () => document.querySelector("form.submit").requestSubmit())}
      <div class="actions">
        ${state.isSending && state.file ? uploadBar() : nothing}
        <button class="main" ?disabled=${state.isSending}>
          ${state.isSending ? translate("submit.sending") : translate("submit.send")}
        </button>
      </div>
    </form>
    <section aria-labelledby="recent-title">
      <div class="heading">
        <h2 id="recent-title">${translate("submit.recent")}</h2>
        <a href="/ui/jobs">${translate("submit.all")}</a>
      </div>
      ${recent()}
    </section>
  `;
}

function source() {
  const fault = state.faults.youtube_url || state.faults.file;
  return html`<div class="source">
    ${state.file
      ? chosenFile(state.file)
      : html`<label class="field wide">
          <span>${translate("submit.url")}</span>
          <input
            type="url"
            name="youtube_url"
            placeholder="https://www.youtube.com/watch?v=…"
            maxlength="2048"
            autocomplete="off"
            aria-invalid=${fault ? "true" : "false"}
            aria-describedby="fault-source"
          />
        </label>`}
    <p class="fault" id="fault-source">${fault ?? ""}</p>
    <label class="drop">
      <input
        class="visually-hidden"
        type="file"
        name="file"
        accept="audio/*,video/*"
        @change=${(/** @type {Event} */ event) => chooseFile(event.target.files[0])}
      />
      ${icon("file")}
      <span>${translate("submit.drop")} <u>${translate("submit.choose")}</u></span>
      <span class="muted">${translate("submit.limit", { size: writeSize(config.maxFileBytes) })}</span>
    </label>
  </div>`;
}

/** @param {File} file */
function chosenFile(file) {
  return html`<div class="file">
    ${icon("file")}
    <span class="name">${file.name}</span>
    <span class="muted">${writeSize(file.size)}</span>
    <button type="button" class="quiet" aria-label=${translate("submit.drop_file")} @click=${() => chooseFile()}>
      ${icon("cross")}
    </button>
  </div>`;
}

function uploadBar() {
  return html`<progress max="1" value=${state.sent} aria-label=${translate("submit.upload")}></progress>
    <span class="muted number">${writeNumber(Math.floor(state.sent * 100))} %</span>`;
}

function recent() {
  if (state.recent === null) return nothing;
  if (!state.recent.length) return emptyNotice(translate("submit.none"), translate("submit.none_hint"));
  return jobRows(state.recent, null);
}

async function loadRecent() {
  try {
    state.recent = (await getJson(`/jobs?limit=${RECENT}`)).jobs;
  } catch {
    state.recent = null; // optional: the form works without it
  }
  redraw();
}

/** @param {File} [file] Without a file, the chosen one is removed. */
function chooseFile(file) {
  state.file = file ?? null;
  state.faults = {};
  if (file && file.size > config.maxFileBytes) {
    state.faults = { file: translate("submit.too_large", { size: writeSize(config.maxFileBytes) }) };
  }
  onChange();
}

function onChange() {
  state.key = newKey();
  state.error = null;
  redraw();
}

/** @param {SubmitEvent} event */
async function send(event) {
  event.preventDefault();
  if (state.isSending) return;
  const form = /** @type {HTMLFormElement} */ (event.target);
  const url = form.elements.youtube_url?.value.trim() ?? "";
  if (state.faults.file) return;
  if (!state.file && !url) return showFaults({ youtube_url: translate("submit.nothing") });
  Object.assign(state, { isSending: true, error: null, faults: {}, sent: 0 });
  redraw();
  try {
    const accepted = await withKey(() => submit(url, readOptions(form)));
    location.assign(`/ui/jobs/${encodeURIComponent(accepted.job_id)}`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    showError(error);
  } finally {
    state.isSending = false;
    redraw();
  }
}

/**
 * @param {string} url
 * @param {Record<string, any>} options
 */
function submit(url, options) {
  const headers = { "Idempotency-Key": state.key };
  if (!state.file) {
    const json = { youtube_url: url, ...options };
    return getJson("/pipeline", { method: "POST", json, headers });
  }
  const form = new FormData();
  for (const [name, value] of Object.entries(options)) {
    for (const one of [value].flat()) form.append(name, String(one));
  }
  form.append("file", state.file);
  const onProgress = (/** @type {number} */ fraction) => {
    state.sent = fraction;
    redraw();
  };
  return sendForm("/pipeline", form, { headers, onProgress });
}

/** @param {ApiError} error Shown beside its fields, or below the form if it has none. */
function showError(error) {
  const faults = error.faults.map(({ pointer, detail }) => [pointer.split("/").pop(), detail]);
  if (error.status === 422 && !faults.length) faults.push(["youtube_url", error.message]);
  state.error = faults.length ? null : error;
  showFaults(Object.fromEntries(faults));
}

/** @param {Record<string, string>} faults */
function showFaults(faults) {
  state.faults = faults;
  redraw();
  announce(Object.values(faults).join(" "));
  requestAnimationFrame(() => document.querySelector("[aria-invalid=true]")?.focus());
}

/** @param {DragEvent} event */
function onDragOver(event) {
  event.preventDefault();
  if (!state.isOver) {
    state.isOver = true;
    redraw();
  }
}

/** @param {DragEvent} event */
function onDragLeave(event) {
  if (event.currentTarget.contains(event.relatedTarget)) return;
  state.isOver = false;
  redraw();
}

/** @param {DragEvent} event */
function onDrop(event) {
  event.preventDefault();
  state.isOver = false;
  chooseFile(event.dataTransfer.files[0] ?? state.file ?? undefined);
}
