/**
 * A new agent, made of a template.
 */

import { choice, line } from "../ui/fields.js";
import { failed, toast } from "../ui/toast.js";
import { get, request } from "../http.js";
import { form } from "../ui/form.js";
import { go } from "../router.js";

/** Asks for a name and makes the agent; `template`: the one that is chosen at first. */
export async function createAgent({ template = "" } = {}) {
  let templates;
  try {
    ({ items: templates } = await get("/templates"));
  } catch (problem) {
    return failed(problem, "The templates could not be read.");
  }
  const options = templates.map(({ name, description }) => [name, description ? `${name}: ${description}` : name]);
  return form({
    title: "New agent",
    about: "It begins with everything that its template has. What you change later goes before it.",
    submit: "Create",
    fields: [
      line("name", "Name", { maxLength: 100, spellcheck: "true" }),
      choice("extends", "Template", options, { value: template || options[0]?.[0] }),
    ],
    async onsubmit(values) {
      const made = await request("POST", "/agents", { body: values });
      toast(`${made.document.name} was made.`, { tone: "good" });
      go(`#/agents/${made.agent_id}`);
    },
  });
}
