/**
 * Follows a call's log as it grows, through lost connections, until its end.
 */

import { query, stream } from "../http.js";

const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 5_000;

/** Feeds a conversation from `/calls/{id}/live`; gives `{stop, done}`. `onstate`: "live", "lost", "ended", "refused". */
export function follow(call, conversation, { onstate = () => {} } = {}) {
  const abort = new AbortController();
  const done = run(call, conversation, onstate, abort.signal);
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
      onstate("ended");
      return;
    }
    if (signal.aborted) return;
    onstate("lost");
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}
