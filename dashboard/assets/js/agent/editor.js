/**
 * Greeting and context of an agent, edited in place. A save is a new version; it is refused when somebody else saved
 * meanwhile, and can be undone.
 */

import { button, freshId, h, setText } from "../dom.js";
import { characters } from "../format.js";
import { contextEditor } from "./context.js";
import { failed, toast } from "../ui/toast.js";
import { fit, fitAll } from "../ui/grow.js";
import { get, request } from "../http.js";
import { mergePatch, same } from "./patch.js";

const MAX_GREETING = 2_000;

/** Saves `document` as the successor of `version`: as a patch where one can say it, whole otherwise. */
export function save(id, before, document, version) {
  const patch = mergePatch(before, document);
  const headers = version == null ? {} : { "if-match": `"${version}"` };
  if (patch === undefined) return request("PUT", `/agents/${id}`, { body: document, headers });
  return request("PATCH", `/agents/${id}`, {
    body: patch,
    headers: { ...headers, "content-type": "application/merge-patch+json" },
  });
}

/** Gives `{element, show, dirty, agent, refit, dispose}`; `onsaved(agent)` after each new version. */
export function agentEditor({ onsaved, instructions = false }) {
  let agent = null;
  let busy = false;
  const greeting = area("Greeting", "Said first. {{ name }} stands for a field of the context.", 2);
  const prompt = instructions
    ? area(
        "Instructions",
        "What the language model is told about its task. {{ name }} stands for a field of the context.",
        6,
      )
    : null;
  const context = contextEditor({ onchange: look });
  const other = h("ul", { class: "faults", hidden: true });
  const conflict = h("div", { class: "conflict", hidden: true, role: "alert" });
  const state = h("span", { class: "save-state", role: "status" });
  const discard = button("Discard", { kind: "quiet" }, () => show(agent));
  const submit = button("Save", { kind: "primary", type: "submit" });
  const bar = h("div", { class: "save-bar" }, state, discard, submit);
  const element = h(
    "form",
    { class: "editor", novalidate: true, tabIndex: -1, "aria-label": "Agent" },
    conflict,
    other,
    greeting.element,
    prompt?.element,
    context.element,
    bar,
  );
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    store(agent.version);
  });
  element.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && (event.key === "s" || event.key === "Enter")) {
      event.preventDefault();
      store(agent.version);
    }
  });

  function area(label, hint, rows) {
    const id = freshId("field");
    const error = h("p", { class: "field-error", id: `${id}-error`, role: "alert" });
    const input = h("textarea", {
      id,
      class: "input",
      rows,
      dir: "auto",
      "aria-describedby": `${id}-hint ${id}-error`,
    });
    input.addEventListener("input", () => {
      fit(input);
      fail("");
      look();
    });
    function fail(text) {
      setText(error, text);
      if (text) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
    return {
      input,
      fail,
      element: h(
        "div",
        { class: "field" },
        h("label", { for: id }, label),
        input,
        h("p", { class: "field-hint", id: `${id}-hint` }, hint),
        error,
      ),
    };
  }

  function show(next) {
    agent = next;
    const { prompt: texts = {}, context: data = {} } = agent.document;
    greeting.input.value = texts.greeting ?? "";
    if (prompt) prompt.input.value = texts.instructions ?? "";
    context.set(data);
    clearFaults();
    conflict.hidden = true;
    for (const one of [greeting, prompt]) if (one) fit(one.input);
    look();
  }

  function clearFaults() {
    other.hidden = true;
    greeting.fail("");
    prompt?.fail("");
  }

  /** The document as edited, with a context that was read. */
  function edited(data) {
    const texts = { ...agent.document.prompt };
    if (greeting.input.value.trim()) texts.greeting = greeting.input.value;
    else delete texts.greeting;
    // What a template says stays the template's until something else is written here.
    if (prompt && (prompt.input.value || texts.instructions)) texts.instructions = prompt.input.value;
    const next = { ...agent.document };
    if (next.prompt || Object.keys(texts).length) next.prompt = texts;
    if (next.context || Object.keys(data).length) next.context = data;
    return next;
  }

  let touched = false;
  function look() {
    touched = Boolean(agent) && isDirty();
    bar.classList.toggle("dirty", touched);
    discard.hidden = !touched;
    // A button that goes while it has the focus would leave the focus nowhere.
    if (!touched && document.activeElement === submit) element.focus({ preventScroll: true });
    submit.hidden = !touched;
    submit.disabled = busy;
    if (!busy) setText(state, touched ? "Not saved yet" : agent ? `Version ${agent.version}` : "");
  }

  function isDirty() {
    const data = context.peek();
    return data === null || !same(edited(data), withoutEmptyGreeting(agent.document));
  }

  async function store(version) {
    const data = busy ? null : context.read();
    if (data === null) return;
    const document_ = edited(data);
    if (characters(greeting.input.value) > MAX_GREETING) {
      greeting.fail(
        `The greeting has ${characters(greeting.input.value).toLocaleString()} characters; ${MAX_GREETING.toLocaleString()} are allowed.`,
      );
      greeting.input.focus();
      return;
    }
    const before = agent;
    busy = true;
    clearFaults();
    setText(state, "Saving…");
    submit.disabled = true;
    try {
      const saved = await save(agent.agent_id, agent.document, document_, version);
      const changed = saved.version !== before.version;
      show(saved);
      onsaved(saved);
      if (changed)
        toast(`Saved as version ${saved.version}. It takes effect with the next call.`, {
          tone: "good",
          action: "Undo",
          onaction: () => undo(saved, before),
        });
    } catch (problem) {
      if (problem.status === 412) await showConflict(document_);
      else refuse(problem);
    } finally {
      busy = false;
      look();
    }
  }

  async function undo(saved, before) {
    try {
      const restored = await request("PUT", `/agents/${saved.agent_id}`, {
        body: before.document,
        headers: { "if-match": `"${saved.version}"` },
      });
      if (agent.agent_id === restored.agent_id) show(restored);
      onsaved(restored);
      toast(`Version ${before.version} is back, as version ${restored.version}.`, { tone: "good" });
    } catch (problem) {
      failed(problem, "It could not be undone.");
    }
  }

  function refuse(problem) {
    const left = problem.errors.filter(({ pointer }) => {
      if (pointer === "/prompt/greeting") return greeting.fail(problem.at(pointer)[0].message);
      if (prompt && pointer === "/prompt/instructions") return prompt.fail(problem.at(pointer)[0].message);
      return !pointer?.startsWith("/context/");
    });
    left.push(...context.faults(problem.at("/context").filter(({ pointer }) => pointer !== "/context")));
    other.hidden = problem.errors.length > 0 && left.length === 0;
    const lines = left.length ? left.map((error) => `${error.pointer}: ${error.message}`) : [problem.message];
    other.replaceChildren(...lines.map((line) => h("li", { dir: "auto" }, line)));
    element.querySelector("[aria-invalid]")?.focus();
  }

  /** Somebody else saved: shows their version beside this one; either can win, nothing is lost by itself. */
  async function showConflict(mine) {
    try {
      const [theirs, { clash }] = await Promise.all([get(`/agents/${agent.agent_id}`), import("./clash.js")]);
      const take = () => {
        show(theirs);
        onsaved(theirs);
      };
      const overwrite = () => {
        agent = { ...theirs, document: { ...theirs.document } };
        conflict.hidden = true;
        store(theirs.version);
      };
      conflict.hidden = false;
      conflict.replaceChildren(...clash(theirs, mine, { take, overwrite }));
      conflict.scrollIntoView({ block: "nearest" });
      conflict.querySelector("button").focus();
    } catch (problem) {
      failed(problem, "A newer version exists, but it could not be read.");
    }
  }

  const guard = (event) => touched && event.preventDefault();
  addEventListener("beforeunload", guard);
  return {
    element,
    show,
    dirty: () => touched,
    agent: () => agent,
    /** Shows where nothing is written what the layers below say. */
    inherit({ greeting: below, instructions: told }) {
      greeting.input.placeholder = below ?? "";
      if (prompt) prompt.input.placeholder = told ?? "";
    },
    refit: () => fitAll(element),
    dispose: () => removeEventListener("beforeunload", guard),
  };
}

/** A document as it reads here, where an empty greeting is none. */
function withoutEmptyGreeting(document_) {
  if (!document_.prompt || document_.prompt.greeting?.trim()) return document_;
  const { greeting, ...texts } = document_.prompt;
  return { ...document_, prompt: texts };
}
