/**
 * The transcript: what was said, what of it was heard, who interrupted whom, and how long answers took.
 */

import { announce, button, h, icon, setText } from "../dom.js";
import { clock, ms, plain } from "../format.js";
import { delayTable } from "./delay.js";
import { PARTS } from "./rows.js";
import { stages } from "./latency.js";

/** How near to its end the list must be to follow new lines, px. */
const FOLLOW = 80;

/** Shows a conversation; gives `{element, show}`. `names`: `{agent, user}`. */
export function transcriptView({ names, footer = null }) {
  const list = h("ol", { class: "lines" });
  const waiting = h(
    "div",
    { class: "waiting", hidden: true },
    h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
    h("span", { class: "hidden-text" }, "The agent is about to answer"),
  );
  const latest = button("To the newest line", { sign: "down", kind: "latest" }, () => follow(true));
  latest.hidden = true;
  const inner = h("div", { class: "transcript-inner" }, list, waiting, footer);
  const scroller = h(
    "div",
    { class: "transcript", id: "transcript", role: "region", "aria-label": "Transcript", tabIndex: 0 },
    inner,
  );
  const element = h("div", { class: "transcript-frame" }, scroller, latest);
  const nodes = new Map();
  const interim = lineNode("user", names, "interim");
  let conversation = null;
  let following = true;

  scroller.addEventListener("scroll", () => {
    following = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < FOLLOW;
    if (following) latest.hidden = true;
  });

  function follow(force = false) {
    if (force) following = true;
    if (following) scroller.scrollTop = scroller.scrollHeight;
    else latest.hidden = false;
  }

  const onchange = () => {
    const changed = draw();
    if (changed) follow();
  };
  const online = ({ detail }) => say(detail, names);

  /** Shows another conversation; `quiet`: lines are not read out, because they are old. */
  function show(next, { quiet = false } = {}) {
    conversation?.removeEventListener("change", onchange);
    conversation?.removeEventListener("line", online);
    conversation = next;
    nodes.clear();
    list.replaceChildren();
    following = true;
    latest.hidden = true;
    waiting.hidden = true;
    if (!next) return;
    next.addEventListener("change", onchange);
    if (!quiet) next.addEventListener("line", online);
    draw();
    follow();
  }

  /** Brings the nodes up to date; says whether anything changed. */
  function draw() {
    const before = list.textContent.length + list.childElementCount;
    const answers = conversation.answers();
    const wanted = [];
    const failures = conversation.failures.slice();
    const failuresUpTo = (index) => {
      while (failures.length && failures[0].after < index) wanted.push(failureOf(failures.shift()));
    };
    for (const line of conversation.ordered()) {
      failuresUpTo(line.index);
      let node = nodes.get(line.index);
      if (!node || node.role !== line.role) {
        node = line.role === "tool" ? toolNode() : lineNode(line.role, names);
        nodes.set(line.index, node);
      }
      node.draw(line, answers.get(line.index), conversation);
      wanted.push(node);
    }
    failuresUpTo(Infinity);
    conversation.pending.forEach((entry, at) => {
      const key = `pending-${at}`;
      const node = nodes.get(key) ?? lineNode("user", names, "pending");
      nodes.set(key, node);
      node.draw({ role: "user", text: entry.text, at_ms: null, tool_calls: [] });
      wanted.push(node);
    });
    if (conversation.interim) {
      interim.draw({ role: "user", text: conversation.interim, at_ms: null, tool_calls: [] });
      wanted.push(interim);
    }
    place(wanted.filter((node) => !node.element.hidden).map((node) => node.element));
    waiting.hidden = !conversation.thinking || Boolean(conversation.interim);
    return before !== list.textContent.length + list.childElementCount || !waiting.hidden;
  }

  function failureOf(failure) {
    const key = `failure-${failure.seq}`;
    if (!nodes.has(key)) nodes.set(key, failureNode(failure));
    return nodes.get(key);
  }

  /** Moves as little as possible, so that selections and open details stay. */
  function place(elements) {
    elements.forEach((element_, at) => {
      if (list.children[at] !== element_) list.insertBefore(element_, list.children[at] ?? null);
    });
    while (list.childElementCount > elements.length) list.lastElementChild.remove();
  }

  return { element, show, follow };
}

