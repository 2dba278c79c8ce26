/**
 * The panels beside a transcript: delay, events, results, all of one conversation.
 */

import { delayView } from "./delay.js";
import { eventsView } from "./events.js";
import { h } from "../dom.js";
import { resultsView } from "./results.js";

/** Gives `{items, show, onbadge}`: items for `tabs`, and a way to show another conversation. */
export function panels() {
  const delay = delayView();
  const events = eventsView();
  const results = resultsView();
  const items = [
    { name: "delay", label: "Delay", panel: h("section", { class: "panel" }, delay.element) },
    { name: "events", label: "Events", panel: h("section", { class: "panel" }, events.element) },
    { name: "results", label: "Results", panel: h("section", { class: "panel" }, results.element) },
  ];
  let conversation = null;
  let strip = null;
  function badges() {
    strip?.badge("delay", conversation?.latencies.size ?? 0);
    strip?.badge("events", conversation?.rows.size ?? 0);
    strip?.badge("results", conversation?.results.size ?? 0);
  }
  return {
    items,
    /** Tells where the numbers of rows are shown. */
    badgesOn(tabs) {
      strip = tabs;
    },
    show(next) {
      conversation?.removeEventListener("change", badges);
      conversation = next;
      next?.addEventListener("change", badges);
      for (const view of [delay, events, results]) view.show(next);
      badges();
    },
  };
}
