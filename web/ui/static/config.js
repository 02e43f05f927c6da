/**
 * Configuration that the server embeds in the page.
 *
 * @typedef {object} Config
 * @property {string} version
 * @property {string[]} languages Language codes.
 * @property {string} language Default of the spoken language.
 * @property {boolean} removeNoise
 * @property {boolean} convertToMono
 * @property {boolean} sampleRate16k
 * @property {number} maxFileBytes
 * @property {string} flowerUrl Empty if Flower is not used.
 * @property {string} [jobId] Only on the page of a job.
 */

/** @type {Config} */
export const config = JSON.parse(document.body.dataset.config ?? "{}");
