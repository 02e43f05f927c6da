/** Removal of credentials from URLs. */

/**
 * Remove user names and passwords from all URLs in a text.
 *
 * @param {string} text
 */
export function hideLogins(text) {
  return text.replace(/(:\/\/)[^\s/?#\\"'<>]*@/g, "$1");
}
