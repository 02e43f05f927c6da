/** Translations, and the formatting of numbers, times and languages. */

import en from "./texts/en.js";
import pt from "./texts/pt.js";
import { storedValue } from "./storage.js";

const storedLanguage = storedValue(() => localStorage, "ytcaption.language");
const catalogues = { pt, en };

/** The language: the user's choice, fallback the one negotiated by the server. */
export const language = pick(storedLanguage.get()) ?? pick(document.documentElement.lang) ?? "pt";

/** The language tag for dates, numbers and `lang`. */
export const tag = language === "pt" ? "pt-BR" : "en";

document.documentElement.lang = tag;

const ago = new Intl.RelativeTimeFormat(tag, { numeric: "auto", style: "short" });
const names = new Intl.DisplayNames([tag], { type: "language" });
const number = new Intl.NumberFormat(tag, { maximumFractionDigits: 1 });

/**
 * Return the text of a key.
 *
 * @param {string} key
 * @param {Record<string, string | number>} [facts] Values of the placeholders, such as `{name}`.
 * @returns {string}
 */
export function translate(key, facts = {}) {
  const text = catalogues[language][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => String(facts[name] ?? ""));
}

/**
 * Return the text of a key, or a fallback for values that are unknown to this page.
 *
 * @param {string} key
 * @param {string} fallback
 */
export function translateOr(key, fallback) {
  return catalogues[language][key] ?? fallback;
}

/** @param {"pt" | "en"} code Takes effect after a reload. */
export function chooseLanguage(code) {
  storedLanguage.set(code);
}

/** @param {string} code A language code; other text is returned unchanged. */
export function languageName(code) {
  let name = code;
  try {
    name = names.of(code) ?? code;
  } catch {
    // Not a language code: the label of a file's audio track.
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
 * Format a position in a recording: `1:02:03`, `2:03`.
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
 * Format an approximate duration: `40 s`, `3 min`, `2 h 10 min`.
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
 * Format the age of an instant.
 *
 * @param {string} instant RFC 3339.
 */
export function writeAge(instant) {
  const seconds = (Date.parse(instant) - Date.now()) / 1000;
  if (seconds > -45) return translate("age.now");
  if (seconds > -3600) return ago.format(Math.round(seconds / 60), "minute");
  if (seconds > -86_400) return ago.format(Math.round(seconds / 3600), "hour");
  return ago.format(Math.round(seconds / 86_400), "day");
}

/**
 * Format an instant in full.
 *
 * @param {string} instant RFC 3339.
 */
export function writeInstant(instant) {
  return new Date(instant).toLocaleString(tag, { dateStyle: "medium", timeStyle: "medium" });
}

/**
 * @param {string | null} tag
 * @returns {"pt" | "en" | null}
 */
function pick(tag) {
  const code = (tag ?? "").slice(0, 2).toLowerCase();
  return code === "pt" || code === "en" ? code : null;
}
