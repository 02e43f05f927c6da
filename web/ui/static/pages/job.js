/** The page of a job: live progress, then the transcript. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { hideLogins } from "../urls.js";
import { ApiError, getJson } from "../api.js";
import { config } from "../config.js";
import { confirm, confirmDialog } from "../dialogs.js";
import { uncertainSegments, factsView, emptyReason, warningsView } from "../findings.js";
import { Follower, hasEnded } from "../follow.js";
import { announce, openPage } from "../frame.js";
import { icon } from "../icons.js";
import { emptyNotice, loadingNotice, problemNotice } from "../notices.js";
import { Player } from "../player.js";
import { runAction, badge, jobButtons, sourceUrl, titleOf } from "../rows.js";
import { Segments } from "../segments.js";
import { estimate, percent, stageBars } from "../stages.js";
import { languageName, translate, translateOr, writeAge, writeClock, writeInstant } from "../texts.js";
import { Transcript } from "../transcript.js";

const REFRESH_MS = 4000; // queue position and estimate change without an event
const jobId = config.jobId ?? "";
const path = `/jobs/${encodeURIComponent(jobId)}`;

const state = {
  /** @type {any} */ job: null,
  /** @type {ApiError | null} */ error: null,
  /** @type {{error: ApiError, again: () => void} | null} Error of the last action. */ actionError: null,
  link: "live",
};
const segments = new Segments();
let redraw = () => {};
const transcript = new Transcript({
  redraw: () => redraw(),
  onJump: (seconds) => playFrom(seconds),
  attempt,
});
const player = new Player(jobId, {
  redraw: () => redraw(),
  onTime: (seconds) => transcript.highlightAt(seconds),
});
redraw = openPage("job", view, start);
let following = new AbortController();
start();
setInterval(() => {
  const isRunning = state.job && !hasEnded(state.job) && state.link === "live";
  if (isRunning && !document.hidden) refresh().catch(() => {}); // the stream reports errors
}, REFRESH_MS);

/** Start following the job; called again after a retry or with another key. */
async function start() {
  following.abort();
  following = new AbortController();
  const { signal } = following;
  state.error = null;
  player.reset();
  try {
    await refresh();
    if (!hasEnded(state.job)) {
      const listener = { onEvent, onJob: showJob, onLink };
      await new Follower(jobId, listener, signal).run();
      await refresh();
    }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (!signal.aborted) state.error = error;
  }
  redraw();
}

async function refresh() {
  showJob(await getJson(path));
}

/** @param {any} job */
function showJob(job) {
  const before = state.job?.status;
  state.job = job;
  if (job.transcription_segments) segments.replaceAll(job.transcription_segments);
  transcript.show(segments.received, uncertainSegments(job, segments.received));
  if (hasAudio(job)) player.open();
  if (before && before !== job.status) announce(translateOr(`status.${job.status}`, job.status));
  document.title = `${title(job)} · YTCaption`;
  redraw();
}

/** @param {import("../events.js").ServerEvent} event */
function onEvent({ type, data }) {
  if (type === "progress") {
    Object.assign(state.job.stages[data.stage] ?? {}, { progress: data.progress });
    state.job.overall_progress = data.overall_progress;
    document.title = `${title(state.job)} · YTCaption`;
  } else if (type === "segment") {
    segments.add(data);
    transcript.show(segments.received, uncertainSegments(state.job, segments.received));
  } else if (type === "stage") {
    refresh().catch(() => {}); // the stream reports errors
  }
  redraw();
}

/** @param {"live" | "polling" | "lost"} link */
function onLink(link) {
  if (link === state.link) return;
  if (link === "lost") announce(translate("link.lost"));
  if (state.link === "lost") announce(translate("link.back"));
  state.link = link;
  redraw();
}

function view() {
  const { job, error } = state;
  if (error?.status === 404) {
    const hint = html`${translate("job.missing_hint")}
      <a href="/ui/jobs">${translate("job.to_list")}</a>`;
    return html`<h1 class="visually-hidden">${translate("nav.job")}</h1>
      ${emptyNotice(translate("job.missing"), hint)}`;
  }
  if (!job) {
    return html`<h1 class="visually-hidden">${translate("nav.job")}</h1>
      ${error ? problemNotice(error, start) : loadingNotice()}`;
  }
  return html`
    ${header(job)} ${linkNotice()} ${problemNotice(error, start)}
    ${problemNotice(state.actionError?.error, state.actionError?.again)} ${job.status === "failed" ? failure(job) : nothing}
    ${job.status === "completed" ? nothing : progress(job)}
    ${warningsView(job, canPlay(job) ? playFrom : null)} ${reading(job)}
    ${confirmDialog(translate("job.remove_question"), translate("action.remove"))}
  `;
}

