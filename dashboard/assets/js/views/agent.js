/**
 * One agent: what it says and knows, its whole contract as JSON, its versions and the way back to each.
 */

import { agentEditor } from "../agent/editor.js";
import { button, freshId, h, icon, setText } from "../dom.js";
import { count, exactly, initials, when } from "../format.js";
import { copy } from "../ui/copy.js";
import { failed, toast } from "../ui/toast.js";
import { get, query, request } from "../http.js";
import { go } from "../router.js";
import { remember } from "../settings.js";
import { tabs } from "../ui/tabs.js";

/** Builds the view. */
export function create({ route }) {
  const title = h("h1", { dir: "auto" }, "Agents");
  const avatar = h("span", { class: "avatar large", "aria-hidden": "true" });
  const about = h("p", { class: "about" });
  const picker = h("select", {
    class: "input small",
    "aria-label": "Agent",
    on: { change: () => go(`#/agents/${picker.value}`) },
  });
  const prefer = button("Make it the default", { sign: "star" }, setDefault);
  const talk = h(
    "a",
    { class: "button primary", href: "#/talk", on: { click: () => remember("agent", agent.agent_id) } },
    icon("talk"),
    h("span", { class: "label" }, "Talk with it"),
  );
  const editor = agentEditor({
    onsaved: (saved) => show({ ...agent, ...saved }, { edited: true }),
    instructions: true,
  });
  const contract = contractView({ onsaved: (saved) => show({ ...agent, ...saved }) });
  const versions = h("ol", { class: "versions" });
  const older = button("Load more", {}, () => loadVersions(true));
  const parts = [
    { name: "words", label: "Words and context", panel: h("section", { class: "tab-panel" }, editor.element) },
    { name: "contract", label: "Contract", panel: h("section", { class: "tab-panel" }, contract.element) },
    { name: "versions", label: "Versions", panel: h("section", { class: "tab-panel" }, versions, older) },
  ];
  const strip = tabs(parts, {
    label: "Parts of the agent",
    onselect(name) {
      editor.refit();
      if (name === "versions" && agent) loadVersions();
    },
  });
  const body = h(
    "div",
    { class: "agent-body" },
    strip.list,
    parts.map(({ panel }) => panel),
  );
  const element = h(
    "div",
    { class: "page" },
    h(
      "header",
      { class: "page-head" },
      avatar,
      h("div", { class: "page-title" }, title, about),
      h("div", { class: "row" }, picker, prefer, talk),
    ),
    body,
  );
  let agent = null;
  let cursor = null;
  strip.select("words");

  async function load() {
    try {
      const [{ items }, current] = await Promise.all([
        get("/agents?limit=200"),
        route.id ? null : get("/agents/current").catch(() => null),
      ]);
      const id = route.id ?? current?.agent_id ?? items[0]?.agent_id;
      picker.replaceChildren(...items.map((one) => h("option", { value: one.agent_id }, one.document.name)));
      if (!id)
        return blank(
          "There is no agent yet",
          "Make one on the machine that runs the host: trunkline agent create --file agent.json",
        );
      show(await get(`/agents/${encodeURIComponent(id)}`));
      picker.value = id;
      picker.hidden = items.length < 2;
    } catch (problem) {
      blank(problem.status === 404 ? "There is no such agent" : "The agent could not be read", problem.message);
    }
    return undefined;
  }

  function blank(heading, text) {
    element.replaceChildren(
      h(
        "div",
        { class: "blank", role: "alert" },
        icon("agents"),
        h("h1", null, heading),
        h("p", { dir: "auto" }, text),
        h("a", { class: "button", href: "#/agents" }, h("span", { class: "label" }, "To the default agent")),
      ),
    );
  }

  function show(next, { edited = false } = {}) {
    agent = next;
    setText(title, agent.document.name);
    setText(avatar, initials(agent.document.name));
    const { llm, stt, tts } = agent.document;
    const uses = [stt?.provider, llm?.provider, tts?.provider].filter(Boolean).join(", ");
    setText(about, [`Version ${agent.version}`, agent.default ? "default" : null, uses].filter(Boolean).join(" · "));
    prefer.hidden = Boolean(agent.default);
    if (!edited) editor.show(agent);
    contract.show(agent);
    if (strip.selected() === "versions") loadVersions();
  }

  async function setDefault() {
    try {
      const changed = await request("POST", `/agents/${agent.agent_id}/set-default`);
      show({ ...agent, ...changed, default: true }, { edited: true });
      toast(`${agent.document.name} is the default agent now.`, { tone: "good" });
    } catch (problem) {
      failed(problem);
    }
  }

  async function loadVersions(append = false) {
    if (!append) cursor = null;
    older.disabled = true;
    try {
      const page = await get(`/agents/${agent.agent_id}/versions${query({ limit: 30, cursor })}`);
      cursor = page.next_cursor;
      const rows = page.items.map((version) => versionRow(version, agent, restore));
      if (append) versions.append(...rows);
      else versions.replaceChildren(...rows);
      older.hidden = !cursor;
    } catch (problem) {
      failed(problem, "The versions could not be read.");
    } finally {
      older.disabled = false;
    }
  }

  async function restore(version) {
    try {
      const saved = await request("PUT", `/agents/${agent.agent_id}`, {
        body: version.document,
        headers: { "if-match": `"${agent.version}"` },
      });
      show({ ...agent, ...saved });
      toast(`Version ${version.version} is back, as version ${saved.version}. It takes effect with the next call.`, {
        tone: "good",
      });
    } catch (problem) {
      failed(problem, "The version could not be restored.");
    }
  }

  load();
  return { element, leave: () => editor.dispose() };
}

