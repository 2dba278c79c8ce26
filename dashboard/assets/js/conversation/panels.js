/**
 * The panels beside a transcript: delay, events, results, all of one conversation.
 */

import { delayView } from "./delay.js";
import { eventsView } from "./events.js";
import { resultsView } from "./results.js";

/** Fills the sections `{delay, events, results}`; numbers of rows are shown on `tabs`. Gives `{show}`. */
export function panels(sections, tabs) {
  const views = { delay: delayView(), events: eventsView(), results: resultsView() };
  for (const [name, view] of Object.entries(views)) sections[name].replaceChildren(view.element);
  let conversation = null;
  function badges() {
    tabs.badge("delay", conversation?.latencies.size ?? 0);
    tabs.badge("events", conversation?.rows.size ?? 0);
    tabs.badge("results", conversation?.results.size ?? 0);
  }
  /** Shows another conversation; null: none. */
  function show(next) {
    conversation?.removeEventListener("change", badges);
    conversation = next;
    next?.addEventListener("change", badges);
    for (const view of Object.values(views)) view.show(next);
    badges();
  }
  show(null);
  return { show };
}
