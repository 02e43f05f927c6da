/** Server-Sent Events over fetch, since EventSource cannot send an API key. */

/**
 * @typedef {object} ServerEvent
 * @property {string} type
 * @property {string} id
 * @property {any} data
 */

const FIRST_WORD_MS = 10_000; // the first bytes come at once, unless something holds them back
const SILENCE_MS = 40_000; // the server gives a sign of life every 15 s

/**
 * Read events from an answer until it ends.
 *
 * @param {Response} response
 * @yields {ServerEvent | null} `null` for a sign of life.
 * @throws {Error} The connection broke, or fell silent.
 */
export async function* readEvents(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  let patienceMs = FIRST_WORD_MS;
  try {
    for (;;) {
      const { value, done } = await within(reader.read(), patienceMs);
      if (done) return;
      patienceMs = SILENCE_MS;
      const blocks = (text + value).split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) yield parse(block);
    }
  } finally {
    reader.cancel().catch(() => {}); // it may be broken already
  }
}

/**
 * @param {string} block
 * @returns {ServerEvent | null}
 */
function parse(block) {
  const fields = new Map();
  for (const line of block.split("\n")) {
    const at = line.indexOf(": ");
    if (at > 0) fields.set(line.slice(0, at), line.slice(at + 2));
  }
  if (!fields.has("data")) return null;
  return { type: fields.get("event"), id: fields.get("id"), data: JSON.parse(fields.get("data")) };
}

/**
 * @template Value
 * @param {Promise<Value>} promise
 * @param {number} patienceMs
 * @returns {Promise<Value>}
 */
function within(promise, patienceMs) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("silence")), patienceMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
