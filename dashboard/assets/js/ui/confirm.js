/**
 * A question that must be answered before something that cannot be taken back.
 */

import { button, h, stylesheet } from "../dom.js";

/** Asks; resolves to true or false. */
export async function confirm(title, text, yes, { kind = "danger" } = {}) {
  await stylesheet("dialog");
  return new Promise((resolve) => {
    const dialog = h(
      "dialog",
      { class: "dialog small", "aria-labelledby": "confirm-title" },
      h("h2", { id: "confirm-title" }, title),
      h("p", null, text),
      h(
        "footer",
        null,
        button("Cancel", {}, () => dialog.close("no")),
        button(yes, { kind }, () => dialog.close("yes")),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
