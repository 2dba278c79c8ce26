/**
 * The log as lines that people read, narrowed by group and words, each with its JSON on demand.
 */

import { button, h, icon } from "../dom.js";
import { clock } from "../format.js";
import { describe, GROUPS, searchable } from "./rows.js";

/** Rows that are drawn at a time. */
const STEP = 300;

/** Shows a conversation's log; gives `{element, show}`. */
export function eventsView() {
  const search = h("input", {
    type: "search",
    class: "input small",
    placeholder: "Filter",
    "aria-label": "Filter events by words",
  });
  const group = h(
    "select",
    { class: "input small", "aria-label": "Kind of event" },
    h("option", { value: "" }, "Everything"),
    Object.entries(GROUPS).map(([value, label]) => h("option", { value }, label)),
  );
  const list = h("ol", { class: "events" });
  const none = h("p", { class: "panel-empty slim", hidden: true }, "Nothing matches.");
  const empty = h(
    "div",
    { class: "panel-empty" },
    h("h3", null, "Nothing happened yet"),
    h("p", null, "Every event, decision and tool call of the conversation appears here as it is logged."),
  );
  const more = button("Show earlier rows", { kind: "quiet" }, () => {
    shown += STEP;
    redraw();
  });
  more.hidden = true;
  const tools = h("div", { class: "panel-tools" }, search, group);
  const element = h("div", { class: "panel-body" }, tools, empty, none, more, list);
  const nodes = new Map();
  let conversation = null;
  let shown = STEP;

  function matching() {
    const words = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    return conversation.log().filter(({ row }) => {
      if (group.value && describe(row).group !== group.value) return false;
      if (!words.length) return true;
      const text = searchable(row);
      return words.every((word) => text.includes(word));
    });
  }

  function redraw() {
    const all = conversation ? matching() : [];
    const visible = all.slice(-shown);
    more.hidden = visible.length === all.length;
    empty.hidden = Boolean(conversation?.rows.size);
    tools.hidden = !empty.hidden;
    none.hidden = !conversation?.rows.size || all.length > 0;
    const elements = visible.map((entry) => {
      if (!nodes.has(entry.row.seq)) nodes.set(entry.row.seq, rowNode(entry));
      return nodes.get(entry.row.seq);
    });
    elements.forEach((element_, at) => {
      if (list.children[at] !== element_) list.insertBefore(element_, list.children[at] ?? null);
    });
    while (list.childElementCount > elements.length) list.lastElementChild.remove();
  }

  search.addEventListener("input", redraw);
  group.addEventListener("change", redraw);

  function show(next) {
    conversation?.removeEventListener("change", redraw);
    conversation = next;
    nodes.clear();
    list.replaceChildren();
    shown = STEP;
    next?.addEventListener("change", redraw);
    redraw();
  }
  redraw();
  return { element, show };
}

function rowNode({ row, raw }) {
  const { group, sign, title, detail } = describe(row);
  const json = h("pre", { class: "raw" });
  const details = h(
    "details",
    { class: `event ${group}` },
    h(
      "summary",
      null,
      h("span", { class: "event-sign" }, icon(sign)),
      h(
        "span",
        { class: "event-text" },
        h("span", { class: "event-title", dir: "auto" }, title),
        detail && h("span", { class: "event-detail", dir: "auto" }, detail),
      ),
      h("time", null, clock(row.at_ms)),
    ),
    json,
  );
  details.addEventListener("toggle", () => {
    if (details.open && !json.textContent) json.textContent = indent(raw);
  });
  return h("li", null, details);
}

/** Indents JSON without parsing numbers, which would lose digits of 64-bit ones. */
export function indent(text) {
  let out = "";
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (quoted) {
      out += char;
      if (char === "\\") out += text[++at] ?? "";
      else if (char === '"') quoted = false;
    } else if (char === '"') {
      quoted = true;
      out += char;
    } else if (char === "{" || char === "[") {
      const closing = char === "{" ? "}" : "]";
      const next = text.slice(at + 1).search(/\S/);
      if (next >= 0 && text[at + 1 + next] === closing) {
        out += char + closing;
        at += 1 + next;
      } else {
        depth += 1;
        out += `${char}\n${"  ".repeat(depth)}`;
      }
    } else if (char === "}" || char === "]") {
      depth = Math.max(0, depth - 1);
      out += `\n${"  ".repeat(depth)}${char}`;
    } else if (char === ",") out += `,\n${"  ".repeat(depth)}`;
    else if (char === ":") out += ": ";
    else if (!/\s/.test(char)) out += char;
  }
  return out;
}
