/**
 * Delays as waterfalls: a table whose bars are a decoration of its numbers.
 */

import { h } from "../dom.js";
import { ms } from "../format.js";
import { stages } from "./latency.js";

/** The stages of one turn. */
export function delayTable(latency) {
  const { total, host, stages: shown } = stages(latency);
  const scale = Math.max(total, 1);
  const rows = shown.map(({ field, label, hint, from, length }) => {
    const bar = h("i", { class: `bar ${field}` });
    bar.style.setProperty("--from", String(from / scale));
    bar.style.setProperty("--length", String(length / scale));
    return h(
      "tr",
      { title: hint },
      h("th", { scope: "row" }, label),
      h("td", { class: "track", "aria-hidden": "true" }, bar),
      h("td", { class: "number" }, ms(length)),
    );
  });
  return h(
    "table",
    { class: "delay" },
    h("caption", { class: "hidden-text" }, `Turn ${latency.turn}: from the end of speech to the answer`),
    h(
      "thead",
      { class: "hidden-text" },
      h("tr", null, h("th", null, "Stage"), h("th", null, "Bar"), h("th", null, "Took")),
    ),
    h("tbody", null, rows),
    h(
      "tfoot",
      null,
      h(
        "tr",
        null,
        h("th", { scope: "row" }, "In all"),
        h("td", { class: "track", "aria-hidden": "true" }),
        h("td", { class: "number" }, ms(total)),
      ),
      host != null &&
        h(
          "tr",
          {
            class: "host",
            title: "The sum of the host's own gaps; the rest is waiting for speech, models and the caller",
          },
          h("th", { scope: "row" }, "Host's own share"),
          h("td", { class: "track", "aria-hidden": "true" }),
          h("td", { class: "number" }, ms(host)),
        ),
    ),
  );
}

/** All turns of a conversation, newest first; gives `{element, show}`. */
export function delayView() {
  const list = h("ol", { class: "turns" });
  const empty = h(
    "div",
    { class: "panel-empty" },
    h("h3", null, "No answers yet"),
    h(
      "p",
      null,
      "Each turn shows where its time went: until the caller was done, the words were final, the model answered, and the first sound was on its way.",
    ),
  );
  const summary = h("p", { class: "panel-summary", hidden: true });
  const element = h("div", { class: "panel-body" }, summary, empty, list);
  let conversation = null;
  const drawn = new Map();
  function draw() {
    const all = [...conversation.latencies.values()].sort((a, b) => b.turn - a.turn);
    empty.hidden = all.length > 0;
    summary.hidden = all.length < 2;
    if (all.length > 1) {
      const totals = all.map((latency) => stages(latency).total).sort((a, b) => a - b);
      summary.textContent = `${all.length} turns, median ${ms(totals[Math.floor(totals.length / 2)])}, longest ${ms(totals[totals.length - 1])}`;
    }
    for (const latency of all.toReversed()) {
      if (drawn.has(latency.turn)) continue;
      const item = h("li", { class: "turn" }, h("h3", null, `Turn ${latency.turn}`), delayTable(latency));
      drawn.set(latency.turn, item);
      list.prepend(item);
    }
  }
  function show(next) {
    conversation?.removeEventListener("change", draw);
    conversation = next;
    drawn.clear();
    list.replaceChildren();
    empty.hidden = false;
    summary.hidden = true;
    if (!next) return;
    next.addEventListener("change", draw);
    draw();
  }
  return { element, show };
}
