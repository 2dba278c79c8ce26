/**
 * A panel that a button opens beside itself; Escape, a press elsewhere or the button close it.
 */

import { freshId } from "../dom.js";

/** Lets `opener` open and close `panel`, which stands after it; gives `{open, close, toggle}`. */
export function popover(opener, panel, { onopen, onclose } = {}) {
  panel.id ||= freshId("popover");
  panel.hidden = true;
  opener.setAttribute("aria-expanded", "false");
  opener.setAttribute("aria-controls", panel.id);
  const outside = (event) => {
    if (!panel.contains(event.target) && !opener.contains(event.target)) close({ focus: false });
  };
  const escape = (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  };
  function open() {
    if (!panel.hidden) return;
    panel.hidden = false;
    opener.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", outside);
    document.addEventListener("keydown", escape, true);
    onopen?.();
    panel.querySelector("button, input, select, a")?.focus();
  }
  function close({ focus = true } = {}) {
    if (panel.hidden) return;
    const within = panel.contains(document.activeElement);
    panel.hidden = true;
    opener.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside);
    document.removeEventListener("keydown", escape, true);
    onclose?.();
    if (focus && within) opener.focus();
  }
  const toggle = () => (panel.hidden ? open() : close());
  opener.addEventListener("click", toggle);
  return { open, close, toggle };
}