function lineNode(role, names, state = "") {
  const heard = h("span", { class: "heard" });
  const lost = h("del", { class: "not-heard", hidden: true });
  const lostNote = h("span", { class: "hidden-text", hidden: true }, " Not heard: ");
  const gap = document.createTextNode("");
  const text = h("p", { class: "said", dir: "auto" }, heard, gap, lostNote, lost);
  const meta = h("div", { class: "meta" });
  const calls = h("div", { class: "asked" });
  const who = h("span", { class: "hidden-text" }, `${role === "user" ? names.user : names.agent}: `);
  const element = h(
    "li",
    { class: `line ${role} ${state}`.trim(), "aria-hidden": state === "interim" ? "true" : null },
    who,
    text,
    calls,
    meta,
  );
  let drawn = "";
  function draw(line, latency, conversation) {
    const settled = Boolean(line.seq || line.done || state);
    const shown = settled ? line.text : (line.spoken ?? "");
    setText(heard, shown);
    const missing = settled ? (line.not_heard ?? "") : "";
    setText(lost, missing);
    gap.data = shown && /^[\p{L}\p{N}]/u.test(missing) && !/\s$/.test(shown) ? " " : "";
    lost.hidden = !missing;
    lostNote.hidden = !missing;
    text.hidden = !shown && !missing;
    const asked = (line.tool_calls ?? []).length;
    element.hidden = text.hidden && !asked;
    element.classList.toggle("speaking", !settled);
    element.classList.toggle("unheard", settled && role === "assistant" && !shown && Boolean(missing));
    // What stands below the words is built anew only when it changes: details that were opened stay open.
    const answers = (line.tool_calls ?? []).map((call) => conversation?.answerTo(call)?.text ?? null);
    const key = JSON.stringify([line.at_ms, line.interrupted, missing !== "", line.tool_calls, answers, latency?.turn]);
    if (key === drawn) return;
    drawn = key;
    calls.replaceChildren(...(line.tool_calls ?? []).map((call, at) => callNode(call, answers[at])));
    meta.replaceChildren(...metaOf(line, latency, missing));
  }
  return { role, element, draw };
}

function metaOf(line, latency, missing) {
  const parts = [];
  if (line.at_ms != null) parts.push(h("time", { title: "Time in the call" }, clock(line.at_ms)));
  if (line.interrupted)
    parts.push(h("span", { class: "chip warn" }, icon("cut"), missing ? "Interrupted here" : "Interrupted"));
  else if (missing)
    parts.push(h("span", { class: "chip warn" }, icon("cut"), line.text ? "Not all was heard" : "Not heard"));
  if (latency) parts.push(delayChip(latency));
  return parts;
}

function delayChip(latency) {
  const { total } = stages(latency);
  return h(
    "details",
    { class: "delay-chip" },
    h(
      "summary",
      { class: "chip" },
      icon("clock"),
      h("span", null, ms(total)),
      h("span", { class: "hidden-text" }, " until the answer began, by stages"),
    ),
    delayTable(latency),
  );
}

function callNode(call, answer) {
  return h(
    "details",
    { class: "tool-call" },
    h(
      "summary",
      null,
      icon(answer === null ? "tool" : "check"),
      h("span", null, call.name),
      h("span", { class: "tool-state" }, answer === null ? "under way" : "done"),
    ),
    h("h4", null, "Asked with"),
    h("pre", { dir: "auto" }, pretty(call.arguments)),
    answer !== null && [h("h4", null, "Answered"), h("pre", { dir: "auto" }, pretty(answer))],
  );
}

function toolNode() {
  const name = h("span");
  const body = h("pre", { dir: "auto" });
  const element = h(
    "li",
    { class: "line tool" },
    h("details", { class: "tool-call answer" }, h("summary", null, icon("check"), name), body),
  );
  function draw(line, latency, conversation) {
    // Where the call is shown, its answer is shown with it.
    element.hidden = conversation.asked(line);
    setText(name, `${line.tool ?? "Tool"} answered`);
    setText(body, pretty(line.text));
  }
  return { role: "tool", element, draw };
}

function failureNode({ part, text }) {
  return {
    element: h(
      "li",
      { class: "line failure" },
      icon("alert"),
      h("p", { dir: "auto" }, h("strong", null, `${PARTS[part] ?? part}: `), text),
    ),
  };
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return plain(text ?? "");
  }
}

function say(line, names) {
  if (line.role === "tool" || (!line.text && !line.not_heard)) return;
  const who = line.role === "user" ? names.user : names.agent;
  const missing = line.not_heard ? ` Not heard: ${line.not_heard}` : "";
  announce(`${who}: ${line.text}${missing}`);
}
