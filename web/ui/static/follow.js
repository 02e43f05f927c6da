/** Live updates of a job by event stream, with polling as the fallback. */

import { ApiError, call, getJson } from "./api.js";
import { readEvents } from "./events.js";

const STREAM_TRIES = 3; // consecutive failed streams before polling starts
const POLL_MS = 2000;
const POLLS_PER_TRY = 15; // then the stream is tried again
const LONGEST_PAUSE_MS = 5000;
const ENDED = new Set(["completed", "failed", "cancelled"]);

/** @param {{status: string}} job */
export const hasEnded = (job) => ENDED.has(job.status);

/**
 * @typedef {object} Listener
 * @property {(event: import("./events.js").ServerEvent) => void} onEvent
 * @property {(job: any) => void} onJob Receives the job while polling.
 * @property {(link: "live" | "polling" | "lost") => void} onLink Receives the state of the connection.
 */

/** Follows a job until it ends, across lost connections and server restarts. */
export class Follower {
  #path;
  #listener;
  #signal;
  #lastId = "0-0";
  #failures = 0;

  /**
   * @param {string} jobId
   * @param {Listener} listener
   * @param {AbortSignal} signal Stops following.
   */
  constructor(jobId, listener, signal) {
    this.#path = `/jobs/${encodeURIComponent(jobId)}`;
    this.#listener = listener;
    this.#signal = signal;
  }

  /**
   * Follow until the job ends. Call it again after a retry.
   *
   * @throws {ApiError} The job does not exist, or access is denied.
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
    if (response.status === 204) return true; // no further events
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
        return false; // the server is unreachable: try the stream first when it returns
      }
      await this.#pause(POLL_MS);
    }
    return false;
  }

  /** Emit all segments received so far; duplicates are harmless. */
  async #readSegments() {
    const { events } = await getJson(`${this.#path}/events`, { signal: this.#signal });
    const segments = events.filter((/** @type {any} */ entry) => entry.type === "segment");
    for (const data of segments) this.#listener.onEvent({ type: "segment", id: data.id, data });
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