function versionRow(version, agent, restore) {
  const latest = version.version === agent.version;
  return h(
    "li",
    null,
    h(
      "details",
      { class: "version-row" },
      h(
        "summary",
        null,
        h("strong", null, `Version ${version.version}`),
        latest && h("span", { class: "chip good" }, "In force"),
        h(
          "span",
          { class: "version-about", dir: "auto" },
          version.summary ?? (version.author ? `by ${version.author}` : ""),
        ),
        h("time", { title: exactly(version.created_at_ms) }, when(version.created_at_ms)),
      ),
      h(
        "div",
        { class: "row" },
        !latest && button("Restore", { sign: "history", kind: "small" }, () => restore(version)),
        button("Copy", { sign: "copy", kind: "small quiet" }, () =>
          copy(JSON.stringify(version.document, null, 2), "The contract"),
        ),
      ),
      h("pre", { class: "raw", dir: "ltr" }, JSON.stringify(version.document, null, 2)),
    ),
  );
}

/** The whole contract as JSON, to read, to check and to save. */
function contractView({ onsaved }) {
  const id = freshId("contract");
  const input = h("textarea", {
    id,
    class: "input code tall",
    spellcheck: "false",
    rows: 24,
    dir: "ltr",
    "aria-describedby": `${id}-faults`,
  });
  const faults = h("ul", { class: "faults", id: `${id}-faults`, role: "alert", hidden: true });
  const state = h("span", { class: "save-state", role: "status" });
  const check = button("Check", { kind: "quiet" }, () => run("POST", "/agents/validate"));
  const submit = button("Save", { kind: "primary" }, () => run("PUT", `/agents/${agent.agent_id}`));
  const bar = h("div", { class: "save-bar" }, state, check, submit);
  const element = h(
    "div",
    { class: "field" },
    h("label", { for: id }, "The contract, a JSON document"),
    faults,
    input,
    bar,
  );
  let agent = null;
  let shown = "";
  input.addEventListener("input", look);

  function look() {
    const dirty = input.value !== shown;
    bar.classList.toggle("dirty", dirty);
    submit.disabled = !dirty;
    setText(state, dirty ? "Not saved yet" : "");
  }

  function show(next) {
    const dirty = agent && input.value !== shown;
    agent = next;
    shown = JSON.stringify(agent.document, null, 2);
    // What somebody is writing here is worth more than what was saved elsewhere: If-Match will tell.
    if (!dirty) input.value = shown;
    look();
  }

  async function run(method, path) {
    let body;
    faults.hidden = true;
    try {
      body = JSON.parse(input.value);
    } catch (error) {
      return refuse([`This is not JSON: ${error.message}`]);
    }
    try {
      const headers = method === "PUT" ? { "if-match": `"${agent.version}"` } : {};
      const answer = await request(method, path, { body, headers });
      if (method === "PUT") {
        shown = input.value;
        onsaved(answer);
        input.value = shown = JSON.stringify(answer.document, null, 2);
        look();
        toast(`Saved as version ${answer.version}. It takes effect with the next call.`, { tone: "good" });
      } else {
        const warnings = answer.warnings ?? [];
        if (warnings.length) refuse(warnings.map(({ pointer, message }) => `${pointer}: ${message}`));
        toast(warnings.length ? `It can be saved, with ${count(warnings.length, "warning")}.` : "No faults.", {
          tone: "good",
        });
      }
    } catch (problem) {
      refuse(
        problem.errors.length
          ? problem.errors.map(({ pointer, message }) => `${pointer || "/"}: ${message}`)
          : [problem.message],
      );
    }
    return undefined;
  }

  function refuse(lines) {
    faults.hidden = false;
    faults.replaceChildren(...lines.map((line) => h("li", { dir: "auto" }, line)));
    faults.scrollIntoView({ block: "nearest" });
  }
  return { element, show };
}
