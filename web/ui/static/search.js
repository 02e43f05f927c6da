/** Text search that ignores case and accents: `nao` finds `Não`. */

/**
 * Split a text at the matches of a query.
 *
 * @param {string} text
 * @param {string} query
 * @returns {{text: string, isMatch: boolean}[]} The parts; joined, they are the text.
 */
export function splitMatches(text, query) {
  if (!query.trim()) return [{ text, isMatch: false }];
  const needle = fold(query.trim()).letters.join("");
  const { letters, offsets } = fold(text);
  const folded = letters.join("");
  const parts = [];
  let from = 0;
  for (let at = folded.indexOf(needle); at >= 0; ) {
    const [start, end] = [offsets[at], offsets[at + needle.length] ?? text.length];
    if (start > from) parts.push({ text: text.slice(from, start), isMatch: false });
    parts.push({ text: text.slice(start, end), isMatch: true });
    from = end;
    at = folded.indexOf(needle, at + needle.length);
  }
  if (from < text.length) parts.push({ text: text.slice(from), isMatch: false });
  return parts;
}

/**
 * Return a text's letters without case and accents, and the offset of each in the text.
 *
 * @param {string} text
 */
function fold(text) {
  const letters = [];
  const offsets = [];
  let offset = 0;
  for (const letter of text) {
    const plain = letter.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    for (const unit of plain.split("")) {
      letters.push(unit);
      offsets.push(offset);
    }
    offset += letter.length;
  }
  return { letters, offsets };
}
