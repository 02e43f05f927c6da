/** The transcript: lines, search and downloads. */

import { html, nothing } from "./vendor/lit-html/lit-html.js";
import { call, key } from "./api.js";
import { withKey } from "./dialogs.js";
import { announce } from "./frame.js";
import { icon } from "./icons.js";
import { splitMatches } from "./search.js";
import { segmentAt } from "./segments.js";
import { languageName, translate, writeClock } from "./texts.js";

const FORMATS = ["txt", "srt", "vtt", "json"];
const NUMBERED = /^(SPEAKER|CHANNEL)_(\d+)$/; // zero-based

/** Shows segments as lines that can be searched and played. */
export class Transcript {
  /** @type {import("./segments.js").Segment[]} */
  #segments = [];
  /** @type {Set<import("./segments.js").Segment>} */
  #uncertain = new Set();
  /** @type {{text: string, isMatch: boolean}[][] | null} `null` if they must be split again. */
  #splitLines = null;
  #query = "";
  #match = 0;
  #now = -1;
  #focus = 0;
  #isCopied = false;
  #redraw;
  #onJump;
  #attempt;

  /**
   * @param {{redraw: () => void, onJump: (seconds: number) => void,
   *   attempt: (action: () => Promise<unknown>) => void}} hooks `attempt` runs an action and
   *   shows its error.
   */
  constructor({ redraw, onJump, attempt }) {
    this.#redraw = redraw;
    this.#onJump = onJump;
    this.#attempt = attempt;
  }

  /**
   * @param {import("./segments.js").Segment[]} segments
   * @param {Set<import("./segments.js").Segment>} uncertain Segments with low confidence.
   */
  show(segments, uncertain) {
    this.#segments = segments;
    this.#uncertain = uncertain;
    this.#splitLines = null;
  }

