/**
 * The whole contract as JSON, to read, to check and to save.
 */

import { button, freshId, h, setText } from "../dom.js";
import { faultLines, faultList, lineOf } from "../ui/faults.js";
import { count } from "../format.js";
import { may } from "../session.js";
import { request } from "../http.js";
import { toast } from "../ui/toast.js";

/** Gives `{element, show}`; `onsaved(agent)` after each new version. */
export function contractView({ onsaved }) {
  const id = freshId("contract");
  const input = h("textarea", {
    id,
    class: "input code tall",
    spellcheck: "false",
    rows: 24,
    dir: "ltr",
    "aria-describedby": `${id}-faults`,
    readOnly: !may("editor"),
  });
  const faults = faultList({ id: `${id}-faults` });
  const state = h("span", { class: "save-state", role: "status" });
  const check = button("Check", { kind: "quiet" }, () => run("POST", "/agents/validate"));
  const submit = button("Save", { kind: "primary" }, () => run("PUT", `/agents/${agent.agent_id}`));
  const bar = h("div", { class: "save-bar", hidden: !may("editor") }, state, check, submit);
  const element = h(
    "div",
    { class: "field" },
    h("label", { for: id }, "The contract, a JSON document"),
    faults.element,
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
    faults.hide();
    try {
      body = JSON.parse(input.value);
    } catch (error) {
      return faults.show([`This is not JSON: ${error.message}`]);
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
        if (warnings.length) faults.show(warnings.map(lineOf));
        toast(warnings.length ? `It can be saved, with ${count(warnings.length, "warning")}.` : "No faults.", {
          tone: "good",
        });
      }
    } catch (problem) {
      faults.show(faultLines(problem));
    }
    return undefined;
  }

  return { element, show };
}
