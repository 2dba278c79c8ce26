/**
 * Small choices that this browser remembers. Storage may be forbidden or full: then they last as long as the page.
 */

const memory = new Map();

/** A remembered choice, or `otherwise`. */
export function recall(name, otherwise = null) {
  if (memory.has(name)) return memory.get(name);
  try {
    const text = localStorage.getItem(`trunkline.${name}`);
    return text === null ? otherwise : text;
  } catch {
    return otherwise;
  }
}

/** Remembers a text; null forgets. */
export function remember(name, text) {
  memory.set(name, text);
  try {
    if (text === null) localStorage.removeItem(`trunkline.${name}`);
    else localStorage.setItem(`trunkline.${name}`, text);
  } catch {
    // It lasts as long as the page.
  }
}
