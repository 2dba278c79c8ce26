/**
 * A moment as people read it, exact for those who look closer.
 */

import { h } from "../dom.js";
import { exactly, when } from "../format.js";

/** Gives the element; `otherwise` where there is none. */
export function moment(unixMs, otherwise = "Never") {
  if (unixMs == null) return h("span", { class: "faint" }, otherwise);
  return h("time", { title: exactly(unixMs), datetime: new Date(unixMs).toISOString() }, when(unixMs));
}
