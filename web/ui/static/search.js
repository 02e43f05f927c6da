/** Searching in text, blind to case and accents: `nao` finds `Não`. */

/**
 * Cut a text where a query occurs in it.
 *
 * @param {string} text
 * @param {string} query
 * @returns {{text: string, isMatch: boolean}[]} Together they are the text.
 */
export function cut(text, query) {
  if (!query.trim()) return [{ text, isMatch: false }];
  const wanted = fold(query.trim()).letters.join("");
  const { letters, places } = fold(text);
  const folded = letters.join("");
  const parts = [];
  let from = 0;
  for (let at = folded.indexOf(wanted); at >= 0; ) {
    const [start, end] = [places[at], places[at + wanted.length] ?? text.length];
    if (start > from) parts.push({ text: text.slice(from, start), isMatch: false });
    parts.push({ text: text.slice(start, end), isMatch: true });
    from = end;
    at = folded.indexOf(wanted, at + wanted.length);
  }
  if (from < text.length) parts.push({ text: text.slice(from), isMatch: false });
  return parts;
}

/**
 * Return a text's letters without case and accents, and where in the text each began.
 *
 * @param {string} text
 */
function fold(text) {
  const letters = [];
  const places = [];
  let place = 0;
  for (const letter of text) {
    const plain = letter.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    for (const unit of plain.split("")) {
      letters.push(unit);
      places.push(place);
    }
    place += letter.length;
  }
  return { letters, places };
}
