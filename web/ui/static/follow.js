/** Following a job: its event stream, or where that does not get through, a question now and then. */

import { ApiError, call, getJson } from "./api.js";
import { readEvents } from "./events.js";

const STREAM_TRIES = 3; // streams in a row that fail before the job is asked for instead
const POLL_MS = 2000;
const POLLS_PER_TRY = 15; // then the stream gets another chance
const LONGEST_PAUSE_MS = 5000;
const ENDED = new Set(["completed", "failed", "cancelled"]);

/** @param {{status: string}} job */
export const hasEnded = (job) => ENDED.has(job.status);

/**
 * @typedef {object} Listener
 * @property {(event: import("./events.js").ServerEvent) => void} onEvent
 * @property {(job: any) => void} onJob The whole job, where it is polled.
 * @property {(link: "live" | "polling" | "lost") => void} onLink How the job is being followed.
 */

/** Follows one job, over broken connections and restarts of the server, until it has ended. */
export class Follower {
  #path;
  #listener;
  #signal;
  #lastId = "0-0";
  #failures = 0;

  /**
   * @param {string} jobId
   * @param {Listener} listener
   * @param {AbortSignal} signal Ends it.
   */
  constructor(jobId, listener, signal) {
    this.#path = `/jobs/${encodeURIComponent(jobId)}`;
    this.#listener = listener;
    this.#signal = signal;
  }

  /**
   * Follow until the job has ended; after a retry, this may be called again.
   *
   * @throws {ApiError} The server refuses: there is no such job, or no right to see it.
   */
  async run() {
    while (!this.#signal.aborted) {
      try {
        if (await this.#stream()) return;
      } catch (error) {
        if (isRefusal(error)) throw error;
      }
      if (this.#signal.aborted) return;
      this.#failures += 1;
      if (this.#failures >= STREAM_TRIES) {
        if (await this.#poll()) return;
      } else {
        this.#listener.onLink("lost");
      }
      await this.#pause(Math.min(LONGEST_PAUSE_MS, 250 * 2 ** this.#failures));
    }
  }

  /** @returns {Promise<boolean>} Whether the job has ended. */
  async #stream() {
    const headers = { Accept: "text/event-stream", "Last-Event-ID": this.#lastId };
    const response = await call("GET", `${this.#path}/events`, { headers, signal: this.#signal });
    if (response.status === 204) return true; // nothing more will happen
    for await (const event of readEvents(response)) {
      this.#failures = 0;
      this.#listener.onLink("live");
      if (!event) continue;
      this.#lastId = event.id;
      this.#listener.onEvent(event);
      if (event.type === "end") return true;
    }
    return false;
  }

  /** @returns {Promise<boolean>} Whether the job has ended. */
  async #poll() {
    for (let round = 0; round < POLLS_PER_TRY && !this.#signal.aborted; round += 1) {
      try {
        const job = await getJson(this.#path, { signal: this.#signal });
        this.#listener.onLink("polling");
        this.#listener.onJob(job);
        if (hasEnded(job)) return true;
        if (job.status === "transcribing") await this.#readSegments();
      } catch (error) {
        if (isRefusal(error)) throw error;
        this.#listener.onLink("lost");
        return false; // the server is away: look for the stream first when it is back
      }
      await this.#pause(POLL_MS);
    }
    return false;
  }

  /** Tell the segments that are there so far; those that are known already do no harm. */
  async #readSegments() {
    const { events } = await getJson(`${this.#path}/events`, { signal: this.#signal });
    const told = events.filter((/** @type {any} */ entry) => entry.type === "segment");
    for (const data of told) this.#listener.onEvent({ type: "segment", id: data.id, data });
  }

  /** @param {number} durationMs */
  #pause(durationMs) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, durationMs);
      this.#signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve(undefined);
      });
    });
  }
}

/** @param {unknown} error */
function isRefusal(error) {
  return error instanceof ApiError && [401, 403, 404].includes(error.status);
}
