/**
 * What the conversation produced: the fields of its result.
 */

import { h } from "../dom.js";
import { clock, humanKey, plain } from "../format.js";

/** Shows a conversation's results; gives `{element, show}`. */
export function resultsView() {
  const body = h("tbody");
  const table = h(
    "table",
    { class: "results", hidden: true },
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        h("th", { scope: "col" }, "Field"),
        h("th", { scope: "col" }, "Value"),
        h("th", { scope: "col" }, "At"),
      ),
    ),
    body,
  );
  const empty = h(
    "div",
    { class: "panel-empty" },
    h("h3", null, "No results yet"),
    h("p", null, "What the agent saves, such as a name or a time that was agreed, appears here field by field."),
  );
  const element = h("div", { class: "panel-body" }, empty, table);
  let conversation = null;
  function draw() {
    const fields = [...(conversation?.results ?? [])];
    empty.hidden = fields.length > 0;
    table.hidden = !fields.length;
    body.replaceChildren(
      ...fields.map(([name, { value, at_ms: at }]) =>
        h(
          "tr",
          null,
          h("th", { scope: "row", dir: "auto", title: name }, humanKey(name)),
          h("td", null, valueNode(value)),
          h("td", { class: "number" }, at == null ? "" : clock(at)),
        ),
      ),
    );
  }
  function show(next) {
    conversation?.removeEventListener("change", draw);
    conversation = next;
    next?.addEventListener("change", draw);
    draw();
  }
  return { element, show };
}

function valueNode(value) {
  if (value !== null && typeof value === "object") return h("pre", { dir: "auto" }, JSON.stringify(value, null, 2));
  return h("span", { dir: "auto" }, plain(value));
}
