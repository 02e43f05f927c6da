/** A job's three stages as bars. */

import { html, nothing } from "./vendor/lit-html/lit-html.js";
import { icon } from "./icons.js";
import { say, sayOr, writeDuration, writeNumber } from "./texts.js";

const STAGES = ["download", "normalization", "transcription"];
const SIGNS = { completed: "done", failed: "failed", skipped: "none", cancelled: "cross" };

/** @param {any} job As `GET /jobs/{id}` tells it. */
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
  const label = say(`stage.${name}`);
  return html`<li class=${`stage ${stage.status}`}>
    <span class="sign">${icon(SIGNS[stage.status] ?? "wait")}</span>
    <span class="name">${label}</span>
    <span class="muted word">
      ${sayOr(`stage.${stage.status}`, stage.status)}
      ${stage.attempt > 1 ? html`· ${say("stage.attempt", { number: stage.attempt })}` : nothing}
    </span>
    <span class="figure">${stage.status === "processing" ? percent(progress) : nothing}</span>
    <progress max="100" value=${progress} aria-label=${label}></progress>
  </li>`;
}

/**
 * What is known of how long it will take.
 *
 * @param {any} job
 */
export function outlook(job) {
  if (job.queue_position) return say("job.position", { position: job.queue_position });
  if (job.eta_seconds) return say("job.eta", { duration: writeDuration(job.eta_seconds) });
  return "";
}

/** @param {number} progress */
export function percent(progress) {
  return `${writeNumber(Math.floor(progress))} %`;
}
