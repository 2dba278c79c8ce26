/**
 * Dialogs: one frame for all of them.
 */

import { button, freshId, h, stylesheet } from "../dom.js";

/** Opens a dialog with a title; `foot` are its buttons. Gives the element once it is shown. */
export async function openDialog({ title, kind = "", body, foot = [] }) {
  await stylesheet("dialog");
  const id = freshId("dialog");
  const dialog = h(
    "dialog",
    { class: `dialog ${kind}`.trim(), "aria-labelledby": id },
    h(
      "header",
      null,
      h("h2", { id, dir: "auto" }, title),
      button("Close", { sign: "close", bare: true, kind: "quiet" }, () => dialog.close()),
    ),
    body,
    foot.length > 0 && h("footer", null, foot),
  );
  dialog.addEventListener("close", () => {
    dialog.remove();
    // What had the focus before may be gone by now.
    if (document.activeElement === document.body) document.getElementById("main")?.focus({ preventScroll: true });
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
