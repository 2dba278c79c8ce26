/**
 * What is looked after beside agents: sessions, components, people, keys, secrets, webhooks, what was used and who did
 * what. Each has a page; those that a role forbids are not there.
 */

import { h, icon, setText } from "../dom.js";
import { may } from "../session.js";

const SECTIONS = [
  { name: "sessions", label: "Sessions", least: "viewer", load: () => import("../manage/sessions.js") },
  { name: "usage", label: "Usage", least: "viewer", load: () => import("../manage/usage.js") },
  { name: "components", label: "Components", least: "viewer", load: () => import("../manage/components.js") },
  { name: "users", label: "People", least: "admin", load: () => import("../manage/users.js") },
  { name: "keys", label: "API keys", least: "admin", load: () => import("../manage/keys.js") },
  { name: "secrets", label: "Secrets", least: "admin", load: () => import("../manage/secrets.js") },
  { name: "webhooks", label: "Webhooks", least: "admin", load: () => import("../manage/webhooks.js") },
  { name: "audit", label: "Audit log", least: "admin", load: () => import("../manage/audit.js") },
  { name: "tenants", label: "Tenants", least: "operator", load: () => import("../manage/tenants.js") },
];

/** Builds the view. */
export function create({ route }) {
  const allowed = SECTIONS.filter(({ least }) => may(least));
  const section = allowed.find(({ name }) => name === route.id) ?? allowed[0];
  const title = h("h1", null, section.label);
  const about = h("p", { class: "about", dir: "auto" });
  const actions = h("div", { class: "row" });
  const slot = h("div", { class: "stack", "aria-busy": "true" }, h("div", { class: "skeleton card-size" }));
  const links = allowed.map(({ name, label }) =>
    h("a", { class: "tab", href: `#/manage/${name}`, "aria-current": name === section.name ? "page" : null }, label),
  );
  const strip = h("nav", { class: "tabs sections", "aria-label": "Manage" }, links);
  const element = h(
    "div",
    { class: "page manage" },
    strip,
    h("header", { class: "page-head" }, h("div", { class: "page-title" }, title, about), actions),
    slot,
  );
  /** What a section says of itself: a title, what it is about, what can be done. */
  const head = {
    title: (text) => setText(title, text),
    about: (text) => setText(about, text),
    actions: (...buttons) => actions.replaceChildren(...buttons.filter(Boolean)),
  };

  async function load() {
    let content;
    try {
      const { create: build } = await section.load();
      content = build({ route, head });
    } catch (error) {
      const text = h("p", null, "A part of the page could not be loaded. Is the host still running?");
      content = h("div", { class: "blank", role: "alert" }, icon("alert"), h("h2", null, "Not loaded"), text);
      console.error(error);
    }
    slot.removeAttribute("aria-busy");
    slot.replaceChildren(content);
  }

  load();
  requestAnimationFrame(() =>
    strip.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }),
  );
  return { element };
}
