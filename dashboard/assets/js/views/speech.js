/**
 * The try-out of speech: what a voice sounds like, what a recogniser hears.
 */

import { button, freshId, h, icon, setText } from "../dom.js";
import { get } from "../http.js";
import { hearCard } from "../speech/hear.js";
import { sayCard } from "../speech/say.js";

/** Builds the view. */
export function create() {
  const body = h(
    "div",
    { class: "cards" },
    h("div", { class: "skeleton card-size" }),
    h("div", { class: "skeleton card-size" }),
  );
  const list = h("section", { class: "providers", "aria-labelledby": freshId("providers") });
  const element = h(
    "div",
    { class: "page" },
    h(
      "header",
      { class: "page-head" },
      h(
        "div",
        { class: "page-title" },
        h("h1", null, "Speech"),
        h("p", { class: "about" }, "Hear the voices and try the recognisers before an agent uses them."),
      ),
    ),
    body,
    list,
  );
  let cards = [];

  async function load() {
    try {
      const { items } = await get("/providers");
      const of = (kind) => items.filter((provider) => provider.kind === kind);
      cards = [sayCard(of("tts")), hearCard(of("stt"))];
      body.replaceChildren(...cards.map((card) => card.element));
      showProviders(items);
    } catch (problem) {
      body.replaceChildren(
        h(
          "div",
          { class: "blank", role: "alert" },
          icon("alert"),
          h("h2", null, "The providers could not be read"),
          h("p", { dir: "auto" }, problem.message),
          button("Try again", {}, load),
        ),
      );
    }
  }

  function showProviders(items) {
    const id = list.getAttribute("aria-labelledby");
    const names = { tts: "Voices", stt: "Recognisers", llm: "Language models" };
    const ways = Object.keys(names).flatMap((kind) =>
      items
        .filter((provider) => provider.kind === kind)
        .flatMap(({ programs, ...provider }) =>
          programs?.length
            ? programs.map((program) => ({ ...program, name: `${provider.name}: ${program.name}` }))
            : [provider],
        )
        .map((way, at) => providerRow(at === 0 ? names[kind] : "", way.name, way)),
    );
    list.replaceChildren(h("h2", { id }, "What this host can use"), h("ul", { class: "provider-list" }, ways));
  }

  load();
  return { element, leave: () => cards.forEach((card) => card.leave?.()) };
}

function providerRow(kind, name, { ready, problem }) {
  const text = h("span", { class: "provider-problem", dir: "auto" });
  setText(text, problem ?? "");
  return h(
    "li",
    null,
    h("span", { class: "provider-kind" }, kind),
    h("span", { class: "provider-name" }, name),
    h("span", { class: `chip ${ready ? "good" : ""}` }, ready ? "Ready" : "Not set up"),
    text,
  );
}
