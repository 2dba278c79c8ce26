/**
 * Which versions of an agent answer: the latest or a pinned one, and another one for a share of callers.
 */

import { button, h } from "../dom.js";
import { choice, number } from "../ui/fields.js";
import { get, request } from "../http.js";
import { act } from "../ui/act.js";
import { form } from "../ui/form.js";
import { may } from "../session.js";
import { toast } from "../ui/toast.js";

const STICKY = [
  ["caller", "The caller's number"],
  ["user", "The user of the session"],
  ["call", "Nothing: each call anew"],
];

/** Gives `{element, load, served}`; `onchange()` after each change. */
export function servingView({ onchange }) {
  const element = h("section", { class: "serving", "aria-label": "Who is answered by which version" });
  let agent = null;
  let served = null;

  /** Reads what is served of an agent. */
  async function load(next) {
    agent = next;
    take(await get(`/agents/${agent.agent_id}/serving`));
  }

  function take(next) {
    served = next;
    element.replaceChildren(h("p", null, inWords(served)), may("editor") ? actions() : "");
  }

  function actions() {
    const { pinned, rollout } = served;
    return h(
      "div",
      { class: "row" },
      agent.version > 1 &&
        button(rollout ? "Change the share" : "Roll out to a share", { kind: "small", id: "roll-out" }, rollOut),
      rollout && button("End the rollout", { kind: "small", id: "end-rollout" }, endRollout),
      button("Pin a version", { kind: "small", id: "pin" }, pin),
      pinned && button("Let the latest answer all", { kind: "small", id: "unpin" }, unpin),
    );
  }

  const unpin = () => act(() => putPin(null), "The latest version answers all callers.");

  const versions = () =>
    Array.from({ length: agent.version }, (_, at) => String(agent.version - at)).map((one) => [one, `Version ${one}`]);

  function rollOut() {
    const { version = agent.version, percent = 10, sticky = "caller" } = served.rollout ?? {};
    form({
      title: "Roll out to a share of callers",
      about: "The others are answered as before. Who was chosen stays chosen while the share grows.",
      submit: "Roll out",
      fields: [
        choice("version", "Version", versions(), { value: String(version) }),
        number("percent", "Of 100 callers", { value: percent }),
        choice("sticky", "Callers are told apart by", STICKY, { value: sticky }),
      ],
      async onsubmit({ version: chosen, ...share }) {
        const body = { ...share, version: Number(chosen) };
        changed(await request("PUT", `/agents/${agent.agent_id}/rollout`, { body }));
        toast(`Version ${chosen} answers ${share.percent} of 100 callers.`, { tone: "good" });
      },
    });
  }

  const endRollout = () =>
    act(
      async () => changed(await request("DELETE", `/agents/${agent.agent_id}/rollout`)),
      `The rollout has ended: version ${served.version} answers all callers.`,
      "The rollout could not be ended.",
    );

  function pin() {
    form({
      title: "Pin a version",
      about: "It answers all callers, whatever is saved after it, until the latest is let in again.",
      submit: "Pin",
      fields: [choice("version", "Version", versions(), { value: String(served.version) })],
      async onsubmit({ version }) {
        await putPin(Number(version));
        toast(`Version ${version} is pinned.`, { tone: "good" });
      },
    });
  }

  async function putPin(version) {
    changed(await request("PUT", `/agents/${agent.agent_id}/pin`, { body: { version } }));
  }

  function changed(next) {
    take(next);
    onchange();
  }

  return { element, load, served: () => served };
}

function inWords({ version, pinned, rollout }) {
  if (!rollout)
    return pinned
      ? `Version ${version} is pinned: it answers all callers, whatever is saved after it.`
      : `Version ${version}, the latest, answers all callers.`;
  const by = { caller: "told apart by their number", user: "told apart by their user", call: "each call anew" };
  return `Version ${rollout.version} answers ${rollout.percent} of 100 callers, ${by[rollout.sticky]}; version ${version} the others.`;
}
