/**
 * Chooses a provider, its program and a voice, as far as there is a choice.
 */

import { freshId, h } from "../dom.js";

/** Gives `{element, value, ready}`; `value()` is `{provider, model, voice}`. */
export function choice(providers, { voices = false } = {}) {
  const ways = providers.flatMap((provider) => {
    if (!provider.programs?.length)
      return [
        {
          provider: provider.name,
          model: null,
          label: provider.name,
          ready: provider.ready,
          voices: provider.voices ?? [],
          problem: provider.problem,
        },
      ];
    return provider.programs.map((program) => ({
      provider: provider.name,
      model: program.name,
      label: `${provider.name}: ${program.name}`,
      ready: program.ready,
      voices: program.voices ?? [],
      problem: program.problem ?? provider.problem,
    }));
  });
  const way = h(
    "select",
    { class: "input", id: freshId("way") },
    ways.map((one, at) =>
      h("option", { value: String(at), disabled: !one.ready }, one.ready ? one.label : `${one.label} (not set up)`),
    ),
  );
  const id = freshId("voice");
  const voiceField = h("div", { class: "field" });
  let voice = null;
  const first = ways.findIndex(({ ready }) => ready);
  if (first >= 0) way.value = String(first);
  const chosen = () => (first < 0 ? null : ways[Number(way.value)]);
  /** A program tells its voices; a service has too many, and takes one by its id. */
  function fill() {
    const { voices: names = [], model = null } = chosen() ?? {};
    const options = names.map((name) => h("option", { value: name }, name));
    if (names.length)
      voice = h("select", { class: "input", id }, h("option", { value: "" }, "The program's own"), options);
    else voice = h("input", { class: "input", id, placeholder: "Id of the voice", spellcheck: "false" });
    voiceField.hidden = !voices || (!names.length && model !== null);
    voiceField.replaceChildren(h("label", { for: id }, "Voice"), voice);
  }
  way.addEventListener("change", fill);
  fill();
  const problem = first < 0 ? ways.map((one) => one.problem).find(Boolean) : null;
  const element = h(
    "div",
    { class: "choice" },
    h("div", { class: "field" }, h("label", { for: way.id }, "Provider"), way),
    voiceField,
    first < 0 && h("p", { class: "field-error", role: "alert" }, `Nothing is set up for this. ${problem ?? ""}`),
  );
  return {
    element,
    ready: first >= 0,
    value: () => ({ provider: chosen().provider, model: chosen().model, voice: voice.value.trim() || null }),
  };
}
