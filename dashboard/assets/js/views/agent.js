/**
 * One agent: what it says and knows, its whole contract, the fields of its answers, what is in force, and its versions.
 */

import { button, h, icon, setText } from "../dom.js";
import { failed, toast } from "../ui/toast.js";
import { get, request } from "../http.js";
import { act } from "../ui/act.js";
import { agentEditor } from "../agent/editor.js";
import { answersView } from "../agent/answers.js";
import { confirm } from "../ui/confirm.js";
import { contractView } from "../agent/contract.js";
import { effectiveView } from "../agent/effective.js";
import { initials } from "../format.js";
import { may } from "../session.js";
import { missing } from "../ui/missing.js";
import { remember } from "../settings.js";
import { tabs } from "../ui/tabs.js";
import { versionsView } from "../agent/versions.js";

/** Builds the view. */
export function create({ route }) {
  const title = h("h1", { dir: "auto" }, h("span", { class: "skeleton word" }));
  const avatar = h("span", { class: "avatar large", "aria-hidden": "true" });
  const about = h("p", { class: "about" });
  const actions = h("div", { class: "row" });
  const path = `/agents/${encodeURIComponent(route.id)}`;
  const editor = agentEditor({ onsaved: (saved) => show(saved, { edited: true }), instructions: true });
  const onsaved = (saved) => show(saved);
  const views = {
    contract: contractView({ onsaved }),
    answers: answersView({ onsaved }),
    effective: effectiveView({ onsaved }),
    versions: versionsView({ onsaved }),
  };
  const part = (name, label, content) => ({
    name,
    label,
    panel: h("section", { class: "tab-panel" }, content.element),
  });
  const parts = [
    may("editor") && part("words", "Words and context", editor),
    part("contract", "Contract", views.contract),
    part("answers", "Answers", views.answers),
    part("effective", "In force", views.effective),
    part("versions", "Versions", views.versions),
  ].filter(Boolean);
  const strip = tabs(parts, { label: "Parts of the agent", onselect: selected });
  const element = h(
    "div",
    { class: "page" },
    h("header", { class: "page-head" }, avatar, h("div", { class: "page-title" }, title, about), actions),
    h(
      "div",
      { class: "agent-body" },
      strip.list,
      parts.map(({ panel }) => panel),
    ),
  );
  let agent = null;
  const wanted = parts.find(({ name }) => name === route.part) ?? parts[0];
  strip.select(wanted.name);

  async function load() {
    try {
      show(await get(path));
    } catch (problem) {
      const all = { all: "All agents", href: "#/agents" };
      element.replaceChildren(missing(problem, { what: "agent", sign: "agents", ...all }));
    }
  }

  function show(next, { edited = false } = {}) {
    agent = { ...agent, ...next };
    const { name, llm, stt, tts, metadata } = agent.document;
    setText(title, name);
    setText(avatar, initials(name));
    const uses = [stt?.provider, llm?.provider, tts?.provider].filter(Boolean).join(", ");
    const status = metadata?.status === "active" ? null : metadata?.status;
    const template = agent.document.extends && `of the template ${agent.document.extends}`;
    const facts = [`Version ${agent.version} (${agent.semver})`, status, agent.default && "default", template, uses];
    setText(about, facts.filter(Boolean).join(" · "));
    list();
    if (!edited) editor.show(agent);
    inherit();
    views.contract.show(agent);
    if (strip.selected() !== "contract") views[strip.selected()]?.show(agent);
  }

  async function inherit() {
    const effective = agent.document.extends ? await get(`${path}/effective`).catch(() => null) : null;
    editor.inherit(effective?.document.prompt ?? {});
  }

  function list() {
    const archived = agent.document.metadata?.status === "archived";
    const shown = [
      h("a", { class: "button quiet", href: "#/agents" }, h("span", { class: "label" }, "All agents")),
      may("editor") && !archived && !agent.default && button("Make it the default", { sign: "star" }, setDefault),
      may("editor") && !archived && button("Archive", { id: "archive" }, archive),
      may("editor") && archived && button("Restore", { kind: "primary", id: "restore" }, restore),
      may("editor") && !archived && talk(),
    ];
    actions.replaceChildren(...shown.filter(Boolean));
  }

  function talk() {
    const on = { click: () => remember("agent", agent.agent_id) };
    const label = h("span", { class: "label" }, "Talk with it");
    return h("a", { class: "button primary", href: "#/talk", on }, icon("talk"), label);
  }

  function selected(name) {
    history.replaceState(null, "", `#/agents/${encodeURIComponent(route.id)}/${name}`);
    editor.refit();
    if (agent && name !== "contract") views[name]?.show(agent);
  }

  const setDefault = () =>
    act(
      async () => show({ ...(await request("POST", `${path}/set-default`)), default: true }, { edited: true }),
      `${agent.document.name} is the default agent now.`,
    );

  async function archive() {
    const text = "It answers nobody and leaves the list, until somebody restores it. Nothing of it is lost.";
    if (!(await confirm(`Archive ${agent.document.name}?`, text, "Archive"))) return;
    try {
      show(await request("DELETE", path, { headers: { "if-match": `"${agent.version}"` } }));
      toast("The agent is archived.", { tone: "good", action: "Undo", onaction: restore });
    } catch (problem) {
      failed(problem, "The agent could not be archived.");
    }
  }

  const restore = () =>
    act(
      async () => show(await request("POST", `${path}/restore`)),
      "The agent answers again.",
      "The agent could not be restored.",
    );

  load();
  requestAnimationFrame(() => strip.list.querySelector("[aria-selected=true]").scrollIntoView({ block: "nearest" }));
  return { element, leave: () => editor.dispose() };
}
