/**
 * The controls of a call: how it is, how loud the microphone is, mute, keys, devices, hang up.
 */

import { button, freshId, h, icon, relabel, setText } from "../dom.js";
import { clock } from "../format.js";
import { devices } from "../voice/audio.js";
import { popover } from "../ui/popover.js";
import { toast } from "../ui/toast.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const BARS = 9;

/** Controls of one call; gives `{element, status, mute, keypad, started, dispose}`. */
export function dock(call, { onmute } = {}) {
  const { audio } = call;
  const state = h("span", { class: "dock-state", role: "status" }, "Connecting…");
  const time = h("span", { class: "dock-time", "aria-hidden": "true" }, "0:00");
  const meter = levelMeter();
  const mute = button(
    "Mute",
    { sign: "mic", kind: "dock-button", "aria-pressed": "false", id: "mute", "aria-keyshortcuts": "M" },
    () => setMuted(!audio.muted),
  );
  const keypad = button("Keypad", { sign: "keypad", kind: "dock-button", id: "keypad" });
  const sound = button("Audio", { sign: "sliders", kind: "dock-button", id: "audio-settings" });
  const end = button("End", { sign: "hang-up", kind: "dock-button end", id: "hang-up", "aria-keyshortcuts": "H" }, () =>
    call.hangUp(),
  );
  const keys = keypadPanel(call);
  const settings = soundPanel(audio);
  popover(keypad, keys.element, { onopen: keys.listen, onclose: keys.rest });
  popover(sound, settings.element, { onopen: settings.fill });
  const paused = h(
    "div",
    { class: "dock-note", role: "alert", hidden: true },
    icon("alert"),
    h("span", null, "The browser has paused the sound."),
    button("Go on", { kind: "small" }, () => audio.resume()),
  );
  const element = h(
    "section",
    { class: "dock", "aria-label": "Call" },
    paused,
    h(
      "div",
      { class: "dock-row" },
      h(
        "div",
        { class: "dock-status" },
        h("span", { class: "pulse", "aria-hidden": "true" }),
        h("div", { class: "dock-words" }, state, time),
        meter.element,
      ),
      h(
        "div",
        { class: "dock-controls" },
        mute,
        h("div", { class: "anchored" }, keypad, keys.element),
        h("div", { class: "anchored" }, sound, settings.element),
        end,
      ),
    ),
  );
  let since = null;
  const timer = setInterval(() => since !== null && setText(time, clock(performance.now() - since)), 250);
  function setMuted(on) {
    audio.muted = on;
    mute.setAttribute("aria-pressed", String(on));
    relabel(mute, on ? "Unmute" : "Mute", on ? "mic-off" : "mic");
    element.classList.toggle("muted", on);
    onmute?.(on);
  }

  call.addEventListener("level", ({ detail }) => meter.show(detail));
  call.addEventListener("suspended", ({ detail }) => (paused.hidden = !detail));
  call.addEventListener("microphone", ({ detail }) => {
    if (detail) toast(`The microphone was lost; ${detail} took its place.`);
    else
      toast("The microphone was lost and there is no other. Plug one in and choose it under Audio.", { tone: "bad" });
  });
  return {
    element,
    /** Says how the call is; `tone`: live, wait, bad. */
    status(text, tone) {
      setText(state, text);
      element.dataset.tone = tone;
    },
    mute: () => mute.click(),
    keypad: () => keypad.click(),
    /** The clock starts to run. */
    started() {
      since ??= performance.now();
    },
    dispose() {
      clearInterval(timer);
    },
  };
}

/** Bars that grow with the microphone's loudness. */
export function levelMeter() {
  const bars = Array.from({ length: BARS }, () => h("i"));
  const element = h(
    "div",
    {
      class: "meter",
      role: "meter",
      "aria-label": "Microphone level",
      "aria-valuemin": "0",
      "aria-valuemax": "100",
      "aria-valuenow": "0",
    },
    bars,
  );
  const past = new Array(BARS).fill(0);
  let told = 0;
  function show(level) {
    past.push(level);
    past.shift();
    bars.forEach((bar, at) => bar.style.setProperty("--level", past[at].toFixed(3)));
    const now = performance.now();
    if (now - told < 500) return;
    told = now;
    element.setAttribute("aria-valuenow", String(Math.round(level * 100)));
  }
  return { element, show };
}

function keypadPanel(call) {
  const typed = h("output", { class: "keypad-typed", "aria-label": "Keys pressed" });
  const press = (key) => {
    call.press(key);
    typed.textContent = (typed.textContent + key).slice(-16);
  };
  const element = h(
    "div",
    { class: "popover keypad", role: "group", "aria-label": "Keypad" },
    typed,
    h(
      "div",
      { class: "keys" },
      KEYS.map((key) => h("button", { type: "button", class: "key", on: { click: () => press(key) } }, key)),
    ),
  );
  const listener = (event) => {
    if (!KEYS.includes(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    press(event.key);
  };
  return {
    element,
    listen: () => addEventListener("keydown", listener, true),
    rest: () => removeEventListener("keydown", listener, true),
  };
}

function soundPanel(audio) {
  const choose = async (change) => {
    try {
      await change();
    } catch (error) {
      toast(`The device cannot be used: ${error.cause?.message ?? error.message}`, { tone: "bad" });
    }
  };
  const input = h("select", {
    class: "input small",
    id: freshId("device"),
    on: { change: () => choose(() => audio.useMicrophone(input.value)) },
  });
  const output = h("select", {
    class: "input small",
    id: freshId("device"),
    on: { change: () => choose(() => audio.useSpeaker(output.value)) },
  });
  const volume = h("input", {
    type: "range",
    min: "0",
    max: "1",
    step: "0.05",
    class: "range",
    id: freshId("volume"),
    on: { input: () => (audio.volume = Number(volume.value)) },
  });
  volume.value = String(audio.volume);
  const speakers = h("div", { class: "field" }, h("label", { for: output.id }, "Loudspeaker"), output);
  const element = h(
    "div",
    { class: "popover sound", role: "group", "aria-label": "Audio" },
    h("div", { class: "field" }, h("label", { for: input.id }, "Microphone"), input),
    speakers,
    h("div", { class: "field" }, h("label", { for: volume.id }, "Volume"), volume),
  );
  const options = (select, found, chosen) => {
    select.replaceChildren(
      ...found.map((device, at) => h("option", { value: device.deviceId }, device.label || `Device ${at + 1}`)),
    );
    if (chosen) select.value = chosen;
  };
  async function fill() {
    options(input, await devices("audioinput"), audio.microphoneId);
    speakers.hidden = !audio.canChooseSpeaker;
    if (audio.canChooseSpeaker) options(output, await devices("audiooutput"), null);
  }
  return { element, fill };
}
