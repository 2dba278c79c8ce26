/**
 * A dialog that asks for values. What the host refuses is shown at its field; what has no field stands above them all.
 */

import { button, h } from "../dom.js";
import { faultLines, faultList } from "./faults.js";
import { fitAll } from "./grow.js";
import { openDialog } from "./dialog.js";

/**
 * Opens it. `onsubmit(values)` sends them, and the dialog closes once it is through; a function that it gives is called
 * after that. `place(pointer)` says which field a JSON pointer means when it is not the first name in it.
 */
export async function form({ title, about, fields, submit = "Save", kind = "", place = firstName, onsubmit }) {
  const faults = faultList();
  const send = button(submit, { kind: "primary", type: "submit" });
  const body = h(
    "form",
    { novalidate: true, class: "form" },
    about && h("p", { class: "form-about", dir: "auto" }, about),
    faults.element,
    fields.map(({ element }) => element),
    h(
      "footer",
      null,
      button("Cancel", {}, () => dialog.close()),
      send,
    ),
  );
  body.addEventListener("submit", async (event) => {
    event.preventDefault();
    const values = read();
    if (!values) return;
    send.disabled = true;
    try {
      const then = await onsubmit(values);
      dialog.close();
      then?.();
    } catch (problem) {
      refuse(problem);
    } finally {
      send.disabled = false;
    }
  });

  function read() {
    faults.hide();
    const values = {};
    let wrong = null;
    for (const field of fields) {
      field.fail("");
      try {
        const value = field.read();
        if (value !== undefined) values[field.name] = value;
      } catch (error) {
        field.fail(error.message);
        wrong ??= field;
      }
    }
    wrong?.focus();
    return wrong ? null : values;
  }

  function refuse(problem) {
    const left = [];
    let first = null;
    for (const fault of problem.errors ?? []) {
      const field = fields.find(({ name }) => name === place(fault.pointer ?? ""));
      if (!field) left.push(fault);
      else {
        field.fail(fault.message);
        first ??= field;
      }
    }
    faults.show(first && !left.length ? [] : faultLines({ errors: left, message: problem.message }));
    first?.focus();
  }

  const dialog = await openDialog({ title, kind, body });
  fitAll(dialog);
  fields[0]?.focus();
  return dialog;
}

function firstName(pointer) {
  return pointer.split("/")[1];
}
