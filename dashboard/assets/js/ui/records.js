/**
 * A list that comes in pages, as a table: what it shows while it loads, when it is empty, and when it cannot be read.
 */

import { button, h, icon, setText } from "../dom.js";
import { count } from "../format.js";

/**
 * Gives `{element, reload}`. `load(cursor)` gives `{items, next_cursor}`, `row(item)` the cells of a row in the order of
 * `columns`, of which an empty name is the one with the actions. `blank()` says what stands where nothing is:
 * `{sign, title, text, action}`.
 */
export function records({ caption, columns, load, row, blank, what = "entry", many }) {
  const body = h("tbody");
  const table = h(
    "table",
    { class: "list records" },
    h("caption", { class: "hidden-text" }, caption),
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        columns.map((name) => h("th", { scope: "col" }, name || h("span", { class: "hidden-text" }, "Actions"))),
      ),
    ),
    body,
  );
  const notice = h("div", { class: "blank", hidden: true });
  const more = button("Load more", {}, () => page({ append: true }));
  const foot = h("div", { class: "page-foot", hidden: true }, more);
  const status = h("p", { class: "hidden-text", role: "status" });
  const element = h("div", { class: "records-box" }, table, notice, foot, status);
  let cursor = null;
  let generation = 0;

  function reload() {
    table.hidden = false;
    notice.hidden = true;
    foot.hidden = true;
    if (!body.childElementCount) {
      const line = () =>
        h("tr", { class: "loading" }, h("td", { colSpan: columns.length }, h("span", { class: "skeleton line" })));
      body.replaceChildren(...Array.from({ length: 4 }, line));
    }
    return page();
  }

  async function page({ append = false } = {}) {
    const mine = append ? generation : ++generation;
    more.disabled = true;
    try {
      const { items, next_cursor: next } = await load(append ? cursor : null);
      if (mine !== generation) return;
      cursor = next ?? null;
      const rows = items.map(rowOf);
      if (append) body.append(...rows);
      else keepFocus(body, () => body.replaceChildren(...rows));
      const shown = body.childElementCount;
      foot.hidden = !cursor;
      if (shown) setText(status, count(shown, what, many));
      else show(blank());
    } catch (problem) {
      if (mine !== generation) return;
      body.replaceChildren();
      foot.hidden = true;
      const again = button("Try again", {}, reload);
      show({ sign: "alert", title: "The list could not be read", text: problem.message, action: again });
    } finally {
      more.disabled = false;
    }
  }

  function show({ sign, title, text, action }) {
    table.hidden = true;
    notice.hidden = false;
    notice.replaceChildren(icon(sign), h("h2", null, title), h("p", { dir: "auto" }, text), action ?? "");
    setText(status, title);
  }

  function rowOf(item) {
    return h(
      "tr",
      null,
      row(item).map((cell, at) =>
        h(
          "td",
          { class: at === 0 ? "main-cell" : columns[at] ? null : "row-actions", "data-label": columns[at] },
          cell ?? "",
        ),
      ),
    );
  }

  reload();
  return { element, reload };
}

/** Where a row had the focus, the one that comes in its place has it afterwards, or else the view. */
function keepFocus(body, change) {
  const held = body.contains(document.activeElement) ? document.activeElement : null;
  const at = held ? [...body.children].indexOf(held.closest("tr")) : -1;
  const name = held?.getAttribute("aria-label") ?? held?.textContent;
  change();
  if (!held) return;
  const controls = [...(body.children[at]?.querySelectorAll("a, button") ?? [])];
  const same = controls.find((one) => (one.getAttribute("aria-label") ?? one.textContent) === name);
  (same ?? controls[0] ?? document.getElementById("main")).focus({ preventScroll: true });
}
