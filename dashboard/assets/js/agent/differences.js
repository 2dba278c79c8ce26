/**
 * Two versions of something beside each other.
 */

import { h } from "../dom.js";

/** A table of `[where, before, after]`; null when nothing differs. `undefined` stands for what is not there. */
export function differences(rows, names) {
  if (!rows.length) return null;
  const cell = (value, tag) => {
    if (value === undefined) return "—";
    const text = typeof value === "string" ? value : JSON.stringify(value, null, 1);
    return tag ? h(tag, null, text) : text;
  };
  const changed = (a, b) => (a === undefined || b === undefined ? ["del", "ins"] : [null, null]);
  return h(
    "table",
    { class: "differences" },
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        names.map((name) => h("th", { scope: "col" }, name)),
      ),
    ),
    h(
      "tbody",
      null,
      rows.map(([label, a, b]) => {
        const [gone, come] = changed(a, b);
        return h(
          "tr",
          null,
          h("th", { scope: "row", dir: "auto" }, label),
          h("td", { dir: "auto", "data-label": names[1] }, cell(a, gone)),
          h("td", { dir: "auto", "data-label": names[2] }, cell(b, come)),
        );
      }),
    ),
  );
}
