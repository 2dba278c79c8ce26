/**
 * What surrounds every view: navigation, the sign of a call under way, theme, shortcuts, sign-out.
 */

import { button, h, icon, relabel } from "./dom.js";
import { failed } from "./ui/toast.js";
import { go } from "./router.js";
import { logout, may } from "./session.js";
import { popover } from "./ui/popover.js";
import { recall, remember } from "./settings.js";
import { shortcut } from "./ui/keys.js";

const PLACES = [
  { view: "talk", label: "Talk", sign: "talk", key: "g t", least: "editor" },
  { view: "calls", label: "Calls", sign: "calls", key: "g c" },
  { view: "agents", label: "Agents", sign: "agents", key: "g a" },
  { view: "speech", label: "Speech", sign: "speech", key: "g s", least: "editor" },
  { view: "manage", label: "Manage", sign: "manage", key: "g m" },
];
/** Views that are reached from another one. */
const WITHIN = { templates: "agents" };
const THEMES = [
  { name: null, label: "Theme: as the system", sign: "auto" },
  { name: "light", label: "Theme: light", sign: "sun" },
  { name: "dark", label: "Theme: dark", sign: "moon" },
];

/** Builds the frame in `root`; gives `{main, mark, live}`. */
export function frame(root, who) {
  const places = PLACES.filter(({ least = "viewer" }) => may(least));
  const links = places.map(({ view, label, sign }) =>
    h(
      "a",
      { href: `#/${view}`, class: "place", "data-view": view },
      icon(sign),
      h("span", { class: "label" }, label),
      view === "talk" &&
        h("span", { class: "live-dot", hidden: true }, h("span", { class: "hidden-text" }, "call under way")),
    ),
  );
  const main = h("main", { id: "main", tabIndex: -1 });
  root.classList.remove("booting");
  root.removeAttribute("aria-busy");
  root.replaceChildren(
    h(
      "div",
      { class: "shell" },
      h(
        "nav",
        { class: "rail", "aria-label": "Main" },
        h(
          "a",
          { class: "brand", href: "#/talk", "aria-label": "Trunkline, to the first view" },
          mark(),
          h("span", { class: "label" }, "Trunkline"),
        ),
        h("div", { class: "places" }, links),
        account(who),
      ),
      main,
    ),
  );
  for (const { view, label, key } of places) shortcut(key, `Go to ${label}`, () => go(`#/${view}`));
  return {
    main,
    /** Marks the place that is shown. */
    mark(view) {
      for (const link of links) {
        if (link.dataset.view === (WITHIN[view] ?? view)) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
      }
    },
    /** Shows that a call is under way, wherever its person looks. */
    live(on) {
      for (const dot of root.querySelectorAll(".live-dot")) dot.hidden = !on;
    },
  };
}

function account(who) {
  const theme = button("Theme", { kind: "quiet", sign: "auto" }, () => {
    const at = THEMES.findIndex(({ name }) => name === recall("theme"));
    apply(theme, THEMES[(at + 1) % THEMES.length]);
  });
  apply(theme, THEMES.find(({ name }) => name === recall("theme")) ?? THEMES[0]);
  const help = async () => (await import("./ui/help.js")).showShortcuts();
  const keys = button("Keyboard shortcuts", { kind: "quiet", sign: "keyboard" }, help);
  shortcut("?", "Show the shortcuts", help);
  shortcut("d", "Change the theme", () => theme.click());
  const leave = button("Sign out", { kind: "quiet", sign: "out" }, async () => {
    try {
      await logout();
      location.reload();
    } catch (problem) {
      failed(problem, "You are still signed in.");
    }
  });
  const docs = h(
    "a",
    { class: "button quiet", href: "/docs" },
    icon("book"),
    h("span", { class: "label" }, "API reference"),
  );
  const menu = h("div", { class: "account-menu" }, theme, keys, docs, leave);
  const more = button("More", { sign: "more", kind: "quiet more" });
  const person = h(
    "p",
    { class: "person" },
    h("span", { dir: "auto" }, who.tenant?.name ?? "Trunkline"),
    h("small", { dir: "auto" }, who.name),
  );
  const box = h("div", { class: "account" }, person, more, menu);
  popover(more, menu);
  return box;
}

function apply(element, { name, label, sign }) {
  remember("theme", name);
  if (name) document.documentElement.dataset.theme = name;
  else delete document.documentElement.dataset.theme;
  relabel(element, label, sign);
}

/** The product's own sign. */
export function mark() {
  const sign = icon("talk");
  return h("span", { class: "brand-mark" }, sign);
}
