/**
 * Builds elements. Text arrives as text nodes only, so nothing that a person or an agent wrote can become markup.
 */

import { paths } from "./icons.js";

/** An element with properties and children; strings become text, null and false are left out. */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) set(element, name, value);
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}

function set(element, name, value) {
  if (value == null || value === false) return;
  if (name === "class") element.className = value;
  else if (name === "text") element.textContent = value;
  else if (name === "on")
    for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
  else if (name in element && typeof value !== "string") element[name] = value;
  else element.setAttribute(name, value === true ? "" : value);
}

/** A drawn sign; what it means must stand beside it or in its button's label. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  const path = document.createElementNS(svg.namespaceURI, "path");
  path.setAttribute("d", paths[name] ?? paths.dot);
  svg.append(path);
  return svg;
}

/** A button with a sign and a label. `bare`: the label is for screen readers and the tooltip only. */
export function button(label, { sign, bare, kind = "", shortcut, ...props } = {}, onclick) {
  const title = bare ? (shortcut ? `${label} (${shortcut})` : label) : null;
  return h(
    "button",
    {
      type: "button",
      class: `button ${kind} ${bare ? "bare" : ""}`.trim(),
      title,
      "aria-label": bare ? label : null,
      "aria-keyshortcuts": shortcut,
      on: onclick ? { click: onclick } : {},
      ...props,
    },
    sign && icon(sign),
    !bare && h("span", { class: "label" }, label),
  );
}

/** Changes a button's sign and label in place, so that focus stays. */
export function relabel(element, label, sign) {
  if (sign) element.querySelector("svg")?.replaceWith(icon(sign));
  const text = element.querySelector(".label");
  if (text) text.textContent = label;
  else {
    element.title = element.ariaKeyShortcuts ? `${label} (${element.ariaKeyShortcuts})` : label;
    element.setAttribute("aria-label", label);
  }
}

/** Sets text only when it differs: an unchanged node is neither repainted nor read out again. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Says a line to screen readers, after whatever they are saying. */
export function announce(text) {
  const region = document.getElementById("announcer");
  if (!region || !text) return;
  region.append(h("p", { dir: "auto" }, text));
  while (region.childElementCount > 20) region.firstElementChild.remove();
}

/** Loads a style sheet once; resolves when it applies. */
export function stylesheet(name) {
  const href = `/assets/css/${name}.css`;
  const known = document.querySelector(`link[href="${href}"]`);
  if (known) return known.loading ?? Promise.resolve();
  const link = h("link", { rel: "stylesheet", href });
  link.loading = new Promise((resolve) => {
    link.addEventListener("load", resolve);
    link.addEventListener("error", resolve);
  });
  document.head.append(link);
  return link.loading;
}

let ids = 0;

/** An id that no other element has, for labels and descriptions. */
export function freshId(prefix) {
  ids += 1;
  return `${prefix}-${ids}`;
}
