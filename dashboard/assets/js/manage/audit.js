/**
 * The audit log: who did what, to what, and hashes of what was there before and after.
 */

import { button, h } from "../dom.js";
import { get, query } from "../http.js";
import { copy } from "../ui/copy.js";
import { exactly } from "../format.js";
import { filters } from "../ui/filters.js";
import { may } from "../session.js";
import { moment } from "../ui/moment.js";
import { openDialog } from "../ui/dialog.js";
import { records } from "../ui/records.js";

const SHORT = 8;

/** Builds the page. */
export function create({ route, head }) {
  const items = [
    { name: "action", label: "Action, such as agent" },
    { name: "target", label: "Target" },
    { name: "actor", label: "Who" },
  ];
  if (may("operator")) items.push({ name: "host", label: "Of the tenant", options: [["true", "Of the host"]] });
  const choices = filters(items, { route, base: "#/manage/audit", onchange: () => list.reload() });
  const list = records({
    caption: "Audit log, newest first",
    columns: ["What", "Target", "Who", "When", "Before → after", ""],
    load: (cursor) => get(`/audit${query({ ...choices.values(), cursor })}`),
    row,
    many: "entries",
    blank: () =>
      choices.any()
        ? { sign: "search", title: "Nothing matches", text: "No entry fits these filters.", action: clear() }
        : { sign: "history", title: "Nothing yet", text: "Whatever somebody changes is written down here." },
  });
  const clear = () => button("Clear the filters", {}, choices.clear);
  head.about("Every change: who made it, and hashes of what was there before and after.");

  function row(entry) {
    return [
      h("strong", null, entry.action),
      h("span", { class: "address", dir: "auto" }, entry.target),
      h("span", { dir: "auto" }, entry.actor),
      moment(entry.at_ms),
      h("code", { class: "hashes" }, `${short(entry.before_hash)} → ${short(entry.after_hash)}`),
      button(`All of entry ${entry.seq}`, { sign: "info", bare: true, kind: "small quiet" }, () => show(entry)),
    ];
  }

  return h("div", { class: "stack" }, choices.element, list.element);
}

const short = (hash) => (hash ? hash.slice(0, SHORT) : "nothing");

function show(entry) {
  const facts = [
    ["Number", String(entry.seq)],
    ["When", exactly(entry.at_ms)],
    ["Who", entry.actor],
    ["Target", entry.target],
    ["Before", entry.before_hash ?? "nothing"],
    ["After", entry.after_hash ?? "nothing"],
  ];
  return openDialog({
    title: entry.action,
    kind: "wide",
    body: h(
      "dl",
      { class: "details" },
      facts.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", { dir: "auto" }, value))),
    ),
    foot: [button("Copy", { sign: "copy" }, () => copy(JSON.stringify(entry, null, 2), "The entry"))],
  });
}
