/**
 * The reference of the interface: what the host's own document says, by group, with a search.
 */

import { h } from "../dom.js";
import { matches, textOf } from "./words.js";
import { operationView, prose } from "./operation.js";

const main = document.getElementById("operations");
const groups = document.getElementById("groups");
const search = document.getElementById("search");
const found = document.getElementById("found");

start();

async function start() {
  try {
    const response = await fetch("/api/v1/openapi.json");
    if (!response.ok) throw new Error(`the host answered ${response.status}`);
    show(await response.json());
  } catch (error) {
    main.replaceChildren(h("p", { role: "alert" }, `The document cannot be shown: ${error.message}.`));
  }
  main.removeAttribute("aria-busy");
}

function show(reference) {
  const entries = Object.entries(reference.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      tag: operation.tags?.[0] ?? "",
      text: textOf(method, path, operation),
      element: operationView(reference, method, path, operation),
    })),
  );
  const sections = reference.tags
    .map(({ name, description }) => ({ name, description, entries: entries.filter((entry) => entry.tag === name) }))
    .filter((section) => section.entries.length > 0);
  for (const section of sections) {
    section.link = h("a", { href: `#group-${section.name}` }, section.name);
    section.element = h(
      "section",
      { class: "group", "aria-labelledby": `group-${section.name}` },
      h("h2", { id: `group-${section.name}`, tabindex: "-1" }, section.name),
      h("p", { class: "group-about" }, section.description),
      section.entries.map((entry) => entry.element),
    );
  }
  groups.replaceChildren(h("ul", null, sections.map((section) => h("li", null, section.link))));
  const introduction = h(
    "section",
    { class: "introduction" },
    h("h1", null, "The interface"),
    h("p", { class: "group-about" }, `Version ${reference.info.version}`),
    prose(reference.info.description),
  );
  main.replaceChildren(introduction, ...sections.map((section) => section.element));
  const filter = () => narrow(sections, introduction);
  search.addEventListener("input", filter);
  addEventListener("hashchange", open);
  addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement;
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && event.target === search && search.value) {
      search.value = "";
      filter();
    }
  });
  filter();
  open();
}

/** Shows what the search finds. */
function narrow(sections, introduction) {
  const query = search.value.trim();
  let count = 0;
  for (const section of sections) {
    const shown = section.entries.filter((entry) => {
      entry.element.hidden = !matches(entry, query);
      return !entry.element.hidden;
    });
    section.element.hidden = shown.length === 0;
    section.link.parentElement.hidden = shown.length === 0;
    count += shown.length;
  }
  introduction.hidden = query !== "";
  found.value = count === 1 ? "1 operation" : `${count} operations`;
}

/** Opens what the address names. */
function open() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target instanceof HTMLDetailsElement) target.open = true;
  target.scrollIntoView({ block: "start" });
  (target.querySelector("summary") ?? target).focus({ preventScroll: true });
}
