/**
 * Sessions of agents: somebody's conversations with an agent that was set up for them.
 */

import { button, h } from "../dom.js";
import { get, query, request } from "../http.js";
import { act } from "../ui/act.js";
import { agentNames } from "./names.js";
import { confirm } from "../ui/confirm.js";
import { filters } from "../ui/filters.js";
import { may } from "../session.js";
import { moment } from "../ui/moment.js";
import { openDialog } from "../ui/dialog.js";
import { records } from "../ui/records.js";

const STATES = [
  ["true", "Going on"],
  ["false", "Ended"],
];

/** Builds the page. */
export function create({ route, head }) {
  const names = agentNames();
  const choices = filters([{ name: "active", label: "All sessions", options: STATES }], {
    route,
    base: "#/manage/sessions",
    onchange: () => list.reload(),
  });
  const list = records({
    caption: "Sessions, newest first",
    columns: ["User", "Agent", "State", "Begun", "Last used", ""],
    what: "session",
    load: async (cursor) => {
      const [page, known] = await Promise.all([get(`/sessions${query({ ...choices.values(), cursor })}`), names]);
      return { ...page, items: page.items.map((item) => ({ ...item, agent: known.get(item.agent_id) ?? "Agent" })) };
    },
    row,
    blank: () =>
      choices.any()
        ? { sign: "search", title: "No session matches", text: "Nothing fits this filter.", action: clear() }
        : {
            sign: "clock",
            title: "No sessions yet",
            text: "A program makes one to set an agent up for somebody: their name, their language, what differs for them.",
          },
  });
  const clear = () => button("Clear the filter", {}, choices.clear);
  head.about("Agents that were set up for somebody. A session that nobody uses ends by itself.");

  function row(session) {
    const { user, agent, agent_id: id, agent_version: version, active, end_reason: reason } = session;
    return [
      h("strong", { dir: "auto" }, user ?? "Nobody named"),
      [h("a", { href: `#/agents/${id}`, dir: "auto" }, agent), h("small", null, `version ${version}`)],
      h("span", { class: `chip ${active ? "good" : ""}` }, active ? "Going on" : `Ended${reason ? `: ${reason}` : ""}`),
      moment(session.created_at_ms),
      moment(session.active_at_ms),
      [
        button("Look", { kind: "small" }, () => look(session)),
        active && may("editor") && button("End", { kind: "small" }, () => end(session)),
      ],
    ];
  }

  const look = ({ id, user, context, overrides }) =>
    openDialog({
      title: user ?? "Session",
      kind: "wide",
      body: [
        h("p", null, h("code", null, id)),
        h("pre", { class: "raw", dir: "ltr", tabIndex: 0 }, JSON.stringify({ context, overrides }, null, 2)),
      ],
    });

  async function end(session) {
    const text = "Conversations that name it are refused from now on. It cannot be begun again.";
    if (!(await confirm("End this session?", text, "End it"))) return;
    const ended = async () => {
      await request("DELETE", `/sessions/${session.id}`);
      await list.reload();
    };
    await act(ended, "The session has ended.");
  }

  return h("div", { class: "stack" }, choices.element, list.element);
}
