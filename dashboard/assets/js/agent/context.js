/**
 * The agent's context as rows of names and values, or as JSON at once.
 */

import { button, freshId, h, setText } from "../dom.js";
import { fit } from "../ui/grow.js";

const TYPES = { text: "Text", number: "Number", truth: "Yes or no", json: "List or object" };

/** An editor of a JSON object; gives `{element, set, peek, read, faults}`. `onchange` is called at every edit. */
export function contextEditor({ onchange }) {
  const rows = h("div", { class: "context-rows" });
  const nothing = h(
    "p",
    { class: "slim-empty" },
    "No context yet. Add what the agent should know, such as opening hours.",
  );
  const add = button("Add a field", { sign: "plus", kind: "quiet small" }, () => {
    const row = makeRow("", "");
    list.push(row);
    rows.append(row.element);
    nothing.hidden = true;
    row.name.focus();
    onchange();
  });
  const whole = h("textarea", {
    class: "input code",
    rows: 8,
    spellcheck: "false",
    "aria-label": "Context as JSON",
    hidden: true,
  });
  const wholeError = h("p", { class: "field-error", id: freshId("context-error"), role: "alert" });
  whole.setAttribute("aria-describedby", wholeError.id);
  const mode = button("Edit as JSON", { kind: "quiet small", "aria-pressed": "false" }, swap);
  const element = h(
    "div",
    { class: "context" },
    h("div", { class: "field-head" }, h("h3", null, "Context"), mode),
    rows,
    nothing,
    whole,
    wholeError,
    h("div", { class: "context-foot" }, add),
  );
  let list = [];
  let asJson = false;
  whole.addEventListener("input", () => {
    fit(whole);
    failWhole("");
    onchange();
  });

  function makeRow(key, value) {
    const row = contextRow(key, value, {
      onchange,
      onremove: () => {
        const at = list.indexOf(row);
        list.splice(at, 1);
        row.element.remove();
        nothing.hidden = list.length > 0;
        (list[Math.min(at, list.length - 1)]?.name ?? add).focus();
        onchange();
      },
    });
    return row;
  }

  /** Shows an object. */
  function set(object) {
    list = Object.entries(object).map(([key, value]) => makeRow(key, value));
    rows.replaceChildren(...list.map((row) => row.element));
    nothing.hidden = asJson || list.length > 0;
    whole.value = JSON.stringify(object, null, 2);
    failWhole("");
    if (asJson) fit(whole);
    else for (const row of list) row.fit();
  }

  /** The object as edited and what is wrong with it: `{object, wrong: [{row, field, text}]}`. */
  function collect() {
    if (asJson) return collectWhole();
    const object = {};
    const wrong = [];
    for (const row of list) {
      const key = row.name.value.trim();
      const { value, problem } = row.read();
      if (!key) wrong.push({ row, field: row.name, text: "A field needs a name." });
      else if (Object.hasOwn(object, key))
        wrong.push({ row, field: row.name, text: `There is another field named “${key}”.` });
      else if (problem) wrong.push({ row, field: row.input(), text: problem });
      else object[key] = value;
    }
    return { object, wrong };
  }

  function collectWhole() {
    try {
      const object = JSON.parse(whole.value.trim() || "{}");
      if (typeof object === "object" && object !== null && !Array.isArray(object)) return { object, wrong: [] };
      return { object: null, wrong: [{ text: "The context is an object: it begins with { and ends with }." }] };
    } catch (error) {
      return { object: null, wrong: [{ text: `This is not JSON: ${error.message}` }] };
    }
  }

  /** The object as edited, null when something in it is no value. */
  function peek() {
    const { object, wrong } = collect();
    return wrong.length ? null : object;
  }

  /** As `peek`; what is wrong is shown at its place, which gets the focus. */
  function read() {
    const { object, wrong } = collect();
    for (const row of list) row.fail("");
    if (!wrong.length) return object;
    for (const { row, field, text } of wrong) {
      if (row) row.fail(text, field);
      else failWhole(text);
    }
    (wrong[0].field ?? whole).focus();
    return null;
  }

  function failWhole(text) {
    setText(wholeError, text);
    if (text) whole.setAttribute("aria-invalid", "true");
    else whole.removeAttribute("aria-invalid");
  }

  function swap() {
    const object = read();
    if (object === null) return;
    asJson = !asJson;
    mode.setAttribute("aria-pressed", String(asJson));
    setText(mode.querySelector(".label"), asJson ? "Edit as fields" : "Edit as JSON");
    whole.hidden = !asJson;
    rows.hidden = asJson;
    add.hidden = asJson;
    set(object);
    if (asJson) whole.focus();
  }

  /** Shows faults of the host at their fields; gives those that belong to none. */
  function faults(errors) {
    const left = [];
    for (const error of errors) {
      const key = (error.pointer.split("/")[2] ?? "").replaceAll("~1", "/").replaceAll("~0", "~");
      const row = list.find(({ name }) => name.value.trim() === key);
      if (asJson || !row) left.push(error);
      else row.fail(error.message, row.input());
    }
    if (asJson && left.length) failWhole(left.map((error) => `${error.pointer}: ${error.message}`).join(" "));
    return asJson ? [] : left;
  }

  return { element, set, peek, read, faults };
}

