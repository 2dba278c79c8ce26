/**
 * What the host found wrong, each fault with its place.
 */

import { h } from "../dom.js";

/** The lines of a problem: its faults, or its own words when it has none. */
export function faultLines({ errors, message }) {
  return errors?.length ? errors.map(lineOf) : [message];
}

/** A fault in a line. */
export function lineOf({ pointer, message }) {
  return `${pointer || "/"}: ${message}`;
}

/** A list of faults; gives `{element, show, hide}`. */
export function faultList(props = {}) {
  const element = h("ul", { class: "faults", role: "alert", hidden: true, ...props });
  return {
    element,
    show(lines) {
      element.hidden = lines.length === 0;
      element.replaceChildren(...lines.map((line) => h("li", { dir: "auto" }, line)));
      if (lines.length) element.scrollIntoView({ block: "nearest" });
    },
    hide: () => (element.hidden = true),
  };
}
