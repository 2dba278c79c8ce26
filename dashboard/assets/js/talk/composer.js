/**
 * The field in which people type: keeps what was typed until the host has it.
 */

import { button, h, setText } from "../dom.js";
import { characters } from "../format.js";
import { fit } from "../ui/grow.js";

/** Characters that one message may have. */
const MAX_TEXT = 16_000;
/** Characters from which the count is shown. */
const COUNT_FROM = 14_000;
const DRAFT = "trunkline.draft";

/**
 * Gives `{element, focus, fill, fail, busy}`; `onsend(text)` resolves to true when the text was taken,
 * `onedit` is called at each change.
 */
export function composer({ onsend, onstart, onedit }) {
  const error = h("p", { class: "field-error", id: "composer-error", role: "alert" });
  const count = h("span", { class: "counter", id: "composer-count", hidden: true });
  const input = h("textarea", {
    id: "composer",
    class: "composer-input",
    rows: 1,
    dir: "auto",
    placeholder: "Type a message",
    "aria-label": "Message",
    "aria-describedby": "composer-error composer-count",
    enterkeyhint: "send",
  });
  const talk = button("Start talking", { sign: "mic", bare: true, kind: "round", shortcut: "T" }, onstart);
  const send = button("Send", { sign: "send", bare: true, kind: "round primary", type: "submit", id: "send" });
  const element = h(
    "form",
    { class: "composer", "aria-label": "Type with the agent" },
    error,
    h("div", { class: "composer-box" }, input, h("div", { class: "composer-tools" }, count, talk, send)),
  );
  let busy = false;
  input.value = draft();

  function look() {
    const text = input.value;
    const length = text.length < COUNT_FROM ? text.length : characters(text);
    const over = length > MAX_TEXT;
    count.hidden = length < COUNT_FROM;
    setText(count, count.hidden ? "" : `${length.toLocaleString()} of ${MAX_TEXT.toLocaleString()}`);
    count.classList.toggle("over", over);
    send.disabled = busy || !text.trim();
    fit(input);
  }

  function fail(text) {
    setText(error, text);
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }

  async function submit() {
    const text = input.value;
    if (busy || !text.trim()) return;
    const length = characters(text);
    if (length > MAX_TEXT) {
      fail(
        `This message has ${length.toLocaleString()} characters; ${MAX_TEXT.toLocaleString()} are allowed. Nothing was sent, and your text is kept.`,
      );
      return;
    }
    fail("");
    busy = true;
    input.value = "";
    look();
    const taken = await onsend(text);
    busy = false;
    // What the host did not take comes back, before anything that was typed meanwhile.
    if (!taken) input.value = input.value ? `${text}\n${input.value}` : text;
    keep(input.value);
    look();
  }

  input.addEventListener("input", () => {
    onedit();
    fail("");
    keep(input.value);
    look();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  look();
  return {
    element,
    fail,
    focus: () => input.focus(),
    /** Puts a text in, for its person to finish or send. */
    fill(text) {
      input.value = text;
      keep(text);
      look();
      input.focus();
    },
  };
}

/** A reload does not lose what was typed. */
function keep(text) {
  try {
    if (text) sessionStorage.setItem(DRAFT, text);
    else sessionStorage.removeItem(DRAFT);
  } catch {
    // Too long or forbidden: it lasts as long as the page.
  }
}

function draft() {
  try {
    return sessionStorage.getItem(DRAFT) ?? "";
  } catch {
    return "";
  }
}
