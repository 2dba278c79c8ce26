/**
 * A text conversation: sends what was typed, streams the answer into a conversation.
 */

import { Problem, stream } from "../http.js";

export class Chat {
  #abort = new AbortController();

  constructor(agent, conversation) {
    this.agent = agent;
    this.conversation = conversation;
    /** The thread's id, which is a call's id; null before the first answer. */
    this.thread = null;
    this.busy = false;
  }

  /** Sends a text. Throws the host's problem; `problem.accepted` says whether the text is part of the thread all the same. */
  async send(text) {
    const { conversation } = this;
    const retract = conversation.typed(text);
    const body = this.thread ? { thread: this.thread, text } : { text };
    let accepted = false;
    let done = false;
    let refused = null;
    this.busy = true;
    const take = ({ event, data }) => {
      const value = JSON.parse(data);
      if (event === "thread") {
        this.thread = value.thread;
        conversation.dispatchEvent(new CustomEvent("thread", { detail: value.thread }));
      } else if (event === "delta") conversation.delta(value);
      else if (event === "message") conversation.line(value);
      else if (event === "row") conversation.row(value, data);
      else if (event === "error") refused = new Problem(value);
      else if (event === "done") {
        done = true;
        this.#finish(value);
      }
      accepted ||= !conversation.pending.length;
    };
    try {
      await stream("POST", `/agents/${this.agent}/chat`, { body, signal: this.#abort.signal }, take);
      if (!refused && !done)
        refused = new Problem({ title: "No connection", detail: "The connection was lost while the agent answered." });
    } catch (problem) {
      if (this.#abort.signal.aborted) return;
      refused =
        problem instanceof Problem
          ? problem
          : new Problem({ detail: `The answer could not be read: ${problem.message}` });
    } finally {
      this.busy = false;
    }
    if (!refused) return;
    if (!accepted) retract();
    conversation.settle();
    if (refused.kind === "ended") conversation.finish("ended");
    refused.accepted = accepted;
    throw refused;
  }

  #finish({ ended, result }) {
    const { conversation } = this;
    conversation.pending.length = 0;
    conversation.settle();
    for (const [name, value] of Object.entries(result ?? {})) {
      if (!conversation.results.has(name)) conversation.results.set(name, { value, at_ms: null });
    }
    if (ended && !conversation.ended) conversation.finish("agent-hangup");
  }

  /** Stops reading an answer; the thread stays. */
  leave() {
    this.#abort.abort();
  }
}
