/** The segments of a job as they arrive. */

/**
 * @typedef {object} Segment
 * @property {string} text
 * @property {number} start In seconds.
 * @property {number} end
 * @property {string} [language] Language code.
 * @property {string} [speaker] For example `SPEAKER_00` or `CHANNEL_00`.
 */

/** Keeps the segments of the latest attempt and drops those of failed ones. */
export class Segments {
  /** @type {Segment[]} */
  list = [];
  #attempt = 0;

  /** @param {Segment & {index: number, attempt: number}} segment From the event stream. */
  add(segment) {
    if (segment.attempt < this.#attempt) return;
    if (segment.attempt > this.#attempt) {
      this.#attempt = segment.attempt;
      this.list = [];
    }
    this.list[segment.index] = segment;
  }

  /** @param {Segment[]} all The final segments, from the job. */
  replaceAll(all) {
    this.list = all;
  }

  /** The segments received so far, in order. */
  get received() {
    return this.list.filter(Boolean);
  }
}

/**
 * Return the index of the segment at a time, or -1 before the first.
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
