/**
 * Who is talked with: the choice among the agents, and the editor of the one that was chosen.
 */

import { agentEditor } from "../agent/editor.js";
import { get } from "../http.js";
import { h, icon, setText } from "../dom.js";
import { initials } from "../format.js";
import { recall, remember } from "../settings.js";

const LIST = "/agents?limit=200";

/** `onpick(agent)` at another agent (null: there is none), `onchange(agent)` at another version of it. */
export class Desk {
  #agents = [];
  #editors = new Map();
  #locked = false;

  constructor({ onpick, onchange }) {
    this.onpick = onpick;
    this.onchange = onchange;
    /** The newest version of the agent that was chosen. */
    this.agent = null;
    this.avatar = h("span", { class: "avatar", "aria-hidden": "true" });
    const on = { change: () => this.#choose(this.picker.value) };
    const picker = { class: "picker", id: "agent-picker", "aria-label": "Agent", disabled: true, on };
    this.picker = h("select", picker, h("option", null, "Loading…"));
    this.about = h("a", { class: "version", href: "#/agents" });
    const name = h("span", { class: "picker-box" }, this.picker, icon("down"));
    this.head = h("div", { class: "who" }, this.avatar, h("div", { class: "who-text" }, name, this.about));
    const skeletons = Array.from({ length: 4 }, () => h("div", { class: "skeleton block" }));
    this.panel = h("section", { class: "panel", id: "agent-panel" }, h("div", { class: "panel-body" }, skeletons));
  }

  /** Takes the lists that the page asked for while it started, or asks for them. */
  async load({ agents = get(LIST), current = get("/agents/current") } = {}) {
    try {
      const none = (problem) => (problem.status === 404 ? null : Promise.reject(problem));
      const [{ items }, preferred] = await Promise.all([agents, current.catch(none)]);
      this.#agents = items;
      const wanted = [recall("agent"), preferred?.agent_id].find((id) => this.#known(id));
      this.#show(this.#known(wanted) ?? items[0] ?? null);
    } catch (problem) {
      this.picker.replaceChildren(h("option", null, "Not loaded"));
      throw problem;
    }
  }

  #known(id) {
    return this.#agents.find(({ agent_id: known }) => known === id);
  }

  #choose(id) {
    remember("agent", id);
    this.#show(this.#known(id));
  }

  #show(agent) {
    this.agent = agent;
    this.#list();
    this.#describe();
    this.#edit();
    this.onpick(agent);
  }

  #list() {
    const names = this.#agents.map(({ agent_id: id, document: { name } }) => h("option", { value: id }, name));
    this.picker.replaceChildren(...(names.length ? names : [h("option", null, "No agent")]));
    if (this.agent) this.picker.value = this.agent.agent_id;
    this.lock(this.#locked);
  }

  #describe() {
    const { agent } = this;
    setText(this.avatar, agent ? initials(agent.document.name) : "");
    setText(this.about, agent ? `Version ${agent.version}${agent.default ? ", default" : ""}` : "");
    if (agent) this.about.href = `#/agents/${agent.agent_id}`;
  }

  /** What was written about an agent is kept while another one is looked at. */
  #edit() {
    const { agent } = this;
    const body = h("div", { class: "panel-body" });
    if (!agent) {
      const text = "Its greeting and context can be edited here once there is one.";
      body.append(h("div", { class: "panel-empty" }, h("h3", null, "No agent"), h("p", null, text)));
    } else {
      if (!this.editor) {
        const editor = agentEditor({ onsaved: (saved) => this.#saved(saved) });
        editor.show(agent);
        this.#editors.set(agent.agent_id, editor);
      }
      const all = "All of this agent, and its versions";
      const link = h("a", { class: "more-link", href: `#/agents/${agent.agent_id}` }, all, icon("right"));
      body.append(this.editor.element, link);
    }
    this.panel.replaceChildren(body);
  }

  /** The editor of the chosen agent. */
  get editor() {
    return this.#editors.get(this.agent?.agent_id) ?? null;
  }

  #saved(saved) {
    this.#agents = this.#agents.map((one) => (one.agent_id === saved.agent_id ? { ...one, ...saved } : one));
    if (this.agent?.agent_id !== saved.agent_id) return;
    this.agent = this.#known(saved.agent_id);
    this.#list();
    this.#describe();
    this.onchange(this.agent);
  }

  /** Another view may have saved, made or chosen: the newest counts. */
  async refresh() {
    let items;
    try {
      ({ items } = await get(LIST));
    } catch {
      // The next request will say what is wrong.
      return;
    }
    this.#agents = items;
    const chosen = this.#known(recall("agent"));
    const mine = this.#known(this.agent?.agent_id);
    if (!this.#locked && (!mine || (chosen && chosen !== mine))) return void this.#show(chosen ?? items[0] ?? null);
    if (mine && (mine.version !== this.agent.version || mine.default !== this.agent.default)) {
      this.#saved(mine);
      if (!this.editor.dirty()) this.editor.show(mine);
    }
  }

  /** Chooses the agent of a call, if it is known. */
  choose(id) {
    if (id !== this.agent?.agent_id && this.#known(id)) this.#show(this.#known(id));
  }

  /** In a call nobody else can be talked with. */
  lock(on) {
    this.#locked = on;
    this.picker.disabled = on || !this.#agents.length;
  }
}
