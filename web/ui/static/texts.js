/** What people read, in Portuguese or English, and how numbers, times and languages are written. */

import en from "./texts/en.js";
import pt from "./texts/pt.js";
import { keeper } from "./memory.js";

const chosen = keeper(() => localStorage, "ytcaption.language");
const catalogues = { pt, en };

/** The language in force: what was chosen here, else what the server made of Accept-Language. */
export const language = pick(chosen.get()) ?? pick(document.documentElement.lang) ?? "pt";

/** The same as a tag for dates, numbers and `lang`. */
export const tag = language === "pt" ? "pt-BR" : "en";

document.documentElement.lang = tag;

const ago = new Intl.RelativeTimeFormat(tag, { numeric: "auto", style: "short" });
const names = new Intl.DisplayNames([tag], { type: "language" });
const number = new Intl.NumberFormat(tag, { maximumFractionDigits: 1 });

/**
 * Return a text of the catalogue.
 *
 * @param {string} key
 * @param {Record<string, string | number>} [facts] What stands in its places, as in `{name}`.
 * @returns {string}
 */
export function say(key, facts = {}) {
  const text = catalogues[language][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => String(facts[name] ?? ""));
}

/**
 * Return a text, or another where the catalogue has none: for words that the server invents.
 *
 * @param {string} key
 * @param {string} otherwise
 */
export function sayOr(key, otherwise) {
  return catalogues[language][key] ?? otherwise;
}

/** @param {"pt" | "en"} code Takes effect when the page is loaded anew. */
export function chooseLanguage(code) {
  chosen.set(code);
}

/** @param {string} code Of ISO 639; what is no code is returned as it is. */
export function languageName(code) {
  let name = code;
  try {
    name = names.of(code) ?? code;
  } catch {
    // A file's own label, which may be anything.
  }
  return name.charAt(0).toLocaleUpperCase(tag) + name.slice(1);
}

/** @param {number} value */
export function writeNumber(value) {
  return number.format(value);
}

/** @param {number} bytes */
export function writeSize(bytes) {
  const steps = [
    [2 ** 30, "GB"],
    [2 ** 20, "MB"],
    [2 ** 10, "kB"],
  ];
  const [size, unit] = steps.find(([least]) => bytes >= least) ?? [1, "B"];
  return `${number.format(bytes / size)} ${unit}`;
}

/**
 * Write a place in a recording: `1:02:03`, `2:03`.
 *
 * @param {number} seconds
 */
export function writeClock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/**
 * Write how long something takes, roughly: `40 s`, `3 min`, `2 h 10 min`.
 *
 * @param {number} seconds
 */
export function writeDuration(seconds) {
  if (seconds < 59.5) return `${Math.max(0, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * Write how long ago an instant was.
 *
 * @param {string} instant RFC 3339.
 */
export function writeAge(instant) {
  const seconds = (Date.parse(instant) - Date.now()) / 1000;
  if (seconds > -45) return say("age.now");
  if (seconds > -3600) return ago.format(Math.round(seconds / 60), "minute");
  if (seconds > -86_400) return ago.format(Math.round(seconds / 3600), "hour");
  return ago.format(Math.round(seconds / 86_400), "day");
}

/**
 * Write an instant in full.
 *
 * @param {string} instant RFC 3339.
 */
export function writeInstant(instant) {
  return new Date(instant).toLocaleString(tag, { dateStyle: "medium", timeStyle: "medium" });
}

/**
 * @param {string | null} wish
 * @returns {"pt" | "en" | null}
 */
function pick(wish) {
  const code = (wish ?? "").slice(0, 2).toLowerCase();
  return code === "pt" || code === "en" ? code : null;
}
