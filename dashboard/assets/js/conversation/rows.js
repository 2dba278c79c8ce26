/**
 * Rows of a call's log as lines that people read.
 */

import { brief, clock, duration, humanKey, ms, plain, reasonName } from "../format.js";
import { stages } from "./latency.js";

/** Groups that the list can be narrowed to. */
export const GROUPS = {
  speech: "Speech",
  decision: "Decisions",
  tool: "Tools",
  result: "Results",
  media: "Connection",
  problem: "Problems",
};

/** `{group, sign, title, detail}` of a row. */
export function describe(row) {
  try {
    const make = KINDS[row.kind];
    if (make) return make(row);
  } catch {
    // A row of a newer host, perhaps: its name and its JSON are still worth showing.
  }
  return line("decision", "dot", humanKey(row.kind ?? "row"), "");
}

/** What the list is searched by. */
export function searchable(row) {
  const { group, title, detail } = describe(row);
  return `${group} ${row.kind} ${title} ${detail} ${row.seq}`.toLowerCase();
}

const KINDS = {
  event: (row) => (EVENTS[row.event.event] ?? otherEvent)(row.event.data ?? {}, row.event),
  actions: ({ actions }) => {
    if (!actions.length) return line("decision", "dot", "Decided to do nothing", "");
    return line(
      "decision",
      "right",
      `Decided: ${actions.map(({ action }) => humanKey(action)).join(", ")}`,
      actions.map(actionDetail).filter(Boolean).join("; "),
    );
  },
  dropped: ({ reason, event_seq: seq }) => line("problem", "alert", `Event ${seq} was dropped`, reason),
  component: ({ reason, digest }) =>
    line("decision", "agents", "Behaviour loaded", `${humanKey(reason)}, ${digest.slice(0, 12)}`),
  message: ({ message, index }) => {
    if (message.role === "user") return line("speech", "speech", "Caller", message.text);
    if (message.role === "tool") return line("tool", "tool", `Tool ${message.name} answered`, message.content);
    if (!message.text && !message.tool_calls?.length)
      return line("speech", "cut", `Message ${index} was not heard at all`, "");
    const asked = (message.tool_calls ?? []).map(({ name }) => name).join(", ");
    return line("speech", "talk", message.text ? "Agent, as heard" : `Agent asks for ${asked}`, message.text ?? "");
  },
  "effect-intent": ({ what, detail }) => line("tool", "tool", `About to: ${what}`, brief(plain(detail))),
  "effect-outcome": ({ status, value }) =>
    line(status === "ok" ? "tool" : "problem", "tool", `Outcome: ${status}`, brief(plain(value))),
  result: ({ name, value }) => line("result", "check", `Result: ${humanKey(name)}`, plain(value)),
  context: ({ context }) => line("decision", "edit", "Context changed", brief(plain(context))),
  note: ({ level, text }) =>
    line(
      level === "error" || level === "warn" ? "problem" : "decision",
      level === "error" || level === "warn" ? "alert" : "info",
      "Note",
      text,
    ),
  emitted: ({ name, payload }) => line("result", "send", `Emitted ${name}`, brief(plain(payload))),
  "media-started": () => line("media", "link", "Audio connected", ""),
  "media-stopped": ({ reason }) => line("media", "link", "Audio disconnected", humanKey(reason)),
  latency: (row) =>
    line(
      "speech",
      "clock",
      `Turn ${row.turn} answered after ${ms(stages(row).total)}`,
      row.host_added_ms == null ? "" : `of which the host's own share is ${ms(row.host_added_ms)}`,
    ),
  "barge-in": ({ outcome, speech_ms: speech, clear_ms: clear }) =>
    outcome === "confirmed"
      ? line(
          "speech",
          "cut",
          "The caller interrupted",
          `the agent was silent ${ms(clear - speech)} after the speech began`,
        )
      : line("speech", "cut", "Sound without words", "the agent went on"),
  provider: ({ part, what, message }) => line("problem", "alert", `${PARTS[part] ?? part}: ${what}`, message),
  ended: ({ reason, duration_ms: length }) =>
    line("media", "hang-up", `Ended: ${reasonName(reason)}`, `after ${duration(length)}`),
};

/** What failed, for people. */
export const PARTS = {
  stt: "Speech recognition",
  tts: "Speech synthesis",
  llm: "Language model",
  tool: "Tool",
  behaviour: "Behaviour",
  carrier: "Carrier",
  denied: "Not allowed",
};

const EVENTS = {
  started: ({ channel, agent_version: version }) =>
    line("media", "play", "Started", `${humanKey(channel ?? "")}, version ${version} of the agent`),
  resumed: ({ reason }) => line("media", "refresh", "Went on", humanKey(reason ?? "")),
  configured: () => line("decision", "sliders", "Settings changed", ""),
  "user-turn": ({ number, text, confidence }) =>
    line(
      "speech",
      "speech",
      `Turn ${number}`,
      confidence == null ? text : `${text} (confidence ${Math.round(confidence * 100)} %)`,
    ),
  digits: ({ digits }) => line("speech", "keypad", `Keys ${digits}`, ""),
  silence: ({ count, silent_ms: silent }) =>
    line("speech", "clock", `Nobody spoke for ${duration(silent)}`, `time ${count}`),
  said: ({ heard }) => line("speech", "talk", "Said to the end", heard),
  interrupted: ({ heard }) => line("speech", "cut", "Interrupted", heard ? `heard: ${heard}` : "nothing was heard"),
  generated: ({ heard, text, usage }) =>
    line(
      "speech",
      "talk",
      "Answer complete",
      `${heard || text}${usage?.output_tokens ? ` (${usage.output_tokens} tokens)` : ""}`,
    ),
  "tool-requested": ({ name, args }) => line("tool", "tool", `The model asks for ${name}`, brief(plain(args))),
  "tool-finished": ({ name, status, value }) =>
    line(status === "ok" ? "tool" : "problem", "tool", `Tool ${name}: ${status}`, brief(plain(value))),
  "effect-done": ({ effect, status }) => line("decision", "dot", `Action ${effect}: ${status}`, ""),
  timer: () => line("decision", "clock", "Timer", ""),
  "context-changed": () => line("decision", "edit", "Context changed", ""),
  transferred: ({ status }) => line("media", "phone", `Transfer: ${humanKey(status)}`, ""),
  control: ({ kind }) => line("decision", "sliders", `Control: ${humanKey(kind)}`, ""),
  failed: ({ part, code, message }) => line("problem", "alert", `${PARTS[part] ?? part}: ${humanKey(code)}`, message),
  denied: ({ action, rule, message }) =>
    line("problem", "alert", `Not allowed: ${humanKey(action)} (${humanKey(rule)})`, message),
  swapped: () => line("decision", "agents", "Another behaviour took over", ""),
  ended: ({ reason }) => line("media", "hang-up", "The behaviour was told of the end", reasonName(reason)),
};

function otherEvent(data, { event }) {
  return line("decision", "dot", humanKey(event), Object.keys(data).length ? brief(plain(data)) : "");
}

function actionDetail({ action, data }) {
  if (action === "say") return `“${brief(data.text, 80)}”`;
  if (action === "call-tool") return `${data.name} ${brief(plain(data.args), 60)}`;
  if (action === "set-result") return `${humanKey(data.name)} = ${brief(plain(data.value), 60)}`;
  if (action === "hang-up") return humanKey(data.reason ?? "");
  if (action === "set-timer") return clock(data.after_ms);
  return "";
}

function line(group, sign, title, detail) {
  return { group, sign, title, detail: String(detail ?? "") };
}
