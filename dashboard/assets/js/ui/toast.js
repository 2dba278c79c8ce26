/**
 * Short notices at the edge of the page, with an action where one makes sense.
 */

import { button, h, icon } from "../dom.js";

const SIGNS = { good: "check", bad: "alert", plain: "info" };
const SHOWN_MS = 7_000;

/** Shows a notice; it stays while the pointer or the focus is on it, and a bad one until it is closed. */
export function toast(text, { tone = "plain", action, onaction, shown = SHOWN_MS } = {}) {
  const region = document.getElementById("toasts");
  let timer = null;
  const close = () => {
    clearTimeout(timer);
    element.remove();
  };
  const act = () => {
    close();
    onaction();
  };
  const element = h(
    "div",
    { class: `toast ${tone}`, role: tone === "bad" ? "alert" : "status" },
    icon(SIGNS[tone]),
    h("p", { dir: "auto" }, text),
    action && button(action, { kind: "quiet" }, act),
    button("Dismiss", { sign: "close", bare: true, kind: "quiet" }, close),
  );
  const wait = () => {
    clearTimeout(timer);
    if (tone !== "bad") timer = setTimeout(close, shown);
  };
  for (const type of ["pointerenter", "focusin"]) element.addEventListener(type, () => clearTimeout(timer));
  for (const type of ["pointerleave", "focusout"]) element.addEventListener(type, wait);
  region.append(element);
  while (region.childElementCount > 4) region.firstElementChild.remove();
  wait();
  return { close };
}

/** Shows why something failed, in the host's own words. */
export function failed(problem, what = "") {
  const faults = (problem.errors ?? []).map((error) => `${error.pointer}: ${error.message}`).join(" ");
  toast([what, problem.message, faults].filter(Boolean).join(" "), { tone: "bad" });
}
