/**
 * Follows a call's log as it grows, through lost connections, until its end.
 */

import { get, query, stream } from "../http.js";

const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 5_000;

/** Feeds a conversation from `/calls/{id}/live`; gives `{stop, done}`. `onstate`: "live", "lost", "ended", "refused". */
export function follow(call, conversation, { onstate = () => {} } = {}) {
  const abort = new AbortController();
  const done = run(call, conversation, onstate, abort.signal);
  // What was not heard is the host's word: the rows of a barge-in alone do not say it.
  conversation.addEventListener("barge-in", ({ detail }) => detail.outcome === "confirmed" && reconcile(call, conversation, abort.signal));
  return { stop: () => abort.abort(), done };
}

async function run(call, conversation, onstate, signal) {
  let pause = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    let over = false;
    try {
      const from = conversation.lastSeq + 1;
      const headers = conversation.lastSeq ? { "last-event-id": String(conversation.lastSeq) } : {};
      await stream("GET", `/calls/${call}/live${query({ from_seq: from })}`, { headers, signal }, ({ event, data }) => {
        pause = FIRST_PAUSE_MS;
        if (event === "row") conversation.row(JSON.parse(data), data);
        else if (event === "partial") conversation.partial(JSON.parse(data));
        else if (event === "end") {
          over = true;
          conversation.finish(JSON.parse(data).reason);
        }
        if (!over) onstate("live");
      });
    } catch (problem) {
      if (signal.aborted) return;
      if (problem.status >= 400 && problem.status < 500 && problem.status !== 429) {
        onstate("refused", problem);
        return;
      }
    }
    if (over) {
      await reconcile(call, conversation, signal);
      onstate("ended");
      return;
    }
    if (signal.aborted) return;
    onstate("lost");
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

/** Takes the host's transcript, which says what was and was not heard. */
export async function reconcile(call, conversation, signal) {
  try {
    const { items } = await get(`/calls/${call}/transcript`, { signal });
    for (const line of items) conversation.line(line);
  } catch {
    // The rows alone are nearly as good, and the call is shown either way.
  }
}
