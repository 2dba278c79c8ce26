/**
 * The list of calls, live and past, of all channels.
 */

import { button, h, icon, setText } from "../dom.js";
import { channelName, channelSign, clock, duration, exactly, reasonName, stateName, when } from "../format.js";
import { get, query } from "../http.js";
import { may } from "../session.js";

const PAGE = 30;
/** Between two looks for news while the page is seen, ms. */
const LOOK_MS = 5_000;
const STATES = { active: "Live", ringing: "Ringing", ended: "Ended" };
const CHANNELS = ["web-voice", "phone-inbound", "chat"];

/** Builds the view. */
export function create({ route }) {
  const agents = new Map();
  const choice = (name, label, options) => {
    const select = h(
      "select",
      { class: "input small", "aria-label": label },
      h("option", { value: "" }, label),
      options.map(([value, text]) => h("option", { value }, text)),
    );
    select.value = route.query.get(name) ?? "";
    select.addEventListener("change", restart);
    return select;
  };
  const state = choice("state", "State", Object.entries(STATES));
  const channel = choice(
    "channel",
    "Channel",
    CHANNELS.map((name) => [name, channelName(name)]),
  );
  const agent = choice("agent", "Agent", []);
  const body = h("tbody");
  const table = h(
    "table",
    { class: "list calls" },
    h("caption", { class: "hidden-text" }, "Calls, newest first"),
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        ["Agent", "Channel", "Started", "Length", "State"].map((name) => h("th", { scope: "col" }, name)),
      ),
    ),
    body,
  );
  const empty = h("div", { class: "blank", hidden: true });
  const failure = h("div", { class: "blank", hidden: true, role: "alert" });
  const more = button("Load more", {}, () => load({ append: true }));
  const status = h("p", { class: "hidden-text", role: "status" });
  const element = h(
    "div",
    { class: "page" },
    h("header", { class: "page-head" }, h("h1", null, "Calls"), h("div", { class: "filters" }, state, channel, agent)),
    failure,
    table,
    empty,
    h("div", { class: "page-foot" }, more),
    status,
  );
  const rows = new Map();
  let cursor = null;
  let generation = 0;

  const parameters = () => ({ state: state.value, channel: channel.value, agent: agent.value });

  function restart() {
    const wanted = query(parameters());
    history.replaceState(null, "", `#/calls${wanted}`);
    rows.clear();
    cursor = null;
    body.replaceChildren(
      ...Array.from({ length: 6 }, () =>
        h("tr", { class: "loading" }, h("td", { colSpan: 5 }, h("span", { class: "skeleton line" }))),
      ),
    );
    empty.hidden = true;
    more.hidden = true;
    load();
  }

  async function load({ append = false, quiet = false } = {}) {
    const mine = append || quiet ? generation : ++generation;
    more.disabled = true;
    try {
      const page = await get(`/calls${query({ ...parameters(), limit: PAGE, cursor: append ? cursor : null })}`);
      if (mine !== generation) return;
      failure.hidden = true;
      take(page.items, { append, quiet });
      // A look for news sees the first page only: where the list goes on is known already.
      if (!quiet) cursor = page.next_cursor;
      more.hidden = !cursor;
      if (!quiet) setText(status, `${rows.size} calls shown`);
    } catch (problem) {
      if (mine !== generation || quiet) return;
      body.querySelectorAll(".loading").forEach((row) => row.remove());
      failure.hidden = false;
      failure.replaceChildren(
        h("h2", null, "The calls could not be read"),
        h("p", { dir: "auto" }, problem.message),
        button("Try again", {}, restart),
      );
    } finally {
      more.disabled = false;
    }
  }

  function take(items, { append, quiet }) {
    body.querySelectorAll(".loading").forEach((row) => row.remove());
    const fresh = [];
    for (const call of items) {
      const known = rows.get(call.id);
      const row = callRow(call, agents);
      rows.set(call.id, row);
      if (known) known.replaceWith(row);
      else fresh.push(row);
    }
    if (quiet && !append) body.prepend(...fresh);
    else body.append(...fresh);
    table.hidden = rows.size === 0;
    empty.hidden = rows.size > 0;
    const filtered = Object.values(parameters()).some(Boolean);
    empty.replaceChildren(
      icon(filtered ? "search" : "calls"),
      h("h2", null, filtered ? "No call matches" : "No calls yet"),
      h(
        "p",
        null,
        filtered
          ? "Nothing fits these filters."
          : "Whoever talks or types with an agent appears here, with everything that happened in the conversation.",
      ),
      filtered
        ? button("Clear the filters", {}, () => {
            for (const select of [state, channel, agent]) select.value = "";
            restart();
          })
        : may("editor")
          ? h("a", { class: "button primary", href: "#/talk" }, h("span", { class: "label" }, "Talk with an agent"))
          : "",
    );
  }

  async function loadAgents() {
    const { items } = await get("/agents?limit=200").catch(() => ({ items: [] }));
    for (const {
      agent_id: id,
      document: { name },
    } of items) {
      agents.set(id, name);
      agent.append(h("option", { value: id }, name));
    }
    agent.value = route.query.get("agent") ?? "";
    for (const cell of body.querySelectorAll("[data-agent]")) setText(cell, agents.get(cell.dataset.agent) ?? "Agent");
  }

  const timer = setInterval(
    () => document.visibilityState === "visible" && element.isConnected && load({ quiet: true }),
    LOOK_MS,
  );
  restart();
  loadAgents();
  return { element, leave: () => clearInterval(timer) };
}

/** A thread waits for its next message; a call is under way. */
function stateChip({ channel, state }) {
  if (channel === "chat") return h("span", { class: "chip" }, "Open");
  return h("span", { class: "chip good" }, h("span", { class: "live-dot" }), stateName(state));
}

function callRow(call, agents) {
  const href = `#/calls/${call.id}`;
  const live = call.state !== "ended";
  const length = live ? Date.now() - call.started_at_ms : (call.ended_at_ms ?? call.started_at_ms) - call.started_at_ms;
  const who = call.caller ? h("small", { dir: "ltr" }, call.caller) : null;
  return h(
    "tr",
    {
      "data-call": call.id,
      on: { click: (event) => !event.target.closest("a") && !getSelection().toString() && (location.hash = href) },
    },
    h(
      "td",
      { class: "main-cell" },
      h("a", { href }, h("span", { "data-agent": call.agent_id, dir: "auto" }, agents.get(call.agent_id) ?? "Agent")),
      who,
    ),
    h("td", { class: "channel" }, icon(channelSign(call.channel)), h("span", null, channelName(call.channel))),
    h(
      "td",
      { class: "started" },
      h(
        "time",
        { title: exactly(call.started_at_ms), datetime: new Date(call.started_at_ms).toISOString() },
        when(call.started_at_ms),
      ),
    ),
    h("td", { class: "length" }, live ? clock(length) : duration(length)),
    h(
      "td",
      { class: "state" },
      live ? stateChip(call) : h("span", { class: "ended", title: stateName(call.state) }, reasonName(call.end_reason)),
    ),
  );
}
