/** What the browser keeps; where that is forbidden, what this page keeps in memory. */

/**
 * Make a place for one value.
 *
 * @param {() => Storage} storage Where it lies: a function, since the mere access may throw.
 * @param {string} name
 */
export function keeper(storage, name) {
  /** @type {string | null} */
  let held = null;
  return {
    /** @returns {string | null} */
    get() {
      try {
        return storage().getItem(name);
      } catch {
        return held;
      }
    },
    /** @param {string | null} value `null` forgets it. */
    set(value) {
      held = value;
      try {
        if (value === null) storage().removeItem(name);
        else storage().setItem(name, value);
      } catch {
        // Then it lives as long as the page.
      }
    },
  };
}
