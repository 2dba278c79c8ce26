/**
 * What stands in a view whose thing is not there, or could not be read.
 */

import { h, icon } from "../dom.js";

/** `what` is missing because of `problem`; `all` leads to the others, at `href`. */
export function missing(problem, { what, sign = "search", all, href }) {
  return h(
    "div",
    { class: "blank", role: "alert" },
    icon(sign),
    h("h1", null, problem.status === 404 ? `There is no such ${what}` : `The ${what} could not be read`),
    h("p", { dir: "auto" }, problem.message),
    h("a", { class: "button", href }, h("span", { class: "label" }, all)),
  );
}
