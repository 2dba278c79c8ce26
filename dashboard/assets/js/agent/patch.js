/**
 * JSON Merge Patches (RFC 7396): from one document to another.
 */

/** The patch that makes `to` of `from`; undefined when a patch cannot say it, because `to` holds a new null. */
export function mergePatch(from, to) {
  if (!isObject(from) || !isObject(to)) return same(from, to) ? {} : to;
  const patch = {};
  for (const key of Object.keys(from)) if (!(key in to)) patch[key] = null;
  for (const [key, value] of Object.entries(to)) {
    if (key in from && same(from[key], value)) continue;
    if (isObject(value) && isObject(from[key])) {
      const inner = mergePatch(from[key], value);
      if (inner === undefined) return undefined;
      patch[key] = inner;
    } else {
      if (holdsNull(value)) return undefined;
      patch[key] = value;
    }
  }
  return patch;
}

/** Whether two JSON values are equal; the order of an object's fields does not count. */
export function same(a, b) {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((value, at) => same(value, b[at]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && same(a[key], b[key]));
}

/** A null in an array stays; one that is a field's value would delete the field. */
function holdsNull(value) {
  if (value === null) return true;
  return isObject(value) && Object.values(value).some(holdsNull);
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