function contextRow(key, value, { onchange, onremove }) {
  const error = h("p", { class: "field-error", id: freshId("row-error") });
  const name = h("input", {
    class: "input small key-name",
    value: key,
    "aria-label": "Name of the field",
    placeholder: "name",
    spellcheck: "false",
    dir: "auto",
    "aria-describedby": error.id,
  });
  name.value = key;
  const type = h(
    "select",
    { class: "input small type", "aria-label": "Kind of value" },
    Object.entries(TYPES).map(([option, label]) => h("option", { value: option }, label)),
  );
  const remove = button("Remove the field", { sign: "trash", bare: true, kind: "quiet small" }, onremove);
  const slot = h("div", { class: "value" });
  let input = null;
  let previous = typeOf(value);
  type.value = previous;
  make(value);
  type.addEventListener("change", () => {
    const before = read(previous);
    make(convert(before.problem ? input.value : before.value, type.value));
    onchange();
  });
  name.addEventListener("input", edited);

  function make(current) {
    previous = type.value;
    if (type.value === "truth") {
      input = h(
        "select",
        { class: "input small" },
        h("option", { value: "true" }, "yes"),
        h("option", { value: "false" }, "no"),
      );
      input.value = String(Boolean(current));
    } else if (type.value === "number") {
      input = h("input", { class: "input small", type: "text", inputMode: "decimal" });
      input.value = String(current);
    } else {
      input = h("textarea", {
        class: `input small ${type.value === "json" ? "code" : ""}`,
        rows: 1,
        dir: "auto",
        spellcheck: type.value === "json" ? "false" : "true",
      });
      input.value = type.value === "json" ? JSON.stringify(current, null, 2) : current;
    }
    input.setAttribute("aria-label", "Value of the field");
    input.setAttribute("aria-describedby", error.id);
    input.addEventListener("input", () => {
      fit(input);
      edited();
    });
    slot.replaceChildren(input);
    fit(input);
  }

  function edited() {
    fail("");
    onchange();
  }

  function read(kind = type.value) {
    const text = input.value;
    if (kind === "text") return { value: text };
    if (kind === "truth") return { value: text === "true" };
    if (kind === "number") {
      const number = Number(text.trim());
      return text.trim() !== "" && Number.isFinite(number)
        ? { value: number }
        : { problem: `“${text}” is not a number.` };
    }
    try {
      return { value: JSON.parse(text) };
    } catch (problem) {
      return { problem: `This is not JSON: ${problem.message}` };
    }
  }

  function fail(text, field = null) {
    setText(error, text);
    for (const one of [name, input]) one.removeAttribute("aria-invalid");
    if (text && field) field.setAttribute("aria-invalid", "true");
  }

  const element = h("div", { class: "context-row" }, h("div", { class: "row-head" }, name, type, remove), slot, error);
  return { element, name, read, fail, input: () => input, fit: () => fit(input) };
}

function typeOf(value) {
  if (typeof value === "string") return "text";
  if (typeof value === "number") return "number";
  return typeof value === "boolean" ? "truth" : "json";
}

/** The nearest value of another kind, so that changing the kind loses as little as it can. */
function convert(value, type) {
  if (type === "text") return typeof value === "string" ? value : JSON.stringify(value);
  if (type === "number") return Number(value) || 0;
  if (type === "truth") return value === true || /^(true|yes|1)$/i.test(String(value));
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value ? [value] : [];
  }
}
