/**
 * Tabs as the ARIA practices describe them: one stop of the Tab key, arrows move, panels are labelled by their tab.
 */

import { freshId, h } from "../dom.js";

/** Makes a list of tabs for `[{name, label, panel}]`; gives `{list, select, selected, badge}`. */
export function tabs(items, { label, onselect } = {}) {
  const prefix = freshId("tab");
  let current = null;
  const entries = items.map(({ name, label: text, panel }) => {
    const badge = h("span", { class: "count", hidden: true });
    const tab = h(
      "button",
      { type: "button", role: "tab", id: `${prefix}-${name}`, "data-tab": name, class: "tab" },
      text,
      badge,
    );
    if (panel) {
      panel.id ||= `${prefix}-${name}-panel`;
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", tab.id);
      tab.setAttribute("aria-controls", panel.id);
    }
    tab.addEventListener("click", () => select(name));
    return { name, tab, panel, badge };
  });
  const list = h(
    "div",
    { role: "tablist", class: "tabs", "aria-label": label },
    entries.map(({ tab }) => tab),
  );
  list.addEventListener("keydown", (event) => {
    const shown = entries.filter(({ tab }) => tab.offsetParent !== null);
    const at = shown.findIndex(({ name }) => name === current);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const towards = getComputedStyle(list).direction === "rtl" ? -1 : 1;
    let next = null;
    if (step) next = shown[(at + step * towards + shown.length) % shown.length];
    else if (event.key === "Home") next = shown[0];
    else if (event.key === "End") next = shown[shown.length - 1];
    if (!next) return;
    event.preventDefault();
    select(next.name);
    next.tab.focus();
  });
  function select(name) {
    if (!entries.some((entry) => entry.name === name)) return;
    current = name;
    for (const entry of entries) {
      const on = entry.name === name;
      entry.tab.setAttribute("aria-selected", String(on));
      entry.tab.tabIndex = on ? 0 : -1;
      if (entry.panel) entry.panel.classList.toggle("shown", on);
      if (on && list.scrollWidth > list.clientWidth) entry.tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    onselect?.(name);
  }
  /** A number beside a tab's label; 0 hides it. */
  function badge(name, number) {
    const entry = entries.find((one) => one.name === name);
    if (!entry) return;
    entry.badge.hidden = !number;
    entry.badge.textContent = number > 999 ? "999+" : String(number);
  }
  return { list, select, badge, selected: () => current };
}
