/** Server-Sent Events over fetch, since EventSource cannot send an API key. */

/**
 * @typedef {object} ServerEvent
 * @property {string} type
 * @property {string} id
 * @property {any} data
 */

const FIRST_BYTE_TIMEOUT_MS = 10_000; // a proxy that buffers withholds the first bytes
const IDLE_TIMEOUT_MS = 40_000; // the server sends a heartbeat every 15 s

/**
 * Read the events of a response until it ends.
 *
 * @param {Response} response
 * @yields {ServerEvent | null} `null` for a heartbeat.
 * @throws {Error} The connection failed or timed out.
 */
export async function* readEvents(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  let timeoutMs = FIRST_BYTE_TIMEOUT_MS;
  try {
    for (;;) {
      const { value, done } = await withTimeout(reader.read(), timeoutMs);
      if (done) return;
      timeoutMs = IDLE_TIMEOUT_MS;
      const blocks = (text + value).split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) yield parse(block);
    }
  } finally {
    reader.cancel().catch(() => {}); // the connection may have failed already
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
 * @param {number} timeoutMs
 * @returns {Promise<Value>}
 */
function withTimeout(promise, timeoutMs) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("timeout")), timeoutMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
