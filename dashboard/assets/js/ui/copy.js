/**
 * Copies text, also where the clipboard's interface is withheld.
 */

import { h } from "../dom.js";
import { toast } from "./toast.js";

/** Copies and says so. */
export async function copy(text, what) {
  const done = (await viaClipboard(text)) || viaSelection(text);
  toast(done ? `${what} copied.` : `${what} could not be copied: ${text}`, {
    tone: done ? "good" : "bad",
    shown: 3_000,
  });
}

async function viaClipboard(text) {
  if (!navigator.clipboard) return false;
  return navigator.clipboard.writeText(text).then(
    () => true,
    () => false,
  );
}

function viaSelection(text) {
  const field = h("textarea", { class: "hidden-text", readOnly: true });
  field.value = text;
  const before = document.activeElement;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  before?.focus();
  return done;
}
