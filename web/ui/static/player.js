/** The audio player of a job. */

import { html } from "./vendor/lit-html/lit-html.js";
import { call, key } from "./api.js";
import { translate, writeSize } from "./texts.js";

const AUTO_FETCH_BYTES = 40_000_000; // about two hours of normalized audio

/** Plays a job's audio and reports the position. */
export class Player {
  #path;
  #redraw;
  #onTime;
  #source = "";
  #state = "closed";
  #bytes = 0;

  /**
   * @param {string} jobId
   * @param {{redraw: () => void, onTime: (seconds: number) => void}} hooks
   */
  constructor(jobId, { redraw, onTime }) {
    this.#path = `/jobs/${encodeURIComponent(jobId)}/audio`;
    this.#redraw = redraw;
    this.#onTime = onTime;
  }

  /** Whether the audio can be played. */
  get isReady() {
    return this.#state === "ready";
  }

  /**
   * Prepare the audio for playback.
   *
   * Without an API key the browser streams it. With a key the whole file is fetched, because an
   * audio element cannot send headers; large files are fetched only on request.
   */
  async open() {
    if (this.#state !== "closed") return;
    if (!key.get()) return this.#show(this.#path);
    this.#state = "looking";
    try {
      const found = await call("HEAD", this.#path);
      this.#bytes = Number(found.headers.get("Content-Length"));
    } catch {
      return this.#fail();
    }
    if (this.#bytes <= AUTO_FETCH_BYTES) return this.#fetch();
    this.#state = "large";
    this.#redraw();
  }

  /** Allow `open` to retry after a failure, for example with another key. */
  reset() {
    if (this.#state === "failed") this.#state = "closed";
  }

  /** @param {number} seconds Position to play from. */
  playFrom(seconds) {
    const audio = document.querySelector("audio");
    if (!audio) return;
    audio.currentTime = seconds;
    audio.play().catch(() => {}); // the browser may block playback until the user clicks the player
  }

  /** The player, or why it is unavailable. */
  view() {
    if (this.#state === "ready") {
      return html`<audio
        controls
        preload="metadata"
        aria-label=${translate("player.label")}
        src=${this.#source}
        @loadedmetadata=${(/** @type {Event} */ event) => seekToHash(event.target)}
        @timeupdate=${(/** @type {Event} */ event) => this.#onTime(event.target.currentTime)}
        @error=${() => this.#fail()}
      ></audio>`;
    }
    if (this.#state === "large") {
      return html`<button class="plain" @click=${() => this.#fetch()}>
        ${translate("player.fetch", { size: writeSize(this.#bytes) })}
      </button>`;
    }
    const isGone = this.#state === "failed";
    return html`<p class="muted">${isGone ? translate("player.gone") : translate("player.loading")}</p>`;
  }

  async #fetch() {
    this.#state = "fetching";
    this.#redraw();
    try {
      const response = await call("GET", this.#path);
      this.#show(URL.createObjectURL(await response.blob()));
    } catch {
      this.#fail();
    }
  }

  /** @param {string} source */
  #show(source) {
    this.#source = source;
    this.#state = "ready";
    this.#redraw();
  }

  #fail() {
    this.#state = "failed";
    this.#redraw();
  }
}

/**
 * Seek to the time in the page's URL, such as `#t=62.5`; warnings link to such times.
 *
 * @param {HTMLAudioElement} audio
 */
function seekToHash(audio) {
  const wanted = /^#t=(\d+(\.\d+)?)$/.exec(location.hash);
  if (wanted) audio.currentTime = Number(wanted[1]);
}
