/** Progress bars of a job's stages. */

import { html, nothing } from "./vendor/lit-html/lit-html.js";
import { icon } from "./icons.js";
import { translate, translateOr, writeDuration, writeNumber } from "./texts.js";

const STAGES = ["download", "normalization", "transcription"];
const SIGNS = { completed: "done", failed: "failed", skipped: "none", cancelled: "cross" };

/** @param {any} job A job as returned by `GET /jobs/{id}`. */
export function stageBars(job) {
  return html`<ol class="stages">
    ${STAGES.map((name) => stageBar(name, job.stages[name]))}
  </ol>`;
}

/**
 * @param {string} name
 * @param {{status: string, progress: number, attempt: number}} stage
 */
function stageBar(name, stage) {
  const isOver = stage.status === "completed" || stage.status === "skipped";
  const progress = isOver ? 100 : Math.min(100, stage.progress ?? 0);
  const label = translate(`stage.${name}`);
  return html`<li class=${`stage ${stage.status}`}>
    <span class="sign">${icon(SIGNS[stage.status] ?? "wait")}</span>
    <span class="name">${label}</span>
    <span class="muted word">
      ${translateOr(`stage.${stage.status}`, stage.status)}
      ${stage.attempt > 1 ? html`· ${translate("stage.attempt", { number: stage.attempt })}` : nothing}
    </span>
    <span class="number">${stage.status === "processing" ? percent(progress) : nothing}</span>
    <progress max="100" value=${progress} aria-label=${label}></progress>
  </li>`;
}

/**
 * The position in the queue or the remaining time, if known.
 *
 * @param {any} job
 */
export function estimate(job) {
  if (job.queue_position) return translate("job.position", { position: job.queue_position });
  if (job.eta_seconds) return translate("job.eta", { duration: writeDuration(job.eta_seconds) });
  return "";
}

/** @param {number} progress */
export function percent(progress) {
  return `${writeNumber(Math.floor(progress))} %`;
}