  /** @param {number} seconds Position of the audio. */
  highlightAt(seconds) {
    const now = segmentAt(this.#segments, seconds);
    if (now === this.#now) return;
    this.#now = now;
    this.#redraw();
    requestAnimationFrame(() => scrollTo(".line[aria-current=true]"));
  }

  /** The search field and its matches. */
  searchView() {
    const count = this.#count();
    const step = (/** @type {number} */ by) => () => this.#step(by);
    return html`<form class="search" role="search" @submit=${this.#searchOn}>
      <label class="field">
        <span>${translate("search.label")}</span>
        <input type="search" @input=${this.#search} autocomplete="off" spellcheck="false" />
      </label>
      ${this.#query
        ? html`<span class="found" role="status"
              >${count ? translate("search.found", { at: this.#match + 1, count }) : translate("search.none")}</span
            >
            <button type="button" class="quiet" aria-label=${translate("search.previous")} @click=${step(-1)}>
              ${icon("up")}
            </button>
            <button type="button" class="quiet" aria-label=${translate("search.next")} @click=${step(1)}>
              ${icon("down")}
            </button>`
        : nothing}
    </form>`;
  }

  /**
   * The copy button and the download links.
   *
   * @param {string} jobId
   * @param {string} text The text to copy.
   */
  filesView(jobId, text) {
    const path = `/jobs/${encodeURIComponent(jobId)}/transcript?format=`;
    return html`<div class="files">
      <button class="plain" @click=${() => this.#copy(text)}>
        ${icon(this.#isCopied ? "done" : "copy")}
        ${this.#isCopied ? translate("files.copied") : translate("files.copy")}
      </button>
      ${FORMATS.map(
        (format) => html`<a class="button plain" href=${path + format} download @click=${this.#save}
          >${icon("save")}<span class="visually-hidden">${translate("files.save")}</span> ${format.toUpperCase()}</a
        >`,
      )}
    </div>`;
  }

  /** @param {boolean} canPlay Whether a click on a line plays it. */
  linesView(canPlay) {
    let match = 0;
    const text = (/** @type {number} */ index) =>
      this.#lines[index].map((part) => {
        if (!part.isMatch) return part.text;
        const isHere = match++ === this.#match;
        return html`<mark class=${isHere ? "here" : ""}>${part.text}</mark>`;
      });
    return html`<ol class="lines" @keydown=${this.#move}>
      ${this.#segments.map((segment, index) => {
        const labels = this.#labels(index);
        const line = html`<time>${writeClock(segment.start)}</time>${labels.length
            ? html`<small>${labels.join(" · ")}</small>`
            : nothing}<span dir="auto">${text(index)}</span>`;
        const kind = this.#uncertain.has(segment) ? "line uncertain" : "line";
        if (!canPlay) return html`<li><div class=${kind}>${line}</div></li>`;
        return html`<li>
          <button
            class=${kind}
            aria-current=${index === this.#now ? "true" : "false"}
            tabindex=${index === this.#focus ? "0" : "-1"}
            @click=${() => this.#jump(index)}
          >
            ${line}
          </button>
        </li>`;
      })}
    </ol>`;
  }

  /**
   * Return the labels of a line: the speaker and the language if they change, and whether the
   * text is uncertain.
   *
   * @param {number} index
   * @returns {string[]}
   */
  #labels(index) {
    const [before, segment] = [this.#segments[index - 1], this.#segments[index]];
    const { speaker, language } = segment;
    const isSwitch = before?.language && language && before.language !== language;
    return [
      speaker && speaker !== before?.speaker ? speakerName(speaker) : "",
      isSwitch ? languageName(language) : "",
      this.#uncertain.has(segment) ? translate("line.uncertain") : "",
    ].filter(Boolean);
  }

  /** The lines, split at the matches. */
  get #lines() {
    this.#splitLines ??= this.#segments.map((segment) => splitMatches(segment.text.trim(), this.#query));
    return this.#splitLines;
  }

  #count() {
    return this.#lines.flat().filter((part) => part.isMatch).length;
  }

  /** @param {number} index */
  #jump(index) {
    this.#focus = index;
    this.#onJump(this.#segments[index].start);
  }

  /** Arrow keys move between lines, so that Tab leaves the list. */
  #move = (/** @type {KeyboardEvent} */ event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by || event.target.tagName !== "BUTTON") return;
    event.preventDefault();
    const last = this.#segments.length - 1;
    this.#focus = Math.max(0, Math.min(last, this.#focus + by));
    document.querySelectorAll("button.line")[this.#focus].focus();
    this.#redraw();
  };

  #search = (/** @type {InputEvent} */ event) => {
    this.#query = event.target.value;
    this.#match = 0;
    this.#splitLines = null;
    this.#redraw();
    requestAnimationFrame(() => scrollTo("mark.here"));
  };

  #searchOn = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    this.#step(1);
  };

  /** @param {number} by */
  #step(by) {
    const count = this.#count();
    if (!count) return;
    this.#match = (this.#match + by + count) % count;
    this.#redraw();
    requestAnimationFrame(() => scrollTo("mark.here"));
  }

  /** Fetch the file if there is an API key, which a link cannot send. */
  #save = (/** @type {MouseEvent} */ event) => {
    if (!key.get()) return;
    event.preventDefault();
    const link = /** @type {HTMLAnchorElement} */ (event.currentTarget);
    this.#attempt(() => withKey(() => saveFile(link.pathname + link.search)));
  };

  /** @param {string} text */
  async #copy(text) {
    await copyText(text);
    this.#isCopied = true;
    this.#redraw();
    announce(translate("files.copied"));
    setTimeout(() => {
      this.#isCopied = false;
      this.#redraw();
    }, 2000);
  }
}

/** @param {string} speaker */
function speakerName(speaker) {
  const [, kind, number] = NUMBERED.exec(speaker) ?? [];
  if (!kind) return speaker;
  return translate(`line.${kind.toLowerCase()}`, { number: Number(number) + 1 });
}

/** @param {string} selector */
function scrollTo(selector) {
  document.querySelector(selector)?.scrollIntoView({ block: "nearest" });
}

/** @param {string} text */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // The Clipboard API is not available over plain HTTP.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

/**
 * Fetch a file with the API key and save it.
 *
 * @param {string} path
 * @throws {import("./api.js").ApiError}
 */
async function saveFile(path) {
  const response = await call("GET", path);
  const name = nameIn(response.headers.get("Content-Disposition") ?? "");
  const blob = URL.createObjectURL(await response.blob());
  const save = document.createElement("a");
  Object.assign(save, { href: blob, download: name });
  save.click();
  setTimeout(() => URL.revokeObjectURL(blob), 10_000); // the download has started by then
}

/**
 * Return the file name in a `Content-Disposition` (RFC 6266): `filename*` before `filename`.
 *
 * @param {string} header
 */
function nameIn(header) {
  const encoded = /filename\*\s*=\s*UTF-8''([^;\s]+)/i.exec(header);
  if (encoded) return decodeURIComponent(encoded[1]);
  return /filename="?([^";]+)"?/.exec(header)?.[1] ?? "transcript";
}
