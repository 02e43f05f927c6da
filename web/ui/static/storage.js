/** Values in the browser's storage, or in memory if storage is blocked. */

/**
 * Return accessors for one stored value.
 *
 * @param {() => Storage} storage Returns the storage; the access itself may throw.
 * @param {string} name
 */
export function storedValue(storage, name) {
  /** @type {string | null} */
  let inMemory = null;
  return {
    /** @returns {string | null} */
    get() {
      try {
        return storage().getItem(name);
      } catch {
        return inMemory;
      }
    },
    /** @param {string | null} value `null` removes it. */
    set(value) {
      inMemory = value;
      try {
        if (value === null) storage().removeItem(name);
        else storage().setItem(name, value);
      } catch {
        // Kept in memory until the page is closed.
      }
    },
  };
}
