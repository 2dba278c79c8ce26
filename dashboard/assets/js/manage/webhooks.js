/**
 * Webhooks: who is told of calls, and how each delivery went.
 */

import { button, h } from "../dom.js";
import { check, checks, choice, line } from "../ui/fields.js";
import { get, query, request } from "../http.js";
import { act } from "../ui/act.js";
import { agentNames } from "./names.js";
import { confirm } from "../ui/confirm.js";
import { deliveries } from "./deliveries.js";
import { form } from "../ui/form.js";
import { records } from "../ui/records.js";
import { showOnce } from "../ui/once.js";
import { toast } from "../ui/toast.js";

const EVENTS = [
  ["call.ended", "A call has ended"],
  ["call.result", "A call has a result"],
];

/** Builds the page: the list, or the deliveries of one. */
export function create({ route, head }) {
  if (route.part) return deliveries({ id: route.part, head });
  const names = agentNames();
  const list = records({
    caption: "Webhooks",
    columns: ["Address", "Events", "Agent", "State", ""],
    what: "webhook",
    load: async (cursor) => {
      const [page, known] = await Promise.all([get(`/webhooks${query({ cursor })}`), names]);
      return {
        ...page,
        items: page.items.map((item) => ({ ...item, agent: known.get(item.agent_id) ?? item.agent_id })),
      };
    },
    row,
    blank: () => ({
      sign: "link",
      title: "No webhooks yet",
      text: "Your own systems can be told when a call has ended, and what came of it.",
    }),
  });
  head.about("Who is told when a call has ended, and what came of it. Each delivery is signed.");
  head.actions(button("New webhook", { sign: "plus", kind: "primary", id: "new-webhook" }, make));

  function row(webhook) {
    const { id, url, events, agent, active, of_contract: fixed } = webhook;
    return [
      [h("strong", { class: "address", dir: "ltr" }, url), fixed && h("small", null, "Stands in the agent's contract")],
      h(
        "span",
        { class: "chips" },
        events.map((event) => h("span", { class: "chip" }, event)),
      ),
      h("span", { dir: "auto" }, agent ?? "All"),
      h("span", { class: `chip ${active ? "good" : ""}` }, active ? "Active" : "Paused"),
      [
        h("a", { class: "button small", href: `#/manage/webhooks/${id}` }, h("span", { class: "label" }, "Deliveries")),
        !fixed && button("Change", { kind: "small" }, () => change(webhook)),
        !fixed && button(`Delete ${url}`, { sign: "trash", bare: true, kind: "small quiet" }, () => remove(webhook)),
      ],
    ];
  }

  async function fields({ url = "", events = EVENTS.map(([name]) => name), agent_id: agent = "", active = true } = {}) {
    const known = await names;
    const options = [["", "All"], ...known];
    // An agent that the list does not name (put away, or too many) stays the one: none would stand for all.
    if (agent && !known.has(agent)) {
      options.push([agent, agent]);
    }
    return [
      line("url", "Address", { type: "url", value: url, placeholder: "https://…" }),
      checks("events", "Events", EVENTS, { value: events }),
      choice("agent_id", "Only of this agent's calls", options, { value: agent ?? "" }),
      check("active", "Events are sent", { value: active }),
    ];
  }

  async function make() {
    form({
      title: "New webhook",
      submit: "Make it",
      fields: await fields(),
      async onsubmit(body) {
        const { secret } = await request("POST", "/webhooks", { body });
        const text = "Deliveries are signed with it, as Standard Webhooks has it. Copy it now: it is shown this once.";
        list.reload();
        return () => showOnce("The webhook's secret", text, secret, "The secret");
      },
    });
  }

  async function change(webhook) {
    form({
      title: "Webhook",
      fields: await fields(webhook),
      async onsubmit(body) {
        await request("PUT", `/webhooks/${webhook.id}`, { body, headers: { "if-match": `"${webhook.version}"` } });
        await list.reload();
        toast("The webhook was changed.", { tone: "good" });
      },
    });
  }

  async function remove({ id, url }) {
    const text = `${url} is told nothing more, and the list of its deliveries goes. This cannot be taken back.`;
    if (!(await confirm("Delete this webhook?", text, "Delete"))) return;
    const gone = async () => {
      await request("DELETE", `/webhooks/${id}`);
      await list.reload();
    };
    await act(gone, "The webhook was deleted.");
  }

  return list.element;
}
