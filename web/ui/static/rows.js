/** Jobs as rows of a list, and what can be done with one of them. */

import { html, nothing } from "./vendor/lit-html/lit-html.js";
import { repeat } from "./vendor/lit-html/directives/repeat.js";
import { withoutLogins } from "./addresses.js";
import { call } from "./api.js";
import { withKey } from "./dialogs.js";
import { hasEnded } from "./follow.js";
import { sayOr, say, writeAge, writeInstant, writeNumber } from "./texts.js";

const UPLOAD = "upload:";

/**
 * Return what a job is called: its video's title, its file's name, or its address.
 *
 * @param {{youtube_url: string, title?: string | null, video?: {title: string | null} | null}} job
 */
export function titleOf(job) {
  const address = job.youtube_url;
  if (address.startsWith(UPLOAD)) return address.slice(UPLOAD.length);
  const named = job.video?.title || job.title;
  return named || withoutLogins(address).replace(/^https?:\/\/(www\.)?/i, "");
}

/**
 * Return a job's URL, without a login, where it may be a link; what a client sent may be anything.
 *
 * @param {{youtube_url: string}} job
 */
export function linkOf(job) {
  return /^https?:\/\//i.test(job.youtube_url) ? withoutLogins(job.youtube_url) : null;
}

/**
 * Cancel, retry or delete a job; asks for a key where one is needed.
 *
 * @param {"cancel" | "retry" | "remove"} action
 * @param {string} jobId
 * @throws {import("./api.js").ApiError}
 */
export function act(action, jobId) {
  const path = `/jobs/${encodeURIComponent(jobId)}`;
  if (action === "remove") return withKey(() => call("DELETE", path));
  return withKey(() => call("POST", `${path}/${action}`));
}

/**
 * The buttons for what can be done with a job now.
 *
 * @param {{job_id: string, status: string, youtube_url: string}} job
 * @param {(action: "cancel" | "retry" | "remove") => void} onAct
 */
export function jobButtons(job, onAct) {
  const title = titleOf(job);
  const button = (/** @type {"cancel" | "retry" | "remove"} */ action) =>
    html`<button
      class="plain"
      aria-label=${say(`row.${action}`, { title })}
      @click=${() => onAct(action)}
    >
      ${say(`action.${action}`)}
    </button>`;
  if (!hasEnded(job)) return button("cancel");
  return html`${job.status === "completed" ? nothing : button("retry")} ${button("remove")}`;
}

/** @param {string} status */
export function badge(status) {
  return html`<span class=${`badge ${status}`}>${sayOr(`status.${status}`, status)}</span>`;
}

/**
 * @param {any[]} jobs As `GET /jobs` tells them.
 * @param {((action: "cancel" | "retry" | "remove", job: any) => void) | null} onAct
 */
export function jobRows(jobs, onAct) {
  return html`<ul class="rows">
    ${repeat(
      jobs,
      (job) => job.job_id,
      (job) => html`<li>
        <a class="name" href=${`/ui/jobs/${encodeURIComponent(job.job_id)}`}>${titleOf(job)}</a>
        <span class="facts">
          ${badge(job.status)} ${hasEnded(job) ? nothing : smallBar(job)}
          <time class="muted" datetime=${job.created_at} title=${writeInstant(job.created_at)}
            >${writeAge(job.created_at)}</time
          >
          ${warningCount(job.warning_count ?? 0)}
        </span>
        ${onAct
          ? html`<span class="actions">${jobButtons(job, (action) => onAct(action, job))}</span>`
          : nothing}
      </li>`,
    )}
  </ul>`;
}

/** @param {number} count */
function warningCount(count) {
  if (!count) return nothing;
  const text = say(count === 1 ? "row.warning" : "row.warnings", { count: writeNumber(count) });
  return html`<span class="muted">${text}</span>`;
}

/** @param {{progress: number, youtube_url: string}} job */
function smallBar(job) {
  return html`<progress
      max="100"
      value=${job.progress}
      aria-label=${say("row.progress", { title: titleOf(job) })}
    ></progress>
    <span class="muted figure">${writeNumber(Math.floor(job.progress))} %</span>`;
}
