/** The page with all jobs: newest first, by status, page by page. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { ApiError, getJson } from "../api.js";
import { confirm, confirmDialog } from "../dialogs.js";
import { announce, openPage } from "../frame.js";
import { emptyNotice, loadingNotice, problemNotice } from "../notices.js";
import { act, jobRows, titleOf } from "../rows.js";
import { say, writeNumber } from "../texts.js";

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
  /** @type {{error: ApiError, again: () => void} | null} What an action came to. */ refusal: null,
  status: new URLSearchParams(location.search).get("status") ?? "",
  /** @type {string[]} The pages passed on the way here. */ cursors: [],
  question: "",
  asked: "",
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
  state.asked = String(query);
  const { asked } = state;
  try {
    const page = await getJson(`/jobs?${asked}`);
    if (asked !== state.asked) return; // another page was asked for meanwhile
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
      <h1>${say("jobs.title")}</h1>
      <label class="field inline">
        <span>${say("jobs.filter")}</span>
        <select @change=${choose}>
          <option value="">${say("jobs.every")}</option>
          ${STATUSES.map(
            (status) =>
              html`<option value=${status} ?selected=${status === state.status}>
                ${say(`status.${status}`)}
              </option>`,
          )}
        </select>
      </label>
    </div>
    ${problemNotice(state.error, load)} ${problemNotice(state.refusal?.error, state.refusal?.again)}
    ${state.page ? found(state.page) : state.error ? nothing : loadingNotice()}
    ${confirmDialog(state.question, say("action.remove"))}
  `;
}

/** @param {{total: number, jobs: any[], next_cursor: string | null}} page */
function found(page) {
  if (!page.jobs.length) {
    const link = html`<a href="/">${say("jobs.first")}</a>`;
    return emptyNotice(state.status ? say("jobs.no_match") : say("jobs.none"), link);
  }
  return html`<div class="card flush">${jobRows(page.jobs, onAct)}</div>
    <nav class="pages" aria-label=${say("jobs.pages")}>
      <span class="muted">${say("jobs.total", { total: writeNumber(page.total) })}</span>
      <button class="plain" ?disabled=${!state.cursors.length} @click=${newer}>
        ${say("jobs.newer")}
      </button>
      <button class="plain" ?disabled=${!page.next_cursor} @click=${older}>
        ${say("jobs.older")}
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
  state.refusal = null;
  if (action === "remove") {
    state.question = say("jobs.remove_question", { title: titleOf(job) });
    redraw();
    if (!(await confirm())) return;
  }
  try {
    await act(action, job.job_id);
    announce(say(`jobs.did_${action}`));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    state.refusal = { error, again: () => onAct(action, job) };
  }
  load();
}
