/**
 * What is known of one conversation: a projection of its log's rows, of words under way, and of the transcript.
 *
 * Rows may come more than once after a reconnect; what they amount to is the same.
 */

/** Actions after which the agent will say something. */
const ANSWERS = new Set(["say", "play", "generate", "call-tool", "answer-tool"]);

export class Conversation extends EventTarget {
  constructor() {
    super();
    /** Lines by their place in the history. */
    this.lines = new Map();
    /** Log rows by number, each with the JSON text it came as: numbers of 64 bits do not survive parsing. */
    this.rows = new Map();
    this.latencies = new Map();
    /** What failed, each with the place of the line before it: `{seq, after, part, text, at_ms}`. */
    this.failures = [];
    this.results = new Map();
    /** What the caller is saying, not final. */
    this.interim = "";
    /** What was typed and not confirmed yet. */
    this.pending = [];
    /** `{reason, duration_ms}` when it is over. */
    this.ended = null;
    this.thinking = false;
    this.lastSeq = 0;
  }

  /** Places of the caller's turns in the history. */
  #turns = new Map();
  #scheduled = false;

  /** Lines in order. */
  ordered() {
    return [...this.lines.values()].sort((a, b) => a.index - b.index);
  }

  /** Rows in order. */
  log() {
    return [...this.rows.values()].sort((a, b) => a.row.seq - b.row.seq);
  }

  /** Delays by the place of the line that they belong to: the first answer after the turn. */
  answers() {
    const lines = this.ordered();
    const found = new Map();
    for (const [turn, user] of this.#turns) {
      const first = lines.find(({ index, role }) => index > user && role === "assistant");
      const latency = this.latencies.get(turn);
      if (first && latency) found.set(first.index, latency);
    }
    return found;
  }

  /** The line that answers a tool call, if it came. */
  answerTo(call) {
    return [...this.lines.values()].find(({ role, call_id: id }) => role === "tool" && id === call.id) ?? null;
  }

  /** Whether the call that a tool's line answers is among the lines. */
  asked(line) {
    return [...this.lines.values()].some(({ tool_calls: calls }) => calls?.some(({ id }) => id === line.call_id));
  }

  /** Takes a row of the log. */
  row(row, raw = JSON.stringify(row)) {
    if (this.rows.has(row.seq)) return;
    this.rows.set(row.seq, { row, raw });
    this.lastSeq = Math.max(this.lastSeq, row.seq);
    this.#apply(row);
    this.#changed();
  }

