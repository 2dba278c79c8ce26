/**
 * The contract that is in force, and the layer that each of its values comes from.
 */

import { button, h, setText } from "../dom.js";
import { get, request } from "../http.js";
import { choice } from "../ui/fields.js";
import { failed, toast } from "../ui/toast.js";
import { form } from "../ui/form.js";
import { may } from "../session.js";
import { plain } from "../format.js";

const LAYERS = { default: "built in", tenant: "tenant's defaults", agent: "agent", session: "session" };

/** Gives `{element, show}`; `onsaved(agent)` when another template was chosen. */
export function effectiveView({ onsaved }) {
  const made = h("p");
  const change = button("Change the template", { kind: "small", id: "change-template" }, choose);
  change.hidden = !may("editor");
  const layer = h(
    "select",
    { class: "input small", "aria-label": "Layer", id: "layer", on: { change: list } },
    h("option", { value: "" }, "All layers"),
  );
  const body = h("tbody");
  const table = h(
    "table",
    { class: "list records layers" },
    h("caption", { class: "hidden-text" }, "Values in force"),
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        ["Value", "Is", "Comes from"].map((name) => h("th", { scope: "col" }, name)),
      ),
    ),
    body,
  );
  const element = h(
    "div",
    { class: "stack" },
    h("div", { class: "serving" }, made, h("div", { class: "row" }, layer, change)),
    table,
  );
  let agent = null;
  let rows = [];

  /** Shows what is in force of an agent. */
  async function show(next) {
    agent = next;
    const { extends: template } = agent.document;
    setText(made, template ? `It extends the template ${template}.` : "It extends no template.");
    try {
      const { document, origin } = await get(`/agents/${agent.agent_id}/effective`);
      rows = Object.entries(origin).map(([pointer, from]) => ({ pointer, from, value: at(document, pointer) }));
      const chosen = layer.value;
      const present = [...new Set(rows.map(({ from }) => from))];
      layer.replaceChildren(
        h("option", { value: "" }, "All layers"),
        ...present.map((from) => h("option", { value: from }, named(from))),
      );
      layer.value = present.includes(chosen) ? chosen : "";
      list();
    } catch (problem) {
      failed(problem, "What is in force could not be read.");
    }
  }

  function list() {
    const shown = rows.filter(({ from }) => !layer.value || from === layer.value);
    body.replaceChildren(
      ...shown.map(({ pointer, from, value }) =>
        h(
          "tr",
          null,
          h("td", { class: "main-cell" }, h("code", null, pointer)),
          h(
            "td",
            { "data-label": "Is" },
            value === ""
              ? h("span", { class: "faint" }, "empty")
              : h("span", { class: "value-text", dir: "auto" }, plain(value)),
          ),
          h(
            "td",
            { "data-label": "Comes from" },
            h("span", { class: `chip ${from === "default" ? "" : "good"}` }, named(from)),
          ),
        ),
      ),
    );
  }

  async function choose() {
    let items;
    try {
      ({ items } = await get("/templates"));
    } catch (problem) {
      failed(problem, "The templates could not be read.");
      return;
    }
    const options = items.map(({ name, description }) => [name, description ? `${name}: ${description}` : name]);
    form({
      title: "Template of the agent",
      about: "What the agent does not say itself comes from its template.",
      fields: [choice("extends", "Template", [["", "None"], ...options], { value: agent.document.extends ?? "" })],
      async onsubmit({ extends: template = null }) {
        const headers = { "if-match": `"${agent.version}"`, "content-type": "application/merge-patch+json" };
        const saved = await request("PATCH", `/agents/${agent.agent_id}`, { body: { extends: template }, headers });
        onsaved(saved);
        toast(`Saved as version ${saved.version}. It takes effect with the next call.`, { tone: "good" });
      },
    });
  }

  return { element, show };
}

const named = (from) => (from.startsWith("template:") ? `template ${from.slice(9)}` : (LAYERS[from] ?? from));

/** What a JSON pointer (RFC 6901) names. */
function at(document, pointer) {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce((inner, key) => inner?.[key], document);
}
