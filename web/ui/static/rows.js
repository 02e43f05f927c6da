/** Job lists, and the actions on a job. */

import { html, nothing } from "./vendor/lit-html/lit-html.js";
import { repeat } from "./vendor/lit-html/directives/repeat.js";
import { hideLogins } from "./urls.js";
import { call } from "./api.js";
import { withKey } from "./dialogs.js";
import { hasEnded } from "./follow.js";
import { translateOr, translate, writeAge, writeInstant, writeNumber } from "./texts.js";

const UPLOAD = "upload:";

/**
 * Return the title of a job: the video's title, the file name or the URL.
 *
 * @param {{youtube_url: string, title?: string | null, video?: {title: string | null} | null}} job
 */
export function titleOf(job) {
  const url = job.youtube_url;
  if (url.startsWith(UPLOAD)) return url.slice(UPLOAD.length);
  const title = job.video?.title || job.title;
  return title || hideLogins(url).replace(/^https?:\/\/(www\.)?/i, "");
}

/**
 * Return a job's URL without credentials, or `null` if it is not HTTP(S) and must not be a link.
 *
 * @param {{youtube_url: string}} job
 */
export function sourceUrl(job) {
  return /^https?:\/\//i.test(job.youtube_url) ? hideLogins(job.youtube_url) : null;
}

/**
 * Cancel, retry or delete a job; asks for the API key if required.
 *
 * @param {"cancel" | "retry" | "remove"} action
 * @param {string} jobId
 * @throws {import("./api.js").ApiError}
 */
export function runAction(action, jobId) {
  const path = `/jobs/${encodeURIComponent(jobId)}`;
  if (action === "remove") return withKey(() => call("DELETE", path));
  return withKey(() => call("POST", `${path}/${action}`));
}

/**
 * The buttons of the actions that the job's status allows.
 *
 * @param {{job_id: string, status: string, youtube_url: string}} job
 * @param {(action: "cancel" | "retry" | "remove") => void} onAct
 */
export function jobButtons(job, onAct) {
  const title = titleOf(job);
  const button = (/** @type {"cancel" | "retry" | "remove"} */ action) =>
    html`<button
      class="plain"
      aria-label=${translate(`row.${action}`, { title })}
      @click=${() => onAct(action)}
    >
      ${translate(`action.${action}`)}
    </button>`;
  if (!hasEnded(job)) return button("cancel");
  return html`${job.status === "completed" ? nothing : button("retry")} ${button("remove")}`;
}

/** @param {string} status */
export function badge(status) {
  return html`<span class=${`badge ${status}`}>${translateOr(`status.${status}`, status)}</span>`;
}

/**
 * @param {any[]} jobs Jobs as returned by `GET /jobs`.
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
  const text = translate(count === 1 ? "row.warning" : "row.warnings", { count: writeNumber(count) });
  return html`<span class="muted">${text}</span>`;
}

/** @param {{progress: number, youtube_url: string}} job */
function smallBar(job) {
  return html`<progress
      max="100"
      value=${job.progress}
      aria-label=${translate("row.progress", { title: titleOf(job) })}
    ></progress>
    <span class="muted number">${writeNumber(Math.floor(job.progress))} %</span>`;
}
