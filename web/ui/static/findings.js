/** What the services found out about a recording: warnings, languages, audio tracks, quality. */

import { html, nothing } from "./vendor/lit-html/lit-html.js";
import { withoutLogins } from "./addresses.js";
import { icon } from "./icons.js";
import { languageName, say, sayOr, writeClock, writeNumber } from "./texts.js";

/** @typedef {{code: string, detail: string, start?: number | null, end?: number | null}} Warning */

const SHOWN_TIMES = 6; // the rest is one click away
const MOST_OF_A_CODE = 50; // the services report no more
const SLACK_S = 0.01;

/**
 * Return the job's warnings; older servers have none.
 *
 * @param {any} job
 * @returns {Warning[]}
 */
export function warningsOf(job) {
  return job.warnings ?? [];
}

/**
 * All warnings: one sentence for each code, and the times as links that play there.
 *
 * @param {any} job
 * @param {((seconds: number) => void) | null} onPlay `null` where there is no audio.
 */
export function warningsView(job, onPlay) {
  /** @type {Map<string, Warning[]>} */
  const groups = new Map();
  for (const one of warningsOf(job)) {
    const name = groupOf(one);
    groups.set(name, [...(groups.get(name) ?? []), one]);
  }
  if (!groups.size) return nothing;
  return html`<section class="notice warnings" aria-labelledby="warnings-title">
    ${icon("failed")}
    <div>
      <h2 id="warnings-title">${say("warnings.title")}</h2>
      <ul>
        ${[...groups.values()].map((alike) => warningView(alike, onPlay))}
      </ul>
    </div>
  </section>`;
}

/**
 * Return the segments that a `low_confidence` warning marks.
 *
 * @param {any} job
 * @param {import("./segments.js").Segment[]} segments
 * @returns {Set<import("./segments.js").Segment>}
 */
export function doubtfulOf(job, segments) {
  const spans = warningsOf(job).filter(
    ({ code, start, end }) => code === "low_confidence" && start != null && end != null,
  );
  const isWithin = (/** @type {import("./segments.js").Segment} */ one) =>
    spans.some(({ start, end }) => one.start >= start - SLACK_S && one.end <= end + SLACK_S);
  return new Set(spans.length ? segments.filter(isWithin) : []);
}

/**
 * Say why a completed job has no words.
 *
 * @param {any} job
 * @returns {{title: string, hint: string}}
 */
export function reasonOfSilence(job) {
  const codes = new Set(warningsOf(job).map(({ code }) => code));
  for (const code of ["no_speech", "speech_without_text"]) {
    if (codes.has(code)) return { title: say(`silent.${code}`), hint: say(`silent.${code}_hint`) };
  }
  const hint = codes.size ? "silent.see_warnings" : "silent.unexplained";
  return { title: say("silent.empty"), hint: say(hint) };
}

/**
 * The languages, audio tracks and quality, as far as they are known.
 *
 * @param {any} job
 */
export function factsView(job) {
  const facts = [
    ["found.languages", (job.languages ?? []).map(languageWords)],
    ["found.tracks", (job.audio_tracks ?? []).map(trackWords)],
    ["found.quality", qualityWords(job.quality)],
  ].filter(([, lines]) => lines.length);
  if (!facts.length) return nothing;
  return html`<dl class="found-facts">
    ${facts.map(
      ([name, lines]) => html`<div>
        <dt>${say(name)}</dt>
        ${lines.map((/** @type {unknown} */ line) => html`<dd>${line}</dd>`)}
      </div>`,
    )}
  </dl>`;
}

/** @param {Warning} warning Those that read the same are shown together. */
function groupOf({ code, detail }) {
  return sayOr(`warning.${code}`, "") ? code : `${code}: ${detail}`;
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
    <p>${sayOr(`warning.${code}`, withoutLogins(detail ?? code))}</p>
    ${times.length ? html`<p class="times">${first}</p>` : nothing}
    ${rest.length
      ? html`<details>
          <summary>${say("warnings.more", { count: writeNumber(rest.length) })}</summary>
          <p class="times">${rest} ${isCut ? say("warnings.cut") : nothing}</p>
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
  if (!onPlay) return html`<span class="figure">${text}</span>`;
  const play = (/** @type {Event} */ event) => {
    event.preventDefault();
    onPlay(start);
  };
  return html`<a
    class="figure"
    href=${`#t=${start}`}
    aria-label=${say("warnings.play", { time: text })}
    @click=${play}
    >${text}</a
  >`;
}

/** @param {{code: string, seconds: number}} language */
function languageWords({ code, seconds }) {
  return html`${languageName(code)} <span class="muted figure">${writeClock(seconds)}</span>`;
}

/** @param {any} track */
function trackWords({ number, language, title, codec, channels, default: isDefault, chosen }) {
  const words = [
    say("found.track", { number }),
    language ? languageName(language) : "",
    title ?? "",
    codec ?? "",
    channels ? say(channels === 1 ? "found.channel" : "found.channels", { count: channels }) : "",
    isDefault ? say("found.default") : "",
  ];
  const text = words.filter(Boolean).join(" · ");
  if (!chosen) return html`<span class="muted">${text}</span>`;
  return html`${text} <span class="badge completed">${say("found.chosen")}</span>`;
}

/** @param {any} quality */
function qualityWords(quality) {
  if (!quality) return [];
  const [done, all] = [writeClock(quality.transcribed_s), writeClock(quality.speech_s)];
  const sure = quality.mean_confidence;
  return [
    say("found.transcribed", { done, all }),
    ...(sure == null
      ? []
      : [say("found.confidence", { percent: writeNumber(Math.round(100 * sure)) })]),
  ];
}
