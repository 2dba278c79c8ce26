/**
 * What calls have used and cost, by month and agent, and what the tenant may use.
 */

import { button, h } from "../dom.js";
import { changeDefaults, changeLimits, limitFacts, usd } from "./limits.js";
import { duration } from "../format.js";
import { failed } from "../ui/toast.js";
import { get } from "../http.js";
import { may, tenant } from "../session.js";
import { agentNames } from "./names.js";
import { records } from "../ui/records.js";

const MICROS = 1_000_000;

/** Builds the page. */
export function create({ head }) {
  const limits = h("section", { class: "card", hidden: true });
  let lines = [];
  const list = records({
    caption: "Usage, by month and agent",
    columns: ["Agent", "Month", "Calls", "Length", "Cost"],
    what: "line",
    load: async () => {
      const [{ items }, names] = await Promise.all([get("/usage"), agentNames()]);
      lines = items;
      return {
        items: items.map((item) => ({ ...item, agent: names.get(item.agent_id) ?? "An agent that is archived" })),
      };
    },
    row: ({ agent, agent_id: id, month, calls, seconds, cost_micros: cost }) => [
      h("a", { href: `#/agents/${id}`, dir: "auto" }, agent),
      month,
      calls.toLocaleString(),
      duration(seconds * 1_000),
      usd(cost / MICROS),
    ],
    blank: () => ({ sign: "calls", title: "Nothing was used yet", text: "Calls that have ended are counted here." }),
  });
  head.about("Counted by the price list of the host, for calls that have ended. Months are in UTC.");

  async function load() {
    if (!may("admin")) return;
    try {
      const own = await get(`/tenants/${tenant().id}`);
      const { items } = lines.length ? { items: lines } : await get("/usage");
      show(own, items);
    } catch (problem) {
      failed(problem, "The limits could not be read.");
    }
  }

  function show(own, items) {
    const month = new Date().toISOString().slice(0, 7);
    const spent =
      items.filter((line) => line.month === month).reduce((sum, line) => sum + line.cost_micros, 0) / MICROS;
    const cap = own.limits.spend_cap_usd;
    limits.hidden = false;
    limits.replaceChildren(
      h("h2", null, `What ${own.name} may use`),
      h(
        "div",
        { class: "spend" },
        h("p", null, `${usd(spent)} this month${cap == null ? ", without a cap" : ` of ${usd(cap)}`}`),
        cap != null && h("meter", { min: 0, max: cap || 1, value: spent, "aria-label": "Spent of the cap" }),
        cap != null && spent >= cap && h("p", { class: "chip bad" }, "The cap is reached: new calls are refused."),
      ),
      limitFacts(own),
      h(
        "div",
        { class: "row" },
        may("operator") && button("Change the limits", { id: "change-limits" }, () => changeLimits(own, load)),
        button("Defaults of its agents", { id: "change-defaults" }, () =>
          changeDefaults(own, load).catch((problem) => failed(problem)),
        ),
      ),
    );
  }

  load();
  return h("div", { class: "stack" }, limits, list.element);
}