  #apply(row) {
    switch (row.kind) {
      case "message":
        return this.#message(row);
      case "event":
        return this.#event(row);
      case "actions":
        return this.#actions(row);
      case "provider":
        return this.#failed(row, row.part, row.message);
      case "dropped":
        return this.#failed(row, "behaviour", row.reason);
      case "latency":
        return void this.latencies.set(row.turn, row);
      case "result":
        return void this.results.set(row.name, { value: row.value, at_ms: row.at_ms });
      case "ended":
        this.ended = { reason: row.reason, duration_ms: row.duration_ms };
        // What was begun and is in no row was never heard of again.
        for (const [index, line] of this.lines) if (!line.seq && !line.done) this.lines.delete(index);
        this.interim = "";
        this.thinking = false;
        return undefined;
      default:
        return undefined;
    }
  }

  #actions({ actions }) {
    if (!actions.some(({ action }) => ANSWERS.has(action))) this.thinking = false;
    // The greeting is being said before anybody can watch: what is said first is known from here alone.
    const first = this.lines.size === 0 && actions.find(({ action }) => action === "say");
    if (first) this.partial({ role: "assistant", index: 0, text: first.data.text });
  }

  #message(row) {
    const { role, text = "", content, name, tool_calls: calls } = row.message;
    const before = this.lines.get(row.index);
    const line = {
      index: row.index,
      role,
      text: role === "tool" ? (content ?? "") : text,
      at_ms: Math.min(before?.at_ms ?? row.at_ms, row.at_ms),
      corrected: Boolean(before?.seq) || Boolean(before?.corrected),
      tool_calls: calls ?? [],
      tool: name ?? null,
      call_id: row.message.id ?? before?.call_id ?? null,
      seq: row.seq,
    };
    if (role === "assistant") {
      line.interrupted = before?.interrupted ?? false;
      line.not_heard = row.not_heard ?? "";
    }
    this.lines.set(row.index, line);
    if (role === "user") {
      this.interim = "";
      this.pending.shift();
      this.thinking = true;
    } else if (role === "assistant") {
      this.thinking = false;
    }
    this.dispatchEvent(new CustomEvent("line", { detail: line }));
  }

  #failed({ seq, at_ms: at }, part, text) {
    // The provider's own row and what the behaviour is told of it are one failure to people.
    const last = this.failures.at(-1);
    if (last?.part === part && last.text === text && seq - last.seq < 4) return;
    const after = Math.max(
      -1,
      ...[...this.lines.values()].filter(({ seq: logged }) => logged).map(({ index }) => index),
    );
    this.failures.push({ seq, after, part, text, at_ms: at });
    this.thinking = false;
  }

  #event(row) {
    const { event, data } = row.event;
    if (event === "failed") return this.#failed(row, data.part, data.message);
    if (event === "denied") return this.#failed(row, "denied", `${data.action}: ${data.message}`);
    if (event === "user-turn") {
      const users = this.ordered().filter(({ role, text }) => role === "user" && text === data.text);
      if (users.length) this.#turns.set(data.number, users[users.length - 1].index);
    } else if (event === "interrupted") {
      const spoken = this.ordered().filter(({ role }) => role === "assistant");
      const line =
        spoken.findLast(({ text }) => text === data.heard) ?? spoken.findLast(({ not_heard: missing }) => missing);
      if (line) line.interrupted = true;
    }
    return undefined;
  }

  /** Takes words that are not logged: what the caller is saying, what the agent is about to have said. */
  partial({ role, index, text }) {
    if (role === "user") {
      this.interim = text;
    } else if (role === "assistant") {
      this.thinking = false;
      const known = this.lines.get(index);
      if (known?.seq && known.text === text) return;
      if (known) known.spoken = longer(known.spoken, text);
      else this.lines.set(index, { index, role, text: "", spoken: text, at_ms: null, tool_calls: [], not_heard: "" });
    }
    this.#changed();
  }

  /** More text of an answer that is being written. */
  delta({ index, text }) {
    const known = this.lines.get(index);
    if (known?.seq || known?.done) return;
    this.thinking = false;
    if (known) known.spoken = (known.spoken ?? "") + text;
    else
      this.lines.set(index, {
        index,
        role: "assistant",
        text: "",
        spoken: text,
        at_ms: null,
        tool_calls: [],
        not_heard: "",
      });
    this.#changed();
  }

  /** Takes a line of the transcript, the host's last word on it. */
  line(line) {
    const before = this.lines.get(line.index);
    const merged = {
      ...before,
      tool_calls: before?.tool_calls ?? [],
      ...line,
      not_heard: line.not_heard ?? "",
      done: true,
    };
    this.lines.set(line.index, merged);
    if (line.role === "user" && !before) this.pending.shift();
    if (line.role === "assistant") this.thinking = false;
    if (!before?.seq && !before?.done) this.dispatchEvent(new CustomEvent("line", { detail: merged }));
    this.#changed();
  }

  /** Something was typed; it is shown before the host confirms it. Gives a function that takes it back. */
  typed(text) {
    const entry = { text };
    this.pending.push(entry);
    this.thinking = true;
    this.#changed();
    return () => {
      const at = this.pending.indexOf(entry);
      if (at >= 0) this.pending.splice(at, 1);
      this.thinking = false;
      this.#changed();
    };
  }

  /** The answer is complete: nothing is awaited any more. */
  settle() {
    this.thinking = false;
    for (const line of this.lines.values()) {
      if (line.seq || line.done || !line.spoken) continue;
      line.text = line.spoken;
      line.done = true;
    }
    this.#changed();
  }

  /** It is over, for a reason that the log did not say. */
  finish(reason) {
    this.ended ??= { reason, duration_ms: null };
    this.thinking = false;
    this.interim = "";
    this.#changed();
  }

  /** It goes on after all: this page had lost it, not the host. */
  reopen() {
    this.ended = null;
    this.#changed();
  }

  /** Many rows of one piece of a stream are one change. */
  #changed() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.dispatchEvent(new Event("change"));
    });
  }
}

function longer(a, b) {
  return (a?.length ?? 0) > b.length ? a : b;
}
