/**
 * The list of agents: found by text, type, status and tag.
 */

import { button, h } from "../dom.js";
import { get, query } from "../http.js";
import { createAgent } from "../agent/create.js";
import { filters } from "../ui/filters.js";
import { humanKey } from "../format.js";
import { may } from "../session.js";
import { moment } from "../ui/moment.js";
import { records } from "../ui/records.js";

const PAGE = 30;
const TYPES = ["conversational", "voice", "workflow", "autonomous"];
const STATUSES = ["active", "inactive", "archived"];
const SORTS = [
  ["updated", "Last changed first"],
  ["name", "By name"],
];
const titled = (values) =>
  values.map((value) => [value, humanKey(value).replace(/^./, (letter) => letter.toUpperCase())]);

/** Builds the view. */
export function create({ route }) {
  const choices = filters(
    [
      { name: "q", label: "Search" },
      { name: "type", label: "Type", options: titled(TYPES) },
      { name: "status", label: "Status", options: titled(STATUSES) },
      { name: "tag", label: "Tag" },
      { name: "sort", label: "Newest first", options: SORTS },
    ],
    { route, base: "#/agents", onchange: () => list.reload() },
  );
  const list = records({
    caption: "Agents",
    columns: ["Agent", "Type", "Status", "Version", "Changed"],
    what: "agent",
    load: (cursor) => get(`/agents${query({ ...choices.values(), limit: PAGE, cursor })}`),
    row,
    blank,
  });
  const make = () => button("New agent", { sign: "plus", kind: "primary", id: "new-agent" }, () => createAgent());

  function blank() {
    const { sort, ...narrow } = choices.values();
    if (Object.keys(narrow).length)
      return {
        sign: "search",
        title: "No agent matches",
        text: "Nothing fits these filters.",
        action: button("Clear the filters", {}, choices.clear),
      };
    const text = "Make one of a template; it can be talked with at once.";
    return { sign: "agents", title: "There is no agent yet", text, action: may("editor") && make() };
  }

  const element = h(
    "div",
    { class: "page" },
    h(
      "header",
      { class: "page-head" },
      h("h1", null, "Agents"),
      h(
        "div",
        { class: "row" },
        h("a", { class: "button", href: "#/templates" }, h("span", { class: "label" }, "Templates")),
        may("editor") && make(),
      ),
    ),
    choices.element,
    list.element,
  );
  return { element };
}

function row({ agent_id: id, document, version, semver, created_at_ms: at, default: preferred }) {
  const { name, type = "conversational", metadata = {}, identity = {} } = document;
  const status = metadata.status ?? "active";
  return [
    [
      h("a", { href: `#/agents/${id}`, dir: "auto" }, name),
      identity.short_description && h("small", { dir: "auto" }, identity.short_description),
    ],
    type,
    h(
      "span",
      { class: "chips" },
      h("span", { class: `chip ${status === "active" ? "good" : ""}` }, status),
      preferred && h("span", { class: "chip" }, "default"),
      (metadata.tags ?? []).map((tag) => h("span", { class: "chip", dir: "auto" }, tag)),
    ),
    `${version} (${semver})`,
    moment(at),
  ];
}
