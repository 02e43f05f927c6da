/**
 * What the server tells its pages.
 *
 * @typedef {object} Config
 * @property {string} version
 * @property {string[]} languages Codes of ISO 639-1.
 * @property {string} language The operator's default for what is spoken.
 * @property {boolean} removeNoise
 * @property {boolean} convertToMono
 * @property {boolean} sampleRate16k
 * @property {number} maxFileBytes
 * @property {string} flowerUrl Empty where there is none.
 * @property {string} [jobId] On a job's page.
 */

/** @type {Config} */
export const config = JSON.parse(document.body.dataset.config ?? "{}");
