/**
 * One call: what was said, how long answers took, everything that happened, what came of it.
 */

import { button, h, icon, setText } from "../dom.js";
import { channelName, channelSign, clock, duration, exactly, reasonName, when } from "../format.js";
import { confirm } from "../ui/confirm.js";
import { Conversation } from "../conversation/model.js";
import { copy } from "../ui/copy.js";
import { failed, toast } from "../ui/toast.js";
import { follow } from "../conversation/feed.js";
import { get, request, send } from "../http.js";
import { may } from "../session.js";
import { missing } from "../ui/missing.js";
import { panels } from "../conversation/panels.js";
import { side } from "../talk/side.js";
import { tabs } from "../ui/tabs.js";
import { transcriptView } from "../conversation/transcript.js";

const WIDE = matchMedia("(min-width: 1000px)");
const ROWS = 1_000;

/** Builds the view. */
export function create({ route: { id } }) {
  const conversation = new Conversation();
  const title = h("h1", { dir: "auto" }, "Call");
  const facts = h("dl", { class: "facts" }, h("div", { class: "skeleton word wide" }));
  const actions = h("div", { class: "row" });
  const nothing = h(
    "div",
    { class: "panel-empty" },
    h("h3", null, "Nothing was said"),
    h("p", null, "The call ended before anybody spoke."),
  );
  nothing.hidden = true;
  const transcript = transcriptView({ names: { agent: "Agent", user: "Caller" }, footer: nothing });
  const spoken = h("section", { class: "conversation", "aria-label": "Transcript" }, transcript.element);
  const { items: beside, sections } = side();
  const items = [{ name: "conversation", label: "Transcript", panel: spoken }, ...beside];
  const strip = tabs(items, { label: "Parts of the call" });
  const element = h(
    "div",
    { class: "talk call-page" },
    h(
      "header",
      { class: "talk-head call-head" },
      h(
        "a",
        { class: "button quiet bare", href: "#/calls", title: "All calls", "aria-label": "All calls" },
        icon("left"),
      ),
      h("div", { class: "call-title" }, title, facts),
      actions,
    ),
    h("div", { class: "side-tabs" }, strip.list),
    spoken,
    h(
      "div",
      { class: "side" },
      items.slice(1).map(({ panel }) => panel),
    ),
  );
  strip.select(WIDE.matches ? "delay" : "conversation");
  WIDE.addEventListener("change", fit);
  transcript.show(conversation, { quiet: true });
  panels(sections, strip).show(conversation);

  let feed = null;
  let call = null;
  let timer = null;

  function fit() {
    if (WIDE.matches && strip.selected() === "conversation") strip.select("delay");
  }

  async function load() {
    try {
      call = await get(`/calls/${encodeURIComponent(id)}`);
    } catch (problem) {
      const what = { what: "call", all: "All calls", href: "#/calls" };
      return element.replaceWith(h("div", { class: "page" }, missing(problem, what)));
    }
    describe();
    feed ??= follow(call.id, conversation, {
      onstate(state, problem) {
        if (state === "refused") failed(problem, "The log cannot be read.");
        if (state === "ended") {
          nothing.hidden = conversation.lines.size > 0;
          if (call.state !== "ended") load();
        }
      },
    });
    const agent = await get(`/agents/${call.agent_id}`).catch(() => null);
    if (agent) setText(title, agent.document.name);
    return undefined;
  }

  function describe() {
    const live = call.state !== "ended";
    const length = h("dd");
    const tick = () =>
      setText(
        length,
        live
          ? clock(Date.now() - call.started_at_ms)
          : duration((call.ended_at_ms ?? call.started_at_ms) - call.started_at_ms),
      );
    clearInterval(timer);
    tick();
    if (live) timer = setInterval(tick, 1_000);
    const fact = (name, ...value) => h("div", null, h("dt", { class: "hidden-text" }, name), value);
    facts.replaceChildren(
      live
        ? fact(
            "State",
            h(
              "dd",
              { class: "chip good" },
              call.channel === "chat" ? "Open" : [h("span", { class: "live-dot" }), "Live"],
            ),
          )
        : null,
      fact("Channel", h("dd", null, icon(channelSign(call.channel)), channelName(call.channel))),
      call.caller ? fact("Caller", h("dd", { dir: "ltr" }, call.caller)) : null,
      fact("Started", h("dd", { title: exactly(call.started_at_ms) }, when(call.started_at_ms))),
      fact("Length", length),
      live ? null : fact("End", h("dd", null, reasonName(call.end_reason))),
      fact("Agent", h("dd", null, h("a", { href: `#/agents/${call.agent_id}` }, `Version ${call.agent_version}`))),
    );
    for (const child of [...facts.childNodes]) if (child.nodeType === Node.TEXT_NODE) child.remove();
    actions.replaceChildren(
      ...[
        live &&
          may("editor") &&
          call.channel === "web-voice" &&
          h(
            "a",
            { class: "button primary", href: `#/talk?call=${call.id}`, id: "take-over" },
            icon("mic"),
            h("span", { class: "label" }, "Continue in this tab"),
          ),
        live && may("editor") && button("Hang up", { sign: "hang-up", id: "hang-up-call" }, hangUp),
        button("Copy the call's id", { sign: "copy", bare: true, kind: "quiet" }, () => copy(call.id, "The id")),
        button("Download as JSON", { sign: "download", bare: true, kind: "quiet", id: "download" }, download),
      ].filter(Boolean),
    );
  }

  async function hangUp() {
    if (!(await confirm("Hang up this call?", "The caller hears nothing more. This cannot be taken back.", "Hang up")))
      return;
    try {
      await request("POST", `/calls/${call.id}/hangup`);
      toast("The call is being ended.");
    } catch (problem) {
      failed(problem);
    }
  }

  /** Everything about the call as the host wrote it: texts are joined, not parsed, because numbers of 64 bits would change. */
  async function download() {
    try {
      const text = async (path) => (await send("GET", path)).text();
      const [record, said, delays] = await Promise.all(
        [`/calls/${id}`, `/calls/${id}/transcript`, `/calls/${id}/latency`].map(text),
      );
      const pages = [];
      for (let from = 1; ;) {
        const page = await text(`/calls/${id}/events?from_seq=${from}&limit=${ROWS}`);
        const { items: rows } = JSON.parse(page);
        if (rows.length) pages.push(page.slice(page.indexOf("[") + 1, page.lastIndexOf("]")));
        if (rows.length < ROWS) break;
        from = rows[rows.length - 1].seq + 1;
      }
      const list = (page) => page.slice(page.indexOf("["), page.lastIndexOf("]") + 1);
      const parts = [
        `"call":${record}`,
        `"transcript":${list(said)}`,
        `"latency":${list(delays)}`,
        `"events":[${pages.join(",")}]`,
      ];
      const url = URL.createObjectURL(new Blob([`{${parts.join(",\n")}}\n`], { type: "application/json" }));
      h("a", { href: url, download: `call-${id}.json` }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    } catch (problem) {
      failed(problem, "The call could not be downloaded.");
    }
  }

  load();
  return {
    element,
    leave() {
      feed?.stop();
      clearInterval(timer);
      WIDE.removeEventListener("change", fit);
    },
  };
}
