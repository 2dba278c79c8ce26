/**
 * Fields of a form: a label, a control, a hint, what is wrong. Each gives `{name, element, read, fail, focus}`; `read`
 * gives the value, undefined for none, and throws when what stands there is no value.
 */

import { freshId, h, setText } from "../dom.js";
import { fit } from "./grow.js";

function framed(name, control, { label, hint, read }) {
  const id = control.id;
  const error = h("p", { class: "field-error", id: `${id}-error`, role: "alert" });
  control.setAttribute("aria-describedby", hint ? `${id}-hint ${id}-error` : `${id}-error`);
  const fail = (text) => {
    setText(error, text);
    if (text) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  };
  control.addEventListener("input", () => fail(""));
  return {
    name,
    control,
    read,
    fail,
    focus: () => control.focus(),
    element: h(
      "div",
      { class: "field" },
      h("label", { for: id }, label),
      control,
      hint && h("p", { class: "field-hint", id: `${id}-hint` }, hint),
      error,
    ),
  };
}

/** A line of text; `type` as of an input, `choices` to pick from. What is not `optional` must be filled in. */
export function line(name, label, { value = "", hint, type = "text", choices, optional, read, ...props } = {}) {
  const list =
    choices &&
    h(
      "datalist",
      { id: freshId("choices") },
      choices.map((one) => h("option", { value: one })),
    );
  const control = h("input", {
    id: freshId("field"),
    class: "input",
    type,
    autocomplete: "off",
    spellcheck: "false",
    "data-field": name,
    list: list?.id,
    ...props,
  });
  control.value = value;
  const text = (typed) => {
    // A password may begin or end with a space.
    const found = type === "password" ? typed : typed.trim();
    if (!found && !optional) throw new Error("This must be filled in.");
    return found || undefined;
  };
  const field = framed(name, control, { label, hint, read: () => (read ?? text)(control.value) });
  if (list) field.element.append(list);
  return field;
}

/** A number; nothing typed is none. */
export function number(name, label, { value, ...rest } = {}) {
  const read = (text) => {
    if (text.trim() === "") return undefined;
    const found = Number(text);
    if (!Number.isFinite(found)) throw new Error(`“${text.trim()}” is not a number.`);
    return found;
  };
  return line(name, label, { ...rest, value: value ?? "", inputMode: "decimal", read });
}

/** Text of many lines; `json`: it is read as JSON, and nothing typed is none. */
export function area(name, label, { value = "", hint, json = false, rows = 3 } = {}) {
  const control = h("textarea", {
    id: freshId("field"),
    class: json ? "input code" : "input",
    rows,
    dir: json ? "ltr" : "auto",
    spellcheck: json ? "false" : "true",
    "data-field": name,
  });
  control.value = json && value !== "" ? JSON.stringify(value, null, 2) : value;
  control.addEventListener("input", () => fit(control));
  const read = () => {
    if (control.value.trim() === "") return undefined;
    if (!json) return control.value;
    try {
      return JSON.parse(control.value);
    } catch (error) {
      throw new Error(`This is not JSON: ${error.message}`, { cause: error });
    }
  };
  return framed(name, control, { label, hint, read });
}

/** One of several; `options`: `[value, label]`, of which the empty value is none. */
export function choice(name, label, options, { value = "", hint } = {}) {
  const control = h(
    "select",
    { id: freshId("field"), class: "input", "data-field": name },
    options.map(([key, text]) => h("option", { value: key }, text)),
  );
  control.value = value;
  return framed(name, control, { label, hint, read: () => control.value || undefined });
}

/** Yes or no. */
export function check(name, label, { value = false, hint } = {}) {
  const id = freshId("field");
  const control = h("input", { id, type: "checkbox", checked: value, "data-field": name });
  const error = h("p", { class: "field-error", role: "alert" });
  return {
    name,
    control,
    read: () => control.checked,
    fail: (text) => setText(error, text),
    focus: () => control.focus(),
    element: h(
      "div",
      { class: "field" },
      h("label", { class: "switch" }, control, h("span", null, label)),
      hint && h("p", { class: "field-hint" }, hint),
      error,
    ),
  };
}

/** Several of several, as a list of their names. */
export function checks(name, label, options, { value = [], hint } = {}) {
  const boxes = options.map(([key, text]) => ({
    key,
    text,
    box: h("input", { type: "checkbox", value: key, checked: value.includes(key), "data-field": name }),
  }));
  const error = h("p", { class: "field-error", role: "alert" });
  return {
    name,
    read: () => boxes.filter(({ box }) => box.checked).map(({ key }) => key),
    fail: (text) => setText(error, text),
    focus: () => boxes[0]?.box.focus(),
    element: h(
      "fieldset",
      { class: "field" },
      h("legend", null, label),
      h(
        "div",
        { class: "checks" },
        boxes.map(({ box, text }) => h("label", { class: "switch" }, box, h("span", null, text))),
      ),
      hint && h("p", { class: "field-hint" }, hint),
      error,
    ),
  };
}
