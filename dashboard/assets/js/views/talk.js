/**
 * The talk view: an agent to talk or type with, what is said and what happens, and the agent's own words to edit.
 */

import { button, h, icon, stylesheet } from "../dom.js";
import { composer } from "../talk/composer.js";
import { Desk } from "../talk/desk.js";
import { duration, reasonName } from "../format.js";
import { failed, toast } from "../ui/toast.js";
import { get } from "../http.js";
import { go } from "../router.js";
import { hero } from "../talk/hero.js";
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
  #mode = "idle";
  #conversation = null;
  #chat = null;
  #voice = null;
  #feed = null;
  #callId = null;
  #starting = false;
  /** The end that is shown. */
  #end = null;

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
    const fresh = { sign: "plus", kind: "quiet", id: "new-conversation" };
    this.fresh = button("New conversation", fresh, () => this.reset());
    this.fresh.hidden = true;
    this.side = side();
    this.desk = new Desk({
      onpick: (agent) => {
        if (this.#mode !== "voice") this.reset({ quiet: true });
        this.hero.show(agent);
      },
      onchange: (agent) => this.hero.show(agent),
    });
    const spoken = h(
      "section",
      { class: "conversation", "aria-label": "Conversation" },
      this.stage,
      h("div", { class: "foot" }, this.notice, this.dockSlot, this.composer.element),
    );
    const items = [
      { name: "conversation", label: "Conversation", panel: spoken },
      { name: "agent", label: "Agent", panel: this.desk.panel },
      ...this.side.items,
    ];
    this.tabs = tabs(items, { label: "Beside the conversation", onselect: (name) => this.#selected(name) });
    this.element = h(
      "div",
      { class: "talk" },
      h("header", { class: "talk-head" }, h("h1", { class: "hidden-text" }, "Talk"), this.desk.head, this.fresh),
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
    this.desk?.editor?.refit();
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

  /** Shows what the page asked for while it started. */
  async load(first) {
    try {
      await this.desk.load(first);
    } catch (problem) {
      const again = () => {
        this.notice.hidden = true;
        this.load();
      };
      this.#note("The agents could not be read", problem.message, [button("Try again", {}, again)]);
    }
    performance.mark("trunkline:agent");
  }

  enter({ query }) {
    this.transcript?.follow();
    if (this.entered) this.desk.refresh();
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
    else if (this.over.hidden || this.#end !== conversation.ended) this.#showEnd(conversation);
  }

  #showEnd({ ended }) {
    this.#end = ended;
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
    if (!this.desk.agent) {
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
      this.#chat = new parts.Chat(this.desk.agent.agent_id, conversation);
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
    if (this.#starting || this.#mode === "voice" || (!this.desk.agent && !join)) return;
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
      if (join) this.desk.choose((await get(`/calls/${join}`)).agent_id);
      const conversation = join && join === this.#callId ? this.#conversation : new parts.Conversation();
      await voice.talk({
        agent: this.desk.agent?.agent_id,
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
    this.desk.lock(true);
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
    this.desk.lock(false);
    this.shell.live(false);
    this.#look();
  }
}
