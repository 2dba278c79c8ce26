/**
 * What can be seen once: a key, a secret, a link.
 */

import { button, h } from "../dom.js";
import { copy } from "./copy.js";
import { openDialog } from "./dialog.js";

/** Shows it until its reader says that they have it. */
export async function showOnce(title, text, value, what) {
  const dialog = await openDialog({
    title,
    body: [
      h("p", null, text),
      h(
        "div",
        { class: "once" },
        h("code", { dir: "ltr", tabIndex: 0 }, value),
        button("Copy", { sign: "copy", kind: "small" }, () => copy(value, what)),
      ),
    ],
    foot: [button("I have kept it", { kind: "primary" }, () => dialog.close())],
  });
  dialog.querySelector(".once .button").focus();
}
