/**
 * The sections beside a conversation and their tabs, empty until there is something to show.
 */

import { h } from "../dom.js";

const NAMES = { delay: "Delay", events: "Events", results: "Results" };

/** `{items, sections}`: items for `tabs`, the same sections by name. */
export function side() {
  const items = Object.entries(NAMES).map(([name, label]) => ({
    name,
    label,
    panel: h("section", { class: "panel" }),
  }));
  return { items, sections: Object.fromEntries(items.map(({ name, panel }) => [name, panel])) };
}
