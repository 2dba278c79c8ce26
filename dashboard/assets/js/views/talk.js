/**
 * The talk view: an agent to talk or type with, what is said and what happens, and the agent's own words to edit.
 */

import { agentEditor } from "../agent/editor.js";
import { button, h, icon, setText, stylesheet } from "../dom.js";
import { composer } from "../talk/composer.js";
import { duration, initials, reasonName } from "../format.js";
import { failed, toast } from "../ui/toast.js";
import { get } from "../http.js";
import { go } from "../router.js";
import { hero } from "../talk/hero.js";
import { recall, remember } from "../settings.js";
import { shortcut } from "../ui/keys.js";
import { side } from "../talk/side.js";
import { tabs } from "../ui/tabs.js";

const WIDE = matchMedia("(min-width: 1000px)");

/** Builds the view; `first`: promises of agents and of the current one. */
export function create({ first, shell, problem }) {
  const view = new TalkView(shell);
  view.load(first);
  if (problem) toast("That link was used before or has expired. You are still signed in.");
  return view;
}

class TalkView {
  #agents = [];
  #agent = null;
  #mode = "idle";
  #conversation = null;
  #chat = null;
  #voice = null;
  #feed = null;
  #callId = null;
  #editors = new Map();
  #starting = false;

  constructor(shell) {
    this.shell = shell;
    this.#build();
    shortcut("t", "Start talking", () => this.talk(), { when: () => this.#idle() });
    const live = { when: () => this.#shown() && this.#voice !== null };
    shortcut("m", "Mute or unmute", () => this.#voice.controls.mute(), live);
    shortcut("k", "Open the keypad", () => this.#voice.controls.keypad(), live);
    shortcut("h", "Hang up", () => this.#voice.call.hangUp(), live);
    shortcut("/", "Type a message", () => this.composer.focus(), {
      when: () => this.#shown() && this.#mode !== "voice",
    });
    ["agent", "delay", "events", "results"].forEach((name, at) => {
      shortcut(String(at + 1), `Panel: ${name}`, () => this.tabs.select(name), { when: () => this.#shown() });
    });
    WIDE.addEventListener("change", () => this.#fitTabs());
  }

  #shown() {
    return this.element.isConnected;
  }

  #idle() {
    return this.#shown() && this.#mode !== "voice" && !this.#starting;
  }

  #build() {
    this.hero = hero({ onstart: () => this.talk(), onask: (text) => this.composer.fill(text) });
    this.over = h("div", { class: "over", hidden: true });
    this.stage = h("div", { class: "stage" }, this.hero.element);
    this.notice = h("div", { class: "notice", role: "alert", hidden: true });
    this.dockSlot = h("div", { class: "dock-slot" });
    this.composer = composer({
      onsend: (text) => this.type(text),
      onstart: () => this.talk(),
      onedit: () => this.#parts().catch(() => {}),
    });
    this.side = side();
    this.editorSlot = h(
      "section",
      { class: "panel", id: "agent-panel" },
      h(
        "div",
        { class: "panel-body" },
        Array.from({ length: 4 }, () => h("div", { class: "skeleton block" })),
      ),
    );
    const spoken = h(
      "section",
      { class: "conversation", "aria-label": "Conversation" },
      this.stage,
      h("div", { class: "foot" }, this.notice, this.dockSlot, this.composer.element),
    );
    const items = [
      { name: "conversation", label: "Conversation", panel: spoken },
      { name: "agent", label: "Agent", panel: this.editorSlot },
      ...this.side.items,
    ];
    this.tabs = tabs(items, { label: "Beside the conversation", onselect: (name) => this.#selected(name) });
    this.element = h(
      "div",
      { class: "talk" },
      this.#head(),
      h("div", { class: "side-tabs" }, this.tabs.list),
      spoken,
      h(
        "div",
        { class: "side" },
        items.slice(1).map(({ panel }) => panel),
      ),
    );
    this.tabs.select(WIDE.matches ? "agent" : "conversation");
  }

  #selected(name) {
    this.#editor()?.refit();
    if (Object.hasOwn(this.side.sections, name)) this.#parts().catch((problem) => failed(problem));
  }

  /** What shows a conversation; it comes when it is first needed. */
  #parts() {
    this.loading ??= Promise.all([import("../conversation/all.js"), stylesheet("conversation")])
      .then(([parts]) => {
        this.transcript = parts.transcriptView({ names: { agent: "Agent", user: "You" }, footer: this.over });
        this.panels = parts.panels(this.side.sections, this.tabs);
        return parts;
      })
      .catch((error) => {
        this.loading = null;
        throw new Error("A part of the page could not be loaded. Is the host still running?", { cause: error });
      });
    return this.loading;
  }

  #head() {
    this.avatar = h("span", { class: "avatar", "aria-hidden": "true" });
    this.picker = h(
      "select",
      {
        class: "picker",
        id: "agent-picker",
        "aria-label": "Agent",
        disabled: true,
        on: { change: () => this.#pick(this.picker.value) },
      },
      h("option", null, "Loading…"),
    );
    this.about = h("a", { class: "version", href: "#/agents" });
    this.fresh = button("New conversation", { sign: "plus", kind: "quiet", id: "new-conversation" }, () =>
      this.reset(),
    );
    this.fresh.hidden = true;
    return h(
      "header",
      { class: "talk-head" },
      h("h1", { class: "hidden-text" }, "Talk"),
      h(
        "div",
        { class: "who" },
        this.avatar,
        h("div", { class: "who-text" }, h("span", { class: "picker-box" }, this.picker, icon("down")), this.about),
      ),
      this.fresh,
    );
  }

  /** Shows what the page asked for while it started. */
  async load(first) {
    try {
      const [{ items }, current] = await Promise.all([
        first.agents,
        first.current.catch((problem) => (problem.status === 404 ? null : Promise.reject(problem))),
      ]);
      this.#agents = items;
      const wanted = [recall("agent"), current?.agent_id].find((id) =>
        items.some(({ agent_id: known }) => known === id),
      );
      this.#pick(wanted ?? items[0]?.agent_id ?? null);
    } catch (problem) {
      this.picker.replaceChildren(h("option", null, "Not loaded"));
      const again = () => {
        this.notice.hidden = true;
        this.load({ agents: get("/agents?limit=200"), current: get("/agents/current") });
      };
      this.#note("The agents could not be read", problem.message, [button("Try again", {}, again)]);
    }
    performance.mark("trunkline:agent");
  }

  #pick(id) {
    this.#agent = this.#agents.find(({ agent_id: known }) => known === id) ?? null;
    if (id) remember("agent", id);
    this.picker.disabled = !this.#agents.length;
    this.picker.replaceChildren(
      ...(this.#agents.length
        ? this.#agents.map((agent) => h("option", { value: agent.agent_id }, agent.document.name))
        : [h("option", null, "No agent")]),
    );
    if (id) this.picker.value = id;
    if (this.#mode !== "voice") this.reset({ quiet: true });
    this.#describe();
    if (this.#agent) this.#edit();
    else
      this.editorSlot.replaceChildren(
        h(
          "div",
          { class: "panel-body" },
          h(
            "div",
            { class: "panel-empty" },
            h("h3", null, "No agent"),
            h("p", null, "Its greeting and context can be edited here once there is one."),
          ),
        ),
      );
  }

  #describe() {
    const agent = this.#agent;
    setText(this.avatar, agent ? initials(agent.document.name) : "");
    setText(this.about, agent ? `Version ${agent.version}${agent.default ? ", default" : ""}` : "");
    if (agent) this.about.href = `#/agents/${agent.agent_id}`;
    this.hero.show(agent);
  }

  #editor() {
    return this.#editors?.get(this.#agent?.agent_id) ?? null;
  }

  #edit() {
    const agent = this.#agent;
    if (!this.#editor()) {
      const editor = agentEditor({ onsaved: (saved) => this.#saved(saved) });
      editor.show(agent);
      this.#editors.set(agent.agent_id, editor);
    }
    const link = h(
      "a",
      { class: "more-link", href: `#/agents/${agent.agent_id}` },
      "All of this agent, and its versions",
      icon("right"),
    );
    this.editorSlot.replaceChildren(h("div", { class: "panel-body" }, this.#editor().element, link));
  }

  /** A new version is what the next conversation begins with. */
  #saved(saved) {
    this.#agents = this.#agents.map((agent) => (agent.agent_id === saved.agent_id ? { ...agent, ...saved } : agent));
    if (this.#agent?.agent_id !== saved.agent_id) return;
    this.#agent = { ...this.#agent, ...saved };
    const option = [...this.picker.options].find(({ value }) => value === saved.agent_id);
    if (option) setText(option, saved.document.name);
    this.#describe();
  }

  /** Another view may have saved: the newest version counts. */
  async #refresh() {
    const agent = this.#agent;
    if (!agent) return;
    try {
      const latest = await get(`/agents/${agent.agent_id}`);
      if (latest.version === agent.version && latest.default === agent.default) return;
      this.#saved(latest);
      if (!this.#editor()?.dirty()) this.#editor()?.show(latest);
    } catch {
      // The next request will say what is wrong.
    }
  }

  enter({ query }) {
    this.transcript?.follow();
    if (this.entered) this.#refresh();
    this.entered = true;
    const call = query.get("call");
    if (call) {
      go("#/talk", { replace: true });
      this.talk({ join: call });
    } else if (WIDE.matches && this.#mode !== "voice") this.composer.focus();
  }

  leave() {}

  /** Ends what is under way; the session is over. */
  stop() {
    this.#voice?.call.hangUp();
    this.#chat?.leave();
    this.#feed?.stop();
  }

  #fitTabs() {
    if (WIDE.matches && this.tabs.selected() === "conversation") this.tabs.select("agent");
    else if (!WIDE.matches && this.#mode !== "idle") this.tabs.select("conversation");
  }

  #show(conversation) {
    this.#conversation = conversation;
    this.stage.replaceChildren(conversation ? this.transcript.element : this.hero.element);
    this.transcript?.show(conversation);
    this.panels?.show(conversation);
    conversation?.addEventListener("change", () => this.#look());
    this.#look();
  }

  #look() {
    const conversation = this.#conversation;
    const over = Boolean(conversation?.ended) && this.#mode !== "voice";
    this.fresh.hidden = !conversation || this.#mode === "voice";
    if (!over) this.over.hidden = true;
    else if (this.over.hidden) this.#showEnd(conversation);
  }

  #showEnd({ ended }) {
    const { reason, duration_ms: length } = ended;
    const text =
      this.ending ?? (this.#callId && reason === "caller-hangup" ? "You hung up." : `${reasonName(reason)}.`);
    this.over.hidden = false;
    this.over.replaceChildren(
      h("p", null, h("strong", null, text), length == null ? null : ` ${duration(length)}`),
      h(
        "div",
        { class: "row" },
        this.taken && button("Take it back", { kind: "primary small" }, () => this.talk({ join: this.#callId })),
        button("Talk again", { sign: "mic", kind: "small" }, () => this.talk()),
        this.#callId &&
          h(
            "a",
            { class: "button small", href: `#/calls/${this.#callId}` },
            h("span", { class: "label" }, "Open in calls"),
          ),
      ),
    );
    this.transcript.follow();
  }

  /** Back to the beginning: the next word starts a new conversation. */
  reset({ quiet = false } = {}) {
    this.#chat?.leave();
    this.#feed?.stop();
    this.#chat = null;
    this.#callId = null;
    this.#mode = "idle";
    this.ending = null;
    this.taken = false;
    this.notice.hidden = true;
    this.#show(null);
    if (!quiet) this.composer.focus();
  }

  /** Sends a text; true when it was taken. */
  async type(text) {
    if (!this.#agent) {
      this.composer.fail("There is no agent to answer.");
      return false;
    }
    this.notice.hidden = true;
    if (!WIDE.matches) this.tabs.select("conversation");
    if (this.#mode !== "chat" || this.#conversation?.ended) {
      let parts;
      try {
        parts = await this.#parts();
      } catch (error) {
        this.composer.fail(`${error.message} Your text is kept.`);
        return false;
      }
      this.reset({ quiet: true });
      this.#mode = "chat";
      const conversation = new parts.Conversation();
      conversation.addEventListener("thread", ({ detail }) => this.#followThread(detail, conversation, parts));
      this.#chat = new parts.Chat(this.#agent.agent_id, conversation);
      this.#show(conversation);
    }
    const chat = this.#chat;
    try {
      await chat.send(text);
      return true;
    } catch (problem) {
      if (this.#chat !== chat) return true;
      if (!this.#conversation.lines.size && !problem.accepted) this.reset({ quiet: true });
      const fault = problem.at("/text")[0];
      if (fault || !problem.accepted)
        this.composer.fail(
          `${fault?.message ?? problem.message} Your text is kept.`.replace(/([^.!?])( Your text is kept\.)$/, "$1.$2"),
        );
      else this.#note("The answer broke off", problem.message, []);
      return Boolean(problem.accepted);
    }
  }

  /** The answer's own stream tells of one answer; the log also of what came before and between. */
  #followThread(id, conversation, { follow }) {
    if (this.#callId === id) return;
    this.#callId = id;
    this.#feed?.stop();
    const feed = follow(id, conversation);
    this.#feed = feed;
    // A browser has few connections to one host: this one is given back once nothing is missing any more.
    const complete = () => conversation.thinking || conversation.rows.size < conversation.lastSeq || feed.stop();
    conversation.addEventListener("change", complete);
  }

  #note(title, text, actions) {
    this.notice.hidden = false;
    this.notice.replaceChildren(
      h("span", { class: "notice-sign" }, icon("alert")),
      h(
        "div",
        null,
        h("h3", null, title),
        h("p", { dir: "auto" }, text),
        actions.length > 0 && h("div", { class: "row" }, actions),
      ),
      button("Dismiss", { sign: "close", bare: true, kind: "quiet small" }, () => (this.notice.hidden = true)),
    );
  }

  /** Talks with the agent, or goes on with the call `join`. */
  async talk({ join = null } = {}) {
    if (this.#starting || this.#mode === "voice" || (!this.#agent && !join)) return;
    this.#starting = true;
    this.element.classList.add("starting");
    const asking = setTimeout(
      () => this.#note("Waiting for the microphone", "Answer the browser's question above to go on.", []),
      1_200,
    );
    this.notice.hidden = true;
    let voice = null;
    try {
      const parts = await this.#parts();
      [voice] = await Promise.all([import("../talk/voice.js"), stylesheet("dock")]);
      const conversation = join && join === this.#callId ? this.#conversation : new parts.Conversation();
      await voice.talk({
        agent: this.#agent?.agent_id,
        join,
        conversation,
        onopen: (opened) => {
          clearTimeout(asking);
          this.notice.hidden = true;
          this.#opened(opened, conversation);
        },
        onstate: (state, reason) => this.#voiceState(state, reason, voice.ENDINGS),
      });
      if (this.#voice) this.#listen(conversation, parts);
    } catch (problem) {
      this.#closed();
      const refused = voice && problem instanceof voice.AudioProblem;
      const [title, text] = refused
        ? voice.explain(problem)
        : [join ? "The call could not be joined" : "The call could not be started", problem.message];
      if (!this.#conversation?.rows.size) this.reset({ quiet: true });
      this.#note(title, text, [button("Try again", { kind: "small" }, () => this.talk({ join }))]);
    } finally {
      clearTimeout(asking);
      this.#starting = false;
      this.element.classList.remove("starting");
    }
  }

  #opened(voice, conversation) {
    if (this.#conversation !== conversation) this.reset({ quiet: true });
    conversation.reopen();
    this.#voice = voice;
    this.#mode = "voice";
    this.taken = false;
    this.ending = null;
    this.picker.disabled = true;
    this.composer.element.hidden = true;
    this.dockSlot.replaceChildren(voice.controls.element);
    if (this.#conversation !== conversation) this.#show(conversation);
    else this.#look();
    this.shell.live(true);
    if (!WIDE.matches) this.tabs.select("conversation");
    voice.controls.element.querySelector("#mute").focus({ preventScroll: true });
  }

  #listen(conversation, { follow }) {
    const { id } = this.#voice.call;
    this.#callId = id;
    this.#feed?.stop();
    this.#feed = follow(id, conversation, {
      onstate: (state, problem) => state === "refused" && failed(problem, "The transcript cannot be followed."),
    });
  }

  #voiceState(state, reason, endings) {
    if (state !== "ended" || !this.#voice) return;
    const { call } = this.#voice;
    this.#closed();
    if (reason === null) return;
    this.taken = reason === "taken-over";
    this.ending = endings[reason] ?? null;
    if (reason === "over") this.ending = null;
    if (this.taken || reason === "refused" || reason === "busy") this.#feed?.stop();
    if (reason !== "over" && reason !== "hung-up") this.#conversation?.finish(reason);
    else this.#conversation?.settle();
    this.#awaitEnd(call.id);
  }

  /** The log's own end tells more than the socket's; without it the socket's must do. */
  async #awaitEnd(id) {
    const conversation = this.#conversation;
    if (!conversation || conversation.ended || !id) return;
    await Promise.race([this.#feed?.done, new Promise((resolve) => setTimeout(resolve, 4_000))]);
    if (conversation === this.#conversation) conversation.finish("over");
  }

  /** The controls go; what was said stays. */
  #closed() {
    this.#voice?.dispose();
    this.#voice = null;
    if (this.#mode === "voice") this.#mode = "said";
    this.dockSlot.replaceChildren();
    this.composer.element.hidden = false;
    this.picker.disabled = !this.#agents.length;
    this.shell.live(false);
    this.#look();
  }
}