/** @param {any} job */
function header(job) {
  const link = sourceUrl(job);
  return html`<div class="heading job">
    <div>
      <h1>${titleOf(job)}</h1>
      <p class="facts muted">
        ${badge(job.status)}
        <time datetime=${job.created_at} title=${writeInstant(job.created_at)}
          >${writeAge(job.created_at)}</time
        >
        ${origin(job)}
        ${job.video?.uploader ? html`<span>${job.video.uploader}</span>` : nothing}
        ${link
          ? html`<a href=${link} target="_blank" rel="noopener noreferrer">${translate("job.source")}</a>`
          : nothing}
      </p>
    </div>
    <div class="actions">${jobButtons(job, onAct)}</div>
  </div>`;
}

/** @param {any} job Its language, the origin of the text and the duration, if known. */
function origin(job) {
  const code = job.detected_language ?? "";
  const words = [
    /^[a-z]{2,3}(-[\da-z]+)*$/i.test(code) ? languageName(code) : "",
    job.captions_source === "publisher" ? translate("job.publisher") : "",
    job.video?.duration_s ? writeClock(job.video.duration_s) : "",
  ];
  return words.filter(Boolean).map((word) => html`<span>${word}</span>`);
}

function linkNotice() {
  if (state.link === "live") return nothing;
  return html`<div class="notice" role="status">${icon("wait")}
    <p>${translate(`link.${state.link}`)}</p>
  </div>`;
}

/** @param {any} job */
function failure(job) {
  const stage = job.error_stage ? translateOr(`stage.${job.error_stage}`, job.error_stage) : "";
  return html`<div class="notice bad" role="alert">
    ${icon("failed")}
    <div>
      <p><strong>${stage ? translate("job.failed_in", { stage }) : translate("status.failed")}</strong></p>
      <p>${hideLogins(job.error_message ?? "")}</p>
      <p class="muted"><code>${job.error_code}</code></p>
    </div>
  </div>`;
}

/** @param {any} job */
function progress(job) {
  const isRunning = !hasEnded(job);
  return html`<section class="card" aria-label=${translate("job.progress")}>
    ${isRunning
      ? html`<p class="overall">
          <strong class="number">${percent(job.overall_progress)}</strong>
          <span class="muted">${estimate(job)}</span>
        </p>`
      : nothing}
    ${stageBars(job)}
  </section>`;
}

/** @param {any} job */
function reading(job) {
  const isDone = job.status === "completed";
  const lines = segments.received;
  if (!isDone && !lines.length) return nothing;
  const silence = emptyReason(job);
  return html`<div class="reading">
    <section class="side card" aria-label=${translate("job.tools")}>
      ${hasAudio(job) ? player.view() : html`<p class="muted">${translate("player.none")}</p>`}
      ${transcript.searchView()} ${isDone ? transcript.filesView(jobId, text(job)) : nothing}
      ${factsView(job)}
    </section>
    <section class="card" aria-labelledby="transcript-title">
      <h2 id="transcript-title">${isDone ? translate("job.transcript") : translate("job.so_far")}</h2>
      ${lines.length
        ? transcript.linesView(canPlay(job))
        : emptyNotice(silence.title, silence.hint)}
    </section>
  </div>`;
}

/** @param {"cancel" | "retry" | "remove"} action */
async function onAct(action) {
  if (action === "remove" && !(await confirm())) return;
  await attempt(async () => {
    await runAction(action, jobId);
    if (action === "remove") location.assign("/ui/jobs");
    else start();
  });
}

/**
 * Run an action; if it fails, show the error with a button to retry.
 *
 * @param {() => Promise<unknown>} action
 */
async function attempt(action) {
  state.actionError = null;
  try {
    await action();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    state.actionError = { error, again: () => attempt(action) };
  }
  redraw();
}

/** @param {any} job */
function hasAudio(job) {
  return job.stages.normalization.status === "completed";
}

/** @param {any} job */
function canPlay(job) {
  return hasAudio(job) && player.isReady;
}

/** @param {number} seconds */
function playFrom(seconds) {
  player.playFrom(seconds);
}

/** @param {any} job */
function title(job) {
  return hasEnded(job) ? titleOf(job) : `${percent(job.overall_progress)} ${titleOf(job)}`;
}

/** @param {any} job */
function text(job) {
  return job.transcription_text ?? "";
}
