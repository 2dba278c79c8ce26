/**
 * One template: what it says, and a new agent made of it.
 */

import { button, h, setText } from "../dom.js";
import { copy } from "../ui/copy.js";
import { createAgent } from "../agent/create.js";
import { get } from "../http.js";
import { may } from "../session.js";
import { missing } from "../ui/missing.js";

/** Builds the view. */
export function create({ route }) {
  const about = h("p", { class: "about", dir: "auto" });
  const text = h("pre", { class: "raw", dir: "ltr", tabIndex: 0 });
  const make = { sign: "plus", kind: "primary", id: "use-template" };
  const body = h("div", { class: "skeleton card-size" });
  const element = h(
    "div",
    { class: "page" },
    h(
      "header",
      { class: "page-head" },
      h("div", { class: "page-title" }, h("h1", { dir: "auto" }, route.id), about),
      h(
        "div",
        { class: "row" },
        h("a", { class: "button", href: "#/templates" }, h("span", { class: "label" }, "All templates")),
        may("editor") && button("New agent of it", make, () => createAgent({ template: route.id })),
      ),
    ),
    body,
  );

  async function load() {
    try {
      const template = await get(`/templates/${encodeURIComponent(route.id)}`);
      setText(about, template.description);
      setText(text, JSON.stringify(template.document, null, 2));
      const take = button("Copy", { sign: "copy", kind: "small quiet" }, () => copy(text.textContent, "The template"));
      body.replaceWith(
        h("div", { class: "field" }, h("div", { class: "field-head" }, h("h3", null, "Contract"), take), text),
      );
    } catch (problem) {
      const all = { all: "All templates", href: "#/templates" };
      element.replaceChildren(missing(problem, { what: "template", ...all }));
    }
  }

  load();
  return { element };
}
