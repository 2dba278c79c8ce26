/**
 * Filters above a list: they stand in the address too, so that a filtered list can be kept and sent.
 */

import { h } from "../dom.js";

const TYPING_MS = 250;

/** Gives `{element, values, any, clear}`; `items`: `{name, label, options}`, without `options` a text. */
export function filters(items, { route, base, onchange }) {
  let timer = null;
  const controls = items.map(({ name, label, options }) => {
    const control = options
      ? h(
          "select",
          { class: "input small", "aria-label": label, "data-filter": name },
          h("option", { value: "" }, label),
          options.map(([value, text]) => h("option", { value }, text)),
        )
      : h("input", {
          class: "input small",
          type: "search",
          "aria-label": label,
          placeholder: label,
          "data-filter": name,
        });
    control.value = route.query.get(name) ?? "";
    control.addEventListener(options ? "change" : "input", () => {
      clearTimeout(timer);
      timer = setTimeout(changed, options ? 0 : TYPING_MS);
    });
    return { name, control };
  });
  const values = () =>
    Object.fromEntries(controls.map(({ name, control }) => [name, control.value.trim()]).filter(([, value]) => value));

  function changed() {
    const search = new URLSearchParams(values()).toString();
    history.replaceState(null, "", `${base}${search ? `?${search}` : ""}`);
    onchange();
  }

  return {
    element: h(
      "div",
      { class: "filters" },
      controls.map(({ control }) => control),
    ),
    values,
    any: () => Object.keys(values()).length > 0,
    clear() {
      for (const { control } of controls) control.value = "";
      changed();
    },
  };
}
