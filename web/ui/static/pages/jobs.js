/** The list of jobs: newest first, filtered by status, in pages. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { ApiError, getJson } from "../api.js";
import { confirm, confirmDialog } from "../dialogs.js";
import { announce, openPage } from "../frame.js";
import { emptyNotice, loadingNotice, problemNotice } from "../notices.js";
import { runAction, jobRows, titleOf } from "../rows.js";
import { translate, writeNumber } from "../texts.js";

const PAGE = 20;
const REFRESH_MS = 3000;
const STATUSES = [
  "queued",
  "downloading",
  "normalizing",
  "transcribing",
  "completed",
  "failed",
  "cancelled",
];

const state = {
  /** @type {{total: number, jobs: any[], next_cursor: string | null} | null} */ page: null,
  /** @type {ApiError | null} */ error: null,
  /** @type {{error: ApiError, again: () => void} | null} Error of the last action. */ actionError: null,
  status: new URLSearchParams(location.search).get("status") ?? "",
  /** @type {string[]} Cursors of the current and previous pages. */ cursors: [],
  question: "",
  requested: "",
};

const redraw = openPage("jobs", view, load);
load();
setInterval(() => {
  if (!document.hidden) load();
}, REFRESH_MS);

async function load() {
  const query = new URLSearchParams({ limit: String(PAGE) });
  const cursor = state.cursors.at(-1);
  if (state.status) query.set("status", state.status);
  if (cursor) query.set("cursor", cursor);
  state.requested = String(query);
  const { requested } = state;
  try {
    const page = await getJson(`/jobs?${requested}`);
    if (requested !== state.requested) return; // superseded by a later request
    state.page = page;
    state.error = null;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    state.error = error;
  }
  redraw();
}

function view() {
  return html`
    <div class="heading">
      <h1>${translate("jobs.title")}</h1>
      <label class="field inline">
        <span>${translate("jobs.filter")}</span>
        <select @change=${choose}>
          <option value="">${translate("jobs.every")}</option>
          ${STATUSES.map(
            (status) =>
              html`<option value=${status} ?selected=${status === state.status}>
                ${translate(`status.${status}`)}
              </option>`,
          )}
        </select>
      </label>
    </div>
    ${problemNotice(state.error, load)} ${problemNotice(state.actionError?.error, state.actionError?.again)}
    ${state.page ? found(state.page) : state.error ? nothing : loadingNotice()}
    ${confirmDialog(state.question, translate("action.remove"))}
  `;
}

/** @param {{total: number, jobs: any[], next_cursor: string | null}} page */
function found(page) {
  if (!page.jobs.length) {
    const link = html`<a href="/">${translate("jobs.first")}</a>`;
    return emptyNotice(state.status ? translate("jobs.no_match") : translate("jobs.none"), link);
  }
  return html`<div class="card flush">${jobRows(page.jobs, onAct)}</div>
    <nav class="pages" aria-label=${translate("jobs.pages")}>
      <span class="muted">${translate("jobs.total", { total: writeNumber(page.total) })}</span>
      <button class="plain" ?disabled=${!state.cursors.length} @click=${newer}>
        ${translate("jobs.newer")}
      </button>
      <button class="plain" ?disabled=${!page.next_cursor} @click=${older}>
        ${translate("jobs.older")}
      </button>
    </nav>`;
}

/** @param {Event} event */
function choose(event) {
  state.status = /** @type {HTMLSelectElement} */ (event.target).value;
  const query = state.status ? `?status=${state.status}` : "";
  history.replaceState(null, "", location.pathname + query);
  go([]);
}

function newer() {
  go(state.cursors.slice(0, -1));
}

function older() {
  go([...state.cursors, state.page.next_cursor]);
}

/** @param {string[]} cursors */
function go(cursors) {
  state.cursors = cursors;
  load();
}

/**
 * @param {"cancel" | "retry" | "remove"} action
 * @param {any} job
 */
async function onAct(action, job) {
  state.actionError = null;
  if (action === "remove") {
    state.question = translate("jobs.remove_question", { title: titleOf(job) });
    redraw();
    if (!(await confirm())) return;
  }
  try {
    await runAction(action, job.job_id);
    announce(translate(`jobs.did_${action}`));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    state.actionError = { error, again: () => onAct(action, job) };
  }
  load();
}
