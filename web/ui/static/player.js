/** The audio of a job. */

import { html } from "./vendor/lit-html/lit-html.js";
import { call, key } from "./api.js";
import { say, writeSize } from "./texts.js";

const FETCHED_UNASKED_BYTES = 40_000_000; // about two hours as the normalizer writes it

/** Plays a job's audio and tells where it is. */
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

  /** Whether a click on a line can be heard. */
  get isReady() {
    return this.#state === "ready";
  }

  /**
   * Make the audio ready, once it is there.
   *
   * Without a key the browser streams it. With one it has to be fetched whole, since an audio
   * element sends no header and a key has no business in an address; if that is much, only when
   * asked to.
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
    if (this.#bytes <= FETCHED_UNASKED_BYTES) return this.#fetch();
    this.#state = "large";
    this.#redraw();
  }

  /** Let a player that failed be opened once more, as with another key. */
  forgive() {
    if (this.#state === "failed") this.#state = "closed";
  }

  /** @param {number} seconds Where to play from. */
  playFrom(seconds) {
    const audio = document.querySelector("audio");
    if (!audio) return;
    audio.currentTime = seconds;
    audio.play().catch(() => {}); // a browser may want a click on the player itself first
  }

  /** The player, or a word on why there is none. */
  view() {
    if (this.#state === "ready") {
      return html`<audio
        controls
        preload="metadata"
        aria-label=${say("player.label")}
        src=${this.#source}
        @loadedmetadata=${(/** @type {Event} */ event) => goToStart(event.target)}
        @timeupdate=${(/** @type {Event} */ event) => this.#onTime(event.target.currentTime)}
        @error=${() => this.#fail()}
      ></audio>`;
    }
    if (this.#state === "large") {
      return html`<button class="plain" @click=${() => this.#fetch()}>
        ${say("player.fetch", { size: writeSize(this.#bytes) })}
      </button>`;
    }
    const isGone = this.#state === "failed";
    return html`<p class="muted">${isGone ? say("player.gone") : say("player.loading")}</p>`;
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
 * Go to where the page's own URL leads, as in `#t=62.5`; a time in a warning is such a link.
 *
 * @param {HTMLAudioElement} audio
 */
function goToStart(audio) {
  const wanted = /^#t=(\d+(\.\d+)?)$/.exec(location.hash);
  if (wanted) audio.currentTime = Number(wanted[1]);
}
