/**
 * "What did you hear?": a recording or a file, and the words that a recogniser finds in it.
 */

import { AudioProblem, CallAudio } from "../voice/audio.js";
import { button, freshId, h, relabel, setText } from "../dom.js";
import { choice } from "./choice.js";
import { clock, duration, ms } from "../format.js";
import { explain } from "../talk/voice.js";
import { levelMeter } from "../talk/dock.js";
import { query, request } from "../http.js";
import { wav } from "../voice/pcm.js";

const RATE = 16_000;
const MAX_MS = 60_000;
const MAX_BYTES = 6 * 1024 * 1024;

/** Gives `{element, leave}`. */
export function hearCard(providers) {
  const way = choice(providers);
  const id = freshId("hear");
  const error = h("p", { class: "field-error", role: "alert" });
  const record = button("Record", { sign: "mic", kind: "primary", disabled: !way.ready, id: "record" }, () =>
    audio ? stop() : start(),
  );
  const file = h("input", {
    type: "file",
    accept: "audio/wav,.wav",
    class: "hidden-text",
    tabIndex: -1,
    id: `${id}-file`,
    "aria-label": "WAV file",
  });
  const choose = button("Choose a WAV file", { sign: "upload", disabled: !way.ready }, () => file.click());
  const meter = levelMeter();
  const time = h("span", { class: "dock-time" });
  const recording = h("div", { class: "recording", hidden: true }, meter.element, time);
  const player = h("audio", { controls: true, hidden: true, "aria-label": "What was recorded" });
  const heard = h("blockquote", { class: "heard-text", dir: "auto", hidden: true });
  const words = h("ol", { class: "words" });
  const facts = h("dl", { class: "facts" });
  const answer = h("div", { class: "answer", "aria-live": "polite" }, heard, words, facts);
  let audio = null;
  let frames = [];
  let url = null;
  file.addEventListener("change", () => file.files[0] && hear(file.files[0]).finally(() => (file.value = "")));

  async function start() {
    setText(error, "");
    // What is being played would be taken for an echo, and the words with it.
    for (const sound of document.querySelectorAll("audio")) sound.pause();
    const next = new CallAudio();
    record.disabled = true;
    try {
      await next.open({ speaker: false });
    } catch (problem) {
      const [title, text] =
        problem instanceof AudioProblem ? explain(problem) : ["The microphone cannot be used", problem.message];
      setText(error, `${title}. ${text.replace("Typing works without it.", "A WAV file works without it.")}`);
      return;
    } finally {
      record.disabled = false;
    }
    audio = next;
    frames = [];
    next.addEventListener("level", ({ detail }) => meter.show(detail));
    next.addEventListener("frame", ({ detail }) => {
      frames.push(detail);
      setText(time, `${clock(frames.length * 20)} of ${clock(MAX_MS)}`);
      if (frames.length * 20 >= MAX_MS) stop();
    });
    recording.hidden = false;
    relabel(record, "Stop", "stop");
  }

  async function stop() {
    const last = audio;
    if (!last) return;
    audio = null;
    await last.close();
    recording.hidden = true;
    relabel(record, "Record", "mic");
    const samples = new Int16Array(frames.reduce((sum, frame) => sum + frame.length, 0));
    frames.reduce((at, frame) => {
      samples.set(frame, at);
      return at + frame.length;
    }, 0);
    frames = [];
    if (samples.length < RATE / 10) return void setText(error, "That was too short to hear anything.");
    await hear(wav(samples, RATE));
  }

  async function hear(blob) {
    setText(error, "");
    heard.hidden = true;
    words.replaceChildren();
    facts.replaceChildren();
    if (url) URL.revokeObjectURL(url);
    url = URL.createObjectURL(blob);
    player.src = url;
    player.hidden = false;
    if (blob.size > MAX_BYTES)
      return void setText(
        error,
        `The file has ${Math.ceil(blob.size / 1e6)} MB; at most 6 MB and 60 seconds are allowed.`,
      );
    record.disabled = choose.disabled = true;
    try {
      const { provider, model } = way.value();
      const body = new Blob([blob], { type: "audio/wav" });
      const found = await request("POST", `/providers/stt/${encodeURIComponent(provider)}/hear${query({ model })}`, {
        body,
        headers: { "content-type": "audio/wav" },
      });
      heard.hidden = false;
      heard.classList.toggle("nothing", !found.text);
      setText(heard, found.text || "No words.");
      words.replaceChildren(
        ...(found.words ?? []).map((word) =>
          h(
            "li",
            { title: `${ms(word.start_ms)} to ${ms(word.end_ms)}` },
            h("span", { dir: "auto" }, word.text),
            h("small", null, seconds(word.start_ms)),
          ),
        ),
      );
      facts.replaceChildren(
        h("div", null, h("dt", null, "Took"), h("dd", null, ms(found.took_ms))),
        h("div", null, h("dt", null, "Audio"), h("dd", null, duration(found.audio_ms))),
        h(
          "div",
          null,
          h("dt", null, "Speed"),
          h("dd", null, `${(found.audio_ms / Math.max(1, found.took_ms)).toFixed(1)} x real time`),
        ),
      );
    } catch (problem) {
      setText(error, problem.message);
    } finally {
      record.disabled = choose.disabled = !way.ready;
    }
    return undefined;
  }

  const element = h(
    "section",
    { class: "card", "aria-labelledby": `${id}-title` },
    h("h2", { id: `${id}-title` }, "What did you hear?"),
    way.element,
    h("div", { class: "row" }, record, choose, file),
    recording,
    error,
    player,
    answer,
  );
  return {
    element,
    leave() {
      audio?.close();
      audio = null;
      player.pause();
      if (url) URL.revokeObjectURL(url);
    },
  };
}

function seconds(value) {
  return (value / 1000).toFixed(2);
}
