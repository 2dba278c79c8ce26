/**
 * The versions of an agent: who made them and why, which of them answer, what differs, and the way back.
 */

import { button, h, setText } from "../dom.js";
import { get, query, request } from "../http.js";
import { act } from "../ui/act.js";
import { confirm } from "../ui/confirm.js";
import { copy } from "../ui/copy.js";
import { differences } from "./differences.js";
import { failed } from "../ui/toast.js";
import { may } from "../session.js";
import { moment } from "../ui/moment.js";
import { servingView } from "./serving.js";

const PAGE = 30;

/** Gives `{element, show}`; `onsaved(agent)` after a way back. */
export function versionsView({ onsaved }) {
  const serving = servingView({ onchange: mark });
  const comparison = comparisonView();
  const list = h("ol", { class: "versions" });
  const older = button("Load more", {}, () => load({ append: true }));
  const element = h("div", { class: "stack" }, serving.element, comparison.element, list, older);
  let agent = null;
  let cursor = null;

  /** Shows the versions of an agent as they are now. */
  function show(next) {
    agent = next;
    comparison.reset(agent);
    return load();
  }

  async function load({ append = false } = {}) {
    if (!append) cursor = null;
    older.disabled = true;
    try {
      const [page] = await Promise.all([
        get(`/agents/${agent.agent_id}/versions${query({ limit: PAGE, cursor })}`),
        append ? null : serving.load(agent),
      ]);
      cursor = page.next_cursor;
      const rows = page.items.map((version) => versionRow(version, { latest: agent.version, compare, rollBack }));
      if (append) list.append(...rows);
      else list.replaceChildren(...rows);
      older.hidden = !cursor;
      mark();
    } catch (problem) {
      failed(problem, "The versions could not be read.");
    } finally {
      older.disabled = false;
    }
  }

  /** Says at each version whom it answers. */
  function mark() {
    const { version, pinned, rollout } = serving.served();
    for (const chip of list.querySelectorAll("[data-version]")) {
      const here = Number(chip.dataset.version);
      const says = [
        here === version && (pinned ? "In force, pinned" : "In force"),
        here === rollout?.version && `${rollout.percent} of 100 callers`,
      ].filter(Boolean);
      setText(chip, says.join(", "));
      chip.hidden = !says.length;
    }
  }

  function compare(version) {
    comparison.show(version > 1 ? version - 1 : 1, version > 1 ? version : agent.version);
  }

  async function rollBack({ version }) {
    const text = `Its contract becomes a new version. Version ${agent.version} is kept, and you can go back to it.`;
    if (!(await confirm(`Go back to version ${version}?`, text, "Roll back", { kind: "primary" }))) return;
    const headers = { "if-match": `"${agent.version}"` };
    const { pinned } = serving.served();
    const from = agent.version;
    const when = pinned ? "The pinned version answers on." : "It takes effect with the next call.";
    await act(
      async () => onsaved(await request("POST", `/agents/${agent.agent_id}/rollback`, { body: { version }, headers })),
      `Version ${version} is back, as version ${from + 1}. ${when}`,
      "The version could not be restored.",
    );
  }

  return { element, show };
}

function versionRow(version, { latest, compare, rollBack }) {
  const text = JSON.stringify(version.document, null, 2);
  const about = [version.summary, version.author && `by ${version.author}`].filter(Boolean).join(", ");
  return h(
    "li",
    null,
    h(
      "details",
      { class: "version-row" },
      h(
        "summary",
        null,
        h("strong", null, `Version ${version.version}`),
        h("span", { class: "chip", title: KINDS[kindOf(version)] }, `${version.semver} ${kindOf(version)}`),
        h("span", { class: "chip good", "data-version": version.version, hidden: true }),
        h("span", { class: "version-about", dir: "auto" }, about),
        moment(version.created_at_ms),
      ),
      h(
        "div",
        { class: "row" },
        version.version !== latest &&
          may("editor") &&
          button("Roll back to it", { sign: "history", kind: "small" }, () => rollBack(version)),
        latest > 1 && button("Compare", { kind: "small compare" }, () => compare(version.version)),
        button("Copy", { sign: "copy", kind: "small quiet" }, () => copy(text, "The contract")),
      ),
      h("pre", { class: "raw", dir: "ltr", tabIndex: 0 }, text),
    ),
  );
}

const KINDS = {
  first: "The first version",
  major: "Its type, its component or a field of its answers changed",
  minor: "Something was added, or what it works with changed",
  patch: "Words or settings changed",
};

function kindOf({ version, semver }) {
  const [, minor, patch] = semver.split(".");
  if (version === 1) return "first";
  if (patch !== "0") return "patch";
  return minor !== "0" ? "minor" : "major";
}

/** What differs between two versions that can be chosen. */
function comparisonView() {
  const from = picker("From", "compare-from");
  const to = picker("To", "compare-to");
  const result = h("div", { "aria-live": "polite" });
  const element = h(
    "section",
    { class: "comparison", "aria-label": "Comparison", hidden: true },
    h(
      "header",
      null,
      h("h3", null, "What differs"),
      h("div", { class: "row" }, from, h("span", { "aria-hidden": "true" }, "→"), to),
      button("Close the comparison", { sign: "close", bare: true, kind: "quiet small" }, () => (element.hidden = true)),
    ),
    result,
  );
  let agent = null;
  let turn = 0;

  function picker(label, id) {
    return h("select", { id, class: "input small", "aria-label": label, on: { change: load } });
  }

  async function load() {
    const mine = ++turn;
    try {
      const between = query({ from: from.value, to: to.value });
      const { changes } = await get(`/agents/${agent.agent_id}/diff${between}`);
      if (mine !== turn) return;
      const rows = changes.map((change) => [change.pointer, change.from, change.to]);
      const names = ["Where", `Version ${from.value}`, `Version ${to.value}`];
      result.replaceChildren(differences(rows, names) ?? h("p", { class: "about" }, "They are the same."));
    } catch (problem) {
      if (mine === turn) failed(problem, "The versions could not be compared.");
    }
  }

  return {
    element,
    /** Another agent, or a version more: what was compared is out of date. */
    reset(next) {
      agent = next;
      element.hidden = true;
      for (const select of [from, to])
        select.replaceChildren(
          ...Array.from({ length: agent.version }, (_, at) => {
            const version = agent.version - at;
            return h("option", { value: String(version) }, `Version ${version}`);
          }),
        );
    },
    show(older, newer) {
      from.value = String(older);
      to.value = String(newer);
      element.hidden = false;
      element.scrollIntoView({ block: "nearest" });
      return load();
    },
  };
}
