/**
 * Secrets: names of values that can be set and used, but never read.
 */

import { button, h } from "../dom.js";
import { get, request } from "../http.js";
import { act } from "../ui/act.js";
import { confirm } from "../ui/confirm.js";
import { form } from "../ui/form.js";
import { line } from "../ui/fields.js";
import { moment } from "../ui/moment.js";
import { records } from "../ui/records.js";
import { toast } from "../ui/toast.js";

/** Builds the page. */
export function create({ head }) {
  const list = records({
    caption: "Secrets",
    columns: ["Name", "Values so far", "Set", ""],
    what: "secret",
    load: () => get("/secrets"),
    row,
    blank: () => ({
      sign: "manage",
      title: "No secrets yet",
      text: "Keys of providers belong here: agents use them by name, and nobody reads them.",
    }),
  });
  head.about("Values that agents use by name. Nobody can read them here.");
  head.actions(button("New secret", { sign: "plus", kind: "primary", id: "new-secret" }, () => set()));

  function row(secret) {
    return [
      h("strong", null, secret.name),
      String(secret.version),
      moment(secret.updated_at_ms),
      [
        button("Set another value", { kind: "small" }, () => set(secret.name)),
        button(`Delete ${secret.name}`, { sign: "trash", bare: true, kind: "small quiet" }, () => remove(secret)),
      ],
    ];
  }

  function set(known = null) {
    const name = line("name", "Name", { maxLength: 64, hint: "A letter first; then letters, digits, _ and -." });
    const value = line("value", "Value", { type: "password", autocomplete: "new-password" });
    form({
      title: known ? `Secret ${known}` : "New secret",
      about: "It is sealed at once and never shown again.",
      submit: "Set",
      fields: known ? [value] : [name, value],
      async onsubmit({ name: to = known, value: text }) {
        await request("PUT", `/secrets/${encodeURIComponent(to)}`, { body: { value: text } });
        await list.reload();
        toast(`${to} is set.`, { tone: "good" });
      },
    });
  }

  async function remove({ name }) {
    const text = "What uses it fails from now on. The value cannot be brought back.";
    if (!(await confirm(`Delete the secret ${name}?`, text, "Delete"))) return;
    const gone = async () => {
      await request("DELETE", `/secrets/${encodeURIComponent(name)}`);
      await list.reload();
    };
    await act(gone, `${name} was deleted.`);
  }

  return list.element;
}
