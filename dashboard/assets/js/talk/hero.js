/**
 * What the talk view shows before anything was said: who is there, how they would greet, and how to begin.
 */

import { h, icon, setText } from "../dom.js";
import { humanKey } from "../format.js";

/** Fields of the context that are offered to ask about. */
const MOST_TOPICS = 5;
/** Names of fields about which nobody asks. */
const NO_TOPIC = /^(about|id|locale|language|time_?zone|(.*_)?(name|company))$/i;

/** Gives `{element, show}`; `onstart()` begins to talk, `onask(text)` prepares a question. */
export function hero({ onstart, onask }) {
  const title = h("h2", null, h("span", { class: "skeleton word" }));
  const quote = h("p", { class: "quote", dir: "auto" }, h("span", { class: "skeleton word wide" }));
  const start = h(
    "button",
    {
      type: "button",
      id: "start-talking",
      class: "talk-button",
      "aria-keyshortcuts": "T",
      on: { click: onstart },
      disabled: true,
    },
    h("span", { class: "talk-ring", "aria-hidden": "true" }),
    icon("mic"),
    h("span", { class: "hidden-text" }, "Start talking"),
  );
  const hint = h("p", { class: "hint" }, "Press to talk, or type below");
  const topics = h("div", { class: "topics", hidden: true });
  const element = h("div", { class: "hero" }, start, title, quote, hint, topics);

  /** Shows an agent; null: there is none. */
  function show(agent) {
    start.disabled = !agent;
    if (!agent) {
      setText(title, "There is no agent yet");
      setText(quote, "Make one on the machine that runs the host, then reload this page.");
      hint.replaceChildren(h("code", null, "trunkline agent create --file agent.json"));
      topics.hidden = true;
      return;
    }
    setText(title, `Talk with ${agent.document.name}`);
    const greeting = agent.document.prompt?.greeting;
    setText(
      quote,
      greeting ? `“${rendered(greeting, agent.document.context ?? {})}”` : "It waits for you to speak first.",
    );
    const keys = Object.keys(agent.document.context ?? {})
      .filter((key) => !NO_TOPIC.test(key))
      .slice(0, MOST_TOPICS);
    topics.hidden = !keys.length;
    topics.replaceChildren(
      h("span", { class: "topics-label" }, "Ask about"),
      ...keys.map((key) =>
        h(
          "button",
          {
            type: "button",
            class: "topic",
            dir: "auto",
            on: { click: () => onask(`Tell me about the ${humanKey(key)}.`) },
          },
          humanKey(key),
        ),
      ),
    );
  }
  return { element, show };
}

/** A template with the context's values in it; what is not known stays as it is. */
export function rendered(template, context) {
  return template.replace(/\{\{\s*([\w.-]+)\s*\}\}/g, (whole, path) => {
    const value = path
      .split(".")
      .reduce(
        (inner, key) => (inner && typeof inner === "object" && Object.hasOwn(inner, key) ? inner[key] : undefined),
        context,
      );
    return value == null || typeof value === "object" ? whole : String(value);
  });
}
