/**
 * The list of templates that agents can be made of.
 */

import { get } from "../http.js";
import { h } from "../dom.js";
import { records } from "../ui/records.js";

/** Builds the view. */
export function create() {
  const list = records({
    caption: "Templates",
    columns: ["Template", "Description", "Kind"],
    what: "template",
    load: () => get("/templates"),
    row: ({ name, description, stock, version }) => [
      h("a", { href: `#/templates/${encodeURIComponent(name)}` }, name),
      h("span", { dir: "auto" }, description),
      h("span", { class: "chip" }, stock ? "Ships with the host" : `Your own, change ${version}`),
    ],
    blank: () => ({ sign: "agents", title: "No templates", text: "There is none yet." }),
  });
  const element = h(
    "div",
    { class: "page" },
    h(
      "header",
      { class: "page-head" },
      h(
        "div",
        { class: "page-title" },
        h("h1", null, "Templates"),
        h(
          "p",
          { class: "about" },
          "Parts of contracts that agents extend: what an agent does not say itself comes from them.",
        ),
      ),
      h("a", { class: "button", href: "#/agents" }, h("span", { class: "label" }, "All agents")),
    ),
    list.element,
  );
  return { element };
}
