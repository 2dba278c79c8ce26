/**
 * The fields of an agent's answers: added, changed and removed while it is served.
 */

import { area, check, line, number } from "../ui/fields.js";
import { button, h } from "../dom.js";
import { get, request } from "../http.js";
import { act } from "../ui/act.js";
import { confirm } from "../ui/confirm.js";
import { form } from "../ui/form.js";
import { may } from "../session.js";
import { plain } from "../format.js";
import { records } from "../ui/records.js";
import { toast } from "../ui/toast.js";

const TYPES = ["str", "int", "float", "bool", "list[str]", "list[int]", "Literal['a','b']"];
const BOUNDS = { ge: "at least", le: "at most", min_len: "length from", max_len: "length to", pattern: "matches" };

/** Gives `{element, show}`; `onsaved(agent)` after each new version. */
export function answersView({ onsaved }) {
  let agent = null;
  let list = null;
  let first = true;
  const element = h("div", { class: "stack" });

  /** Shows the fields of an agent. */
  function show(next) {
    agent = next;
    if (list) return list.reload();
    list = records({
      caption: "Fields of the answers",
      columns: ["Field", "Type", "What the model reads", "Rules", ""],
      what: "field",
      load: async () => {
        const found = await get(path());
        first = found.items.length === 0;
        return found;
      },
      row,
      blank: () => ({
        sign: "agents",
        title: "Answers are plain text",
        text: "With fields, the model answers in parts: one to be spoken, others to be kept.",
      }),
    });
    const add = button("Add a field", { sign: "plus", kind: "small", id: "add-field" }, () => edit());
    element.replaceChildren(may("editor") ? h("div", { class: "row" }, add) : "", list.element);
    return undefined;
  }

  const path = (name) => `/agents/${agent.agent_id}/schema/fields${name ? `/${encodeURIComponent(name)}` : ""}`;
  const headers = () => ({ "if-match": `"${agent.version}"` });

  function row(field) {
    const { constraints = {} } = field;
    const rules = [
      !field.required && "may be null",
      field.use_in_tts && "spoken",
      field.hidden && "hidden",
      field.default != null && `default ${plain(field.default)}`,
      ...Object.entries(BOUNDS).map(([key, text]) => constraints[key] != null && `${text} ${constraints[key]}`),
    ].filter(Boolean);
    return [
      h("strong", null, field.name),
      h("code", null, field.type),
      h("span", { dir: "auto" }, field.description || "—"),
      h(
        "span",
        { class: "chips" },
        rules.map((rule) => h("span", { class: "chip" }, rule)),
      ),
      may("editor") && [
        button("Change", { kind: "small" }, () => edit(field)),
        button(`Remove ${field.name}`, { sign: "trash", bare: true, kind: "small quiet" }, () => remove(field)),
      ],
    ];
  }

  function edit(field = null) {
    const { constraints = {} } = field ?? {};
    form({
      title: field ? `Field ${field.name}` : "New field",
      about: "Live calls ask for it with their next answer; results that were stored keep what they have.",
      submit: field ? "Save" : "Add",
      place,
      fields: [
        line("name", "Name", { value: field?.name ?? "", maxLength: 64 }),
        line("type", "Type", {
          value: field?.type ?? "str",
          choices: TYPES,
          hint: "str, int, float, bool, list[…] of one of them, or Literal['a','b'].",
        }),
        area("description", "What the model reads", { value: field?.description ?? "" }),
        check("required", "The model must answer it", { value: field?.required ?? true }),
        check("use_in_tts", "It is spoken while it streams", { value: field ? field.use_in_tts : first }),
        check("hidden", "Hidden: for the behaviour and the log only", { value: field?.hidden ?? false }),
        area("default", "Default", {
          value: field?.default ?? "",
          json: true,
          rows: 1,
          hint: "JSON: texts in quotes.",
        }),
        number("ge", "At least", { value: constraints.ge }),
        number("le", "At most", { value: constraints.le }),
        number("min_len", "Length from", { value: constraints.min_len }),
        number("max_len", "Length to", { value: constraints.max_len }),
        line("pattern", "Matches", {
          value: constraints.pattern ?? "",
          optional: true,
          hint: "A regular expression, for texts.",
        }),
      ],
      async onsubmit({ ge, le, min_len, max_len, pattern, ...rest }) {
        const bounds = Object.entries({ ge, le, min_len, max_len, pattern }).filter(([, value]) => value !== undefined);
        const body = bounds.length ? { ...rest, constraints: Object.fromEntries(bounds) } : rest;
        saved(
          await request(field ? "PUT" : "POST", path(field?.name), { body, headers: headers() }),
          `“${rest.name}” is set`,
        );
      },
    });
  }

  function saved(next, what) {
    onsaved(next);
    toast(`${what}, in version ${next.version}.`, { tone: "good" });
  }

  async function remove({ name }) {
    const text = "Answers have it no more from now on. Results that were stored keep it.";
    if (!(await confirm(`Remove the field “${name}”?`, text, "Remove"))) return;
    await act(
      async () => onsaved(await request("DELETE", path(name), { headers: headers() })),
      `“${name}” was removed.`,
      "The field could not be removed.",
    );
  }

  return { element, show };
}

/** Faults name the field's place in the contract, or the place in what was sent. */
function place(pointer) {
  return pointer
    .replace(/^\/output_schema\/fields\/\d+/, "")
    .replace(/^\/constraints(?=\/)/, "")
    .split("/")[1];
}
