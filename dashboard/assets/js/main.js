/**
 * Starts the page: signs in, builds the frame, shows the view that the address names.
 */

import { frame } from "./shell.js";
import { get, onSignedOut } from "./http.js";
import { go, routes } from "./router.js";
import { h, stylesheet } from "./dom.js";
import { listen } from "./ui/keys.js";
import { login, may, me, takeCode } from "./session.js";
import { recall } from "./settings.js";
import * as talk from "./views/talk.js";

const TITLES = {
  talk: "Talk",
  calls: "Calls",
  agents: "Agents",
  templates: "Templates",
  speech: "Speech",
  manage: "Manage",
};
/** Views that are of use to those only who may talk with agents. */
const SPOKEN = new Set(["talk", "speech"]);
/** What the views beside the first need. */
const STYLES = ["pages", "records", "conversation", "dock"];
const root = document.getElementById("app");

/** How each view comes: the first with the page, the others when they are asked for. */
const VIEWS = {
  talk: () => talk,
  calls: (id) => (id ? import("./views/call.js") : import("./views/calls.js")),
  agents: (id) => (id ? import("./views/agent.js") : import("./views/agents.js")),
  templates: (id) => (id ? import("./views/template.js") : import("./views/templates.js")),
  speech: () => import("./views/speech.js"),
  manage: () => import("./views/manage.js"),
};

let shown = false;

start();

// A login link that is opened where the page is already.
addEventListener("hashchange", () => location.hash.startsWith("#login=") && location.reload());

// As a link it would be a view of its own.
document.querySelector(".skip-link").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main")?.focus();
});

async function start() {
  const code = takeCode();
  // Asked for beside the session, not after it: the first view needs them at once.
  const tenant = recall("tenant");
  const early = code ? null : firstData();
  let problem = null;
  let who = null;
  if (code) who = await login({ code }).catch((error) => void (problem = error));
  if (!who) {
    who = await me().catch((error) => {
      // A used link is the better explanation, if there was one.
      problem ??= error;
      return null;
    });
  } else problem = null;
  if (!who) return signIn(code ? problem : problem.status === 401 ? null : problem);
  return show(who, early && recall("tenant") === tenant ? early : firstData(), problem);
}

function firstData() {
  const agents = get("/agents?limit=200", { quiet: true });
  const current = get("/agents/current", { quiet: true });
  for (const promise of [agents, current]) promise.catch(() => {});
  return { agents, current };
}

async function signIn(problem) {
  const { showLogin } = await import("./views/login.js");
  // Somebody who comes back gets a fresh page: nothing of the session that ended is left in it.
  showLogin(root, problem, (who) => (shown ? location.reload() : show(who, firstData(), null)));
}

function show(who, first, problem) {
  shown = true;
  const shell = frame(root, who);
  let current = null;
  let turn = 0;
  const kept = talk.create({ first, shell, problem });
  onSignedOut(() => {
    kept.stop();
    signIn({ message: "Your session has ended." });
  });
  listen();
  routes(async (route) => {
    if (SPOKEN.has(route.view) && !may("editor")) return void go("#/calls", { replace: true });
    const mine = ++turn;
    shell.mark(route.view);
    document.title = `${TITLES[route.view]} · Trunkline`;
    current?.leave?.();
    current = null;
    // The talk view stays as it is while others are looked at: its call goes on.
    if (route.view === "talk") {
      shell.main.replaceChildren(kept.element);
      kept.enter(route);
      current = kept;
    } else {
      shell.main.replaceChildren(skeleton(TITLES[route.view]));
      const [module] = await Promise.all([VIEWS[route.view](route.id), ...STYLES.map(stylesheet)]);
      if (mine !== turn) return;
      const view = module.create({ route, shell });
      shell.main.replaceChildren(view.element);
      current = view;
    }
    if (mine > 1 && !shell.main.contains(document.activeElement)) focusHeading(shell.main);
  });
  performance.mark("trunkline:interactive");
}

function focusHeading(main) {
  const heading = main.querySelector("h1");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

function skeleton(title) {
  return h(
    "div",
    { class: "page", "aria-busy": "true" },
    h("h1", null, title),
    Array.from({ length: 5 }, () => h("div", { class: "skeleton line" })),
  );
}
