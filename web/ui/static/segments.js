/** The segments of a job while they come in. */

/**
 * @typedef {object} Segment
 * @property {string} text
 * @property {number} start In seconds.
 * @property {number} end
 * @property {string} [language] ISO code.
 * @property {string} [speaker] As in `SPEAKER_00` or `CHANNEL_00`.
 */

/** Keeps the segments of the newest attempt: a failed one leaves some behind. */
export class Segments {
  /** @type {Segment[]} */
  list = [];
  #attempt = 0;

  /** @param {Segment & {index: number, attempt: number}} told As the event stream tells it. */
  add(told) {
    if (told.attempt < this.#attempt) return;
    if (told.attempt > this.#attempt) {
      this.#attempt = told.attempt;
      this.list = [];
    }
    this.list[told.index] = told;
  }

  /** @param {Segment[]} all What the job itself holds; this is final. */
  settle(all) {
    this.list = all;
  }

  /** Those that are there, in order. */
  get present() {
    return this.list.filter(Boolean);
  }
}

/**
 * Return the place of the segment that is spoken at a time, -1 before the first.
 *
 * @param {Segment[]} segments
 * @param {number} seconds
 */
export function segmentAt(segments, seconds) {
  let [low, high] = [0, segments.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (segments[middle].start <= seconds) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
