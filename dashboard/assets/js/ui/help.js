/**
 * The dialog that lists the keyboard shortcuts.
 */

import { enable, enabled, list } from "./keys.js";
import { h } from "../dom.js";
import { openDialog } from "./dialog.js";

/** Opens it. */
export async function showShortcuts() {
  const rows = list().map(({ keys, label }) =>
    h(
      "div",
      { class: "shortcut" },
      h("dt", null, label),
      h(
        "dd",
        null,
        keys.split(" ").map((key) => h("kbd", null, shown(key))),
      ),
    ),
  );
  const fixed = [
    ["Send the message", ["Enter"]],
    ["New line in the message", ["Shift", "Enter"]],
    ["Save the agent", ["Ctrl", "S"]],
  ].map(([label, keys]) =>
    h(
      "div",
      { class: "shortcut" },
      h("dt", null, label),
      h(
        "dd",
        null,
        keys.map((key) => h("kbd", null, key)),
      ),
    ),
  );
  const toggle = h("input", { type: "checkbox", checked: enabled(), on: { change: () => enable(toggle.checked) } });
  const dialog = await openDialog({
    title: "Keyboard shortcuts",
    body: [
      h("dl", { class: "shortcuts" }, rows, fixed),
      h("label", { class: "switch" }, toggle, h("span", null, "Shortcuts of one key are on")),
    ],
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}

function shown(key) {
  return key.length === 1 ? key.toUpperCase() : key;
}
