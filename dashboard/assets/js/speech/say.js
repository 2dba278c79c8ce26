/**
 * "Say this": a text in a voice, played, with the time to its first sound.
 */

import { button, freshId, h, setText } from "../dom.js";
import { characters, duration, ms } from "../format.js";
import { choice } from "./choice.js";
import { fit } from "../ui/grow.js";
import { send } from "../http.js";

const MAX = 1_000;

/** Gives `{element, leave}`. */
export function sayCard(providers) {
  const way = choice(providers, { voices: true });
  const id = freshId("say");
  const input = h("textarea", { id, class: "input", rows: 3, dir: "auto", "aria-describedby": `${id}-error` });
  input.value = "Hello, this is how I sound. Your appointment is on Tuesday at half past nine.";
  const error = h("p", { class: "field-error", id: `${id}-error`, role: "alert" });
  const player = h("audio", { controls: true, hidden: true, "aria-label": "What was said" });
  const facts = h("dl", { class: "facts", "aria-live": "polite" });
  const submit = button("Say it", {
    sign: "play",
    kind: "primary",
    type: "submit",
    disabled: !way.ready,
    id: "say-it",
  });
  let url = null;
  input.addEventListener("input", () => {
    fit(input);
    fail("");
  });

  function fail(text) {
    setText(error, text);
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }

  async function say(event) {
    event.preventDefault();
    const text = input.value;
    const length = characters(text);
    if (!text.trim()) return fail("Write something to say.");
    if (length > MAX)
      return fail(`The text has ${length.toLocaleString()} characters; ${MAX.toLocaleString()} are allowed.`);
    fail("");
    submit.disabled = true;
    submit.classList.add("busy");
    try {
      const { provider, model, voice } = way.value();
      const body = { text, ...(model && { model }), ...(voice && { voice }) };
      const response = await send("POST", `/providers/tts/${encodeURIComponent(provider)}/say`, { body });
      const blob = await response.blob();
      if (url) URL.revokeObjectURL(url);
      url = URL.createObjectURL(blob);
      player.src = url;
      player.hidden = false;
      const first = response.headers.get("x-first-audio-ms");
      facts.replaceChildren(
        h(
          "div",
          null,
          h("dt", null, "First sound after"),
          h("dd", null, first === null ? "unknown" : ms(Number(first))),
        ),
        h("div", null, h("dt", null, "Length"), h("dd", null, duration((blob.size - 44) / 32))),
      );
      await player.play().catch(() => {});
    } catch (problem) {
      fail(problem.errors.length ? problem.errors.map(({ message }) => message).join(" ") : problem.message);
    } finally {
      submit.disabled = !way.ready;
      submit.classList.remove("busy");
    }
    return undefined;
  }

  const element = h(
    "form",
    { class: "card", novalidate: true, on: { submit: say }, "aria-labelledby": `${id}-title` },
    h("h2", { id: `${id}-title` }, "Say this"),
    way.element,
    h("div", { class: "field" }, h("label", { for: id }, "Text"), input, error),
    h("div", { class: "row" }, submit),
    player,
    facts,
  );
  return {
    element,
    leave() {
      player.pause();
      if (url) URL.revokeObjectURL(url);
    },
  };
}
