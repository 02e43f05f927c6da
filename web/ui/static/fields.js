/** The form's option fields: languages, audio processing and text. */

import { html } from "./vendor/lit-html/lit-html.js";
import { config } from "./config.js";
import { languageName, translate, tag } from "./texts.js";

const COMMON = ["pt", "en", "es", "fr", "de", "it", "ja", "zh"];
const SWITCHES = [
  ["remove_noise", config.removeNoise],
  ["convert_to_mono", config.convertToMono],
  ["set_sample_rate_16k", config.sampleRate16k],
  ["apply_highpass_filter", false],
  ["isolate_vocals", false],
];
const OTHERS = config.languages
  .filter((code) => !COMMON.includes(code))
  .sort((one, two) => languageName(one).localeCompare(languageName(two), tag));

const CHANNELS = ["auto", "mix", "separate"];

/** @typedef {Record<string, string>} Faults */

/** @param {Faults} faults */
export function languageFields(faults) {
  return html`<fieldset class="pair">
    <legend class="visually-hidden">${translate("fields.language_group")}</legend>
    ${select("language", translate("fields.auto"), "auto", faults)}
    ${select("language_out", translate("fields.same"), "", faults)}
  </fieldset>`;
}

/** @param {Faults} faults */
export function audioFields(faults) {
  return html`<fieldset>
    <legend>${translate("fields.audio_group")}</legend>
    ${SWITCHES.map(([name, isOn]) => box(name, isOn, faults))}
    <div class="pair">${channelsField(faults)} ${trackField(faults)}</div>
  </fieldset>`;
}

/** @param {Faults} faults */
export function wordFields(faults) {
  return html`<fieldset>
    <legend>${translate("fields.words_group")}</legend>
    ${box("captions", false, faults)} ${box("diarize", false, faults)}
    <label class="field wide">
      <span>${translate("fields.vocabulary")}</span>
      <textarea name="vocabulary" rows="2" aria-describedby="hint-vocabulary"></textarea>
    </label>
    <p class="muted" id="hint-vocabulary">
      ${faults.vocabulary ?? translate("fields.vocabulary_hint")}
    </p>
  </fieldset>`;
}

/**
 * Return the chosen options in the format of the API.
 *
 * @param {HTMLFormElement} form
 * @returns {Record<string, string | number | boolean | string[]>}
 */
export function readOptions(form) {
  const data = new FormData(form);
  const words = String(data.get("vocabulary") ?? "").split(/[\n,;]/);
  const vocabulary = words.map((word) => word.trim()).filter(Boolean);
  const translation = String(data.get("language_out"));
  const channels = String(data.get("channels"));
  const track = String(data.get("audio_track") ?? "").trim();
  return {
    language: String(data.get("language")),
    ...(translation ? { language_out: translation } : {}),
    ...Object.fromEntries(SWITCHES.map(([name]) => [name, data.has(name)])),
    ...(vocabulary.length ? { vocabulary } : {}),
    ...(channels === "auto" ? {} : { channels }),
    ...(track ? { audio_track: /^\d+$/.test(track) ? Number(track) : track } : {}),
    ...(data.has("diarize") ? { diarize: true } : {}),
    ...(data.has("captions") ? { captions: "prefer" } : {}),
  };
}

/** @param {Faults} faults */
function channelsField(faults) {
  const option = (/** @type {string} */ name) =>
    html`<option value=${name}>${translate(`fields.channels_${name}`)}</option>`;
  return withHint(
    "channels",
    faults,
    html`<select
      name="channels"
      aria-invalid=${faults.channels ? "true" : "false"}
      aria-describedby="hint-channels"
    >
      ${CHANNELS.map(option)}
    </select>`,
  );
}

/** @param {Faults} faults */
function trackField(faults) {
  return withHint(
    "audio_track",
    faults,
    html`<input
      name="audio_track"
      autocomplete="off"
      spellcheck="false"
      maxlength="35"
      placeholder=${translate("fields.audio_track_auto")}
      aria-invalid=${faults.audio_track ? "true" : "false"}
      aria-describedby="hint-audio_track"
    />`,
  );
}

/**
 * @param {string} name
 * @param {Faults} faults
 * @param {unknown} control
 */
function withHint(name, faults, control) {
  const fault = faults[name];
  return html`<div>
    <label class="field wide"><span>${translate(`fields.${name}`)}</span> ${control}</label>
    <p class=${fault ? "fault" : "muted"} id=${`hint-${name}`}>
      ${fault ?? translate(`fields.${name}_hint`)}
    </p>
  </div>`;
}

/**
 * @param {string} name
 * @param {boolean} isOn
 * @param {Faults} faults
 */
function box(name, isOn, faults) {
  return html`<label class="switch">
    <input type="checkbox" name=${name} ?checked=${isOn} />
    <span>${translate(`fields.${name}`)}</span>
    <span class="muted">${faults[name] ?? translate(`fields.${name}_hint`)}</span>
  </label>`;
}

/**
 * @param {"language" | "language_out"} name
 * @param {string} none Label of the option without a language.
 * @param {string} value Its value.
 * @param {Faults} faults
 */
function select(name, none, value, faults) {
  const fault = faults[name];
  const wanted = name === "language" ? config.language : "";
  const option = (/** @type {string} */ code) =>
    html`<option value=${code} ?selected=${code === wanted}>${languageName(code)}</option>`;
  return html`<label class="field">
    <span>${translate(`fields.${name}`)}</span>
    <select name=${name} aria-invalid=${fault ? "true" : "false"} aria-describedby=${`fault-${name}`}>
      <option value=${value}>${none}</option>
      <optgroup label=${translate("fields.common")}>${COMMON.map(option)}</optgroup>
      <optgroup label=${translate("fields.all")}>${OTHERS.map(option)}</optgroup>
    </select>
    <span class="fault" id=${`fault-${name}`}>${fault ?? ""}</span>
  </label>`;
}
