/**
 * Keyboard shortcuts of one key. They rest while somebody types, and can be switched off for good, because voice control
 * and slips of the hand press single keys too.
 */

import { recall, remember } from "../settings.js";

const shortcuts = [];
let prefix = null;

/** Adds a shortcut, such as `m` or `g t`; gives a function that takes it away. */
export function shortcut(keys, label, action, { when = () => true } = {}) {
  const entry = { keys, label, action, when };
  shortcuts.push(entry);
  return () => shortcuts.splice(shortcuts.indexOf(entry), 1);
}

/** All shortcuts of now. */
export const list = () => shortcuts.slice();

export const enabled = () => recall("shortcuts") !== "off";
export const enable = (on) => remember("shortcuts", on ? null : "off");

/** Listens; called once. */
export function listen() {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]") || typing(event.target)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    // The list of shortcuts can always be opened: it is where they are switched on again.
    if (!enabled() && key !== "?") return;
    const wanted = prefix ? `${prefix} ${key}` : key;
    prefix = null;
    const found = shortcuts.find((entry) => entry.keys === wanted && entry.when());
    if (found) {
      event.preventDefault();
      found.action();
    } else if (shortcuts.some((entry) => entry.keys.startsWith(`${key} `))) {
      prefix = key;
    }
  });
}

function typing(target) {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}
