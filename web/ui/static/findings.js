/** Views of a recording's warnings, languages, audio tracks and quality. */

import { html, nothing } from "./vendor/lit-html/lit-html.js";
import { hideLogins } from "./urls.js";
import { icon } from "./icons.js";
import { languageName, translate, translateOr, writeClock, writeNumber } from "./texts.js";

/** @typedef {{code: string, detail: string, start?: number | null, end?: number | null}} Warning */

const SHOWN_TIMES = 6; // the others are in a collapsed list
const MOST_OF_A_CODE = 50; // the limit of the services
const SLACK_S = 0.01;

/**
 * Return the job's warnings; older servers do not report any.
 *
 * @param {any} job
 * @returns {Warning[]}
 */
function warningsOf(job) {
  return job.warnings ?? [];
}

/**
 * The warnings, grouped by code, with links that play the passages.
 *
 * @param {any} job
 * @param {((seconds: number) => void) | null} onPlay `null` without audio.
 */
export function warningsView(job, onPlay) {
  /** @type {Map<string, Warning[]>} */
  const groups = new Map();
  for (const one of warningsOf(job)) {
    const name = groupKey(one);
    groups.set(name, [...(groups.get(name) ?? []), one]);
  }
  if (!groups.size) return nothing;
  return html`<section class="notice warnings" aria-labelledby="warnings-title">
    ${icon("failed")}
    <div>
      <h2 id="warnings-title">${translate("warnings.title")}</h2>
      <ul>
        ${[...groups.values()].map((alike) => warningView(alike, onPlay))}
      </ul>
    </div>
  </section>`;
}

/**
 * Return the segments within a `low_confidence` warning.
 *
 * @param {any} job
 * @param {import("./segments.js").Segment[]} segments
 * @returns {Set<import("./segments.js").Segment>}
 */
export function uncertainSegments(job, segments) {
  const spans = warningsOf(job).filter(
    ({ code, start, end }) => code === "low_confidence" && start != null && end != null,
  );
  const isWithin = (/** @type {import("./segments.js").Segment} */ one) =>
    spans.some(({ start, end }) => one.start >= start - SLACK_S && one.end <= end + SLACK_S);
  return new Set(spans.length ? segments.filter(isWithin) : []);
}

/**
 * Return the reason why a completed job has an empty transcript.
 *
 * @param {any} job
 * @returns {{title: string, hint: string}}
 */
export function emptyReason(job) {
  const codes = new Set(warningsOf(job).map(({ code }) => code));
  for (const code of ["no_speech", "speech_without_text"]) {
    if (codes.has(code)) return { title: translate(`silent.${code}`), hint: translate(`silent.${code}_hint`) };
  }
  const hint = codes.size ? "silent.see_warnings" : "silent.unexplained";
  return { title: translate("silent.empty"), hint: translate(hint) };
}

/**
 * The languages, audio tracks and quality, if known.
 *
 * @param {any} job
 */
export function factsView(job) {
  const facts = [
    ["found.languages", (job.languages ?? []).map(languageText)],
    ["found.tracks", (job.audio_tracks ?? []).map(trackText)],
    ["found.quality", qualityTexts(job.quality)],
  ].filter(([, lines]) => lines.length);
  if (!facts.length) return nothing;
  return html`<dl class="found-facts">
    ${facts.map(
      ([name, lines]) => html`<div>
        <dt>${translate(name)}</dt>
        ${lines.map((/** @type {unknown} */ line) => html`<dd>${line}</dd>`)}
      </div>`,
    )}
  </dl>`;
}

/** @param {Warning} warning Warnings with the same text are grouped. */
function groupKey({ code, detail }) {
  return translateOr(`warning.${code}`, "") ? code : `${code}: ${detail}`;
}

/**
 * @param {Warning[]} alike
 * @param {((seconds: number) => void) | null} onPlay
 */
function warningView(alike, onPlay) {
  const [{ code, detail }] = alike;
  const times = alike.filter(({ start }) => start != null).map((one) => timeView(one, onPlay));
  const [first, rest] = [times.slice(0, SHOWN_TIMES), times.slice(SHOWN_TIMES)];
  const isCut = alike.length >= MOST_OF_A_CODE;
  return html`<li data-code=${code}>
    <p>${translateOr(`warning.${code}`, hideLogins(detail ?? code))}</p>
    ${times.length ? html`<p class="times">${first}</p>` : nothing}
    ${rest.length
      ? html`<details>
          <summary>${translate("warnings.more", { count: writeNumber(rest.length) })}</summary>
          <p class="times">${rest} ${isCut ? translate("warnings.cut") : nothing}</p>
        </details>`
      : nothing}
  </li>`;
}

/**
 * @param {Warning} warning
 * @param {((seconds: number) => void) | null} onPlay
 */
function timeView({ start, end }, onPlay) {
  const text = end == null ? writeClock(start) : `${writeClock(start)}–${writeClock(end)}`;
  if (!onPlay) return html`<span class="number">${text}</span>`;
  const play = (/** @type {Event} */ event) => {
    event.preventDefault();
    onPlay(start);
  };
  return html`<a
    class="number"
    href=${`#t=${start}`}
    aria-label=${translate("warnings.play", { time: text })}
    @click=${play}
    >${text}</a
  >`;
}

/** @param {{code: string, seconds: number}} language */
function languageText({ code, seconds }) {
  return html`${languageName(code)} <span class="muted number">${writeClock(seconds)}</span>`;
}

/** @param {any} track */
function trackText({ number, language, title, codec, channels, default: isDefault, chosen }) {
  const words = [
    translate("found.track", { number }),
    language ? languageName(language) : "",
    title ?? "",
    codec ?? "",
    channels ? translate(channels === 1 ? "found.channel" : "found.channels", { count: channels }) : "",
    isDefault ? translate("found.default") : "",
  ];
  const text = words.filter(Boolean).join(" · ");
  if (!chosen) return html`<span class="muted">${text}</span>`;
  return html`${text} <span class="badge completed">${translate("found.chosen")}</span>`;
}

/** @param {any} quality */
function qualityTexts(quality) {
  if (!quality) return [];
  const [done, all] = [writeClock(quality.transcribed_s), writeClock(quality.speech_s)];
  const sure = quality.mean_confidence;
  return [
    translate("found.transcribed", { done, all }),
    ...(sure == null
      ? []
      : [translate("found.confidence", { percent: writeNumber(Math.round(100 * sure)) })]),
  ];
}
