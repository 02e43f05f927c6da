/** URLs as they may be shown and followed. */

/**
 * Return a text in which no URL has a user name or a password.
 *
 * @param {string} text
 */
export function withoutLogins(text) {
  return text.replace(/(:\/\/)[^\s/?#\\"'<>]*@/g, "$1");
}
