/**
 * A spoken conversation of the talk view: opens microphone and call, says in words how it is, ends with a reason.
 */

import { AudioProblem, CallAudio } from "../voice/audio.js";
import { dock } from "./dock.js";
import { VoiceCall } from "../voice/call.js";

/** How a call ended, as seen from this tab. */
export const ENDINGS = {
  over: "The call is over.",
  "hung-up": "You hung up.",
  "taken-over": "Another tab took over this call.",
  refused: "The host did not accept this connection.",
  lost: "The connection was lost and did not come back in time.",
  busy: "The host takes no more calls at the moment. Try again soon.",
};

/** Why there is no microphone, and what helps. */
export function explain(problem) {
  const texts = {
    denied: [
      "The microphone is not allowed",
      "Allow it for this page: press the sign beside the address, set Microphone to Allow, then try again. Typing works without it.",
    ],
    missing: ["No microphone was found", "Plug one in or switch it on, then try again. Typing works without it."],
    busy: [
      "The microphone is in use",
      "Another program holds it, or the system refused it. Close that program, then try again. Typing works without it.",
    ],
    insecure: [
      "The microphone needs a secure page",
      "Browsers give it only to pages over https or on this machine. Open the page at http://127.0.0.1 or set up TLS for the host. Typing works without it.",
    ],
    unsupported: [
      "This browser cannot talk",
      `It is missing something that calls need (${problem.cause?.message ?? "audio worklets"}). Typing works without it.`,
    ],
  };
  return texts[problem.kind] ?? texts.unsupported;
}

/**
 * Talks with an agent, or goes on with the call `join`. `onopen({call, controls, dispose})` comes before the call is
 * connected, `onstate(state, reason)` at each change. Throws what the microphone or the host refuses.
 */
export async function talk({ agent, join, conversation, onopen, onstate }) {
  const audio = new CallAudio();
  const call = new VoiceCall(audio);
  await audio.open();
  const controls = dock(call, { onmute: () => look() });
  let playing = false;
  const look = () => {
    if (call.state === "reconnecting") return controls.status("Reconnecting…", "wait");
    if (call.state === "connecting") return controls.status("Connecting…", "wait");
    if (conversation.interim) return controls.status("Hearing you", "hear");
    if (playing) return controls.status("Speaking", "speak");
    if (conversation.thinking) return controls.status("Thinking…", "live");
    return controls.status(audio.muted ? "You are muted" : "Listening", "live");
  };
  call.addEventListener("playing", ({ detail }) => {
    playing = detail;
    look();
  });
  conversation.addEventListener("change", look);
  call.addEventListener("state", ({ detail }) => {
    if (detail.state === "live") controls.started();
    look();
    onstate(detail.state, detail.reason);
  });
  const dispose = () => {
    conversation.removeEventListener("change", look);
    controls.dispose();
  };
  look();
  onopen({ call, controls, dispose });
  try {
    if (join) await call.join(join);
    else await call.begin(agent);
  } catch (problem) {
    call.drop();
    throw problem;
  }
}

export { AudioProblem };
