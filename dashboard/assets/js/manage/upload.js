/**
 * The upload of a component: a form that says how far the host is with it.
 */

import { check, line } from "../ui/fields.js";
import { failed, toast } from "../ui/toast.js";
import { h, setText } from "../dom.js";
import { Problem, query, stream } from "../http.js";
import { duration } from "../format.js";
import { form } from "../ui/form.js";

const MAX_BYTES = 64 * 1024 * 1024;
const TICK_MS = 1_000;
const STAGES = {
  sending: "Sending it",
  checking: "Checking it",
  waiting: "Waiting for the compiler",
  compiling: "Compiling it",
  storing: "Storing it",
};

/** Asks for a file and sends it; `of`: the component that it is a release of. `done()` once it is there. */
export function upload({ of, done }) {
  const file = line("component", "File", {
    type: "file",
    accept: ".wasm,application/wasm",
    hint: "A WebAssembly component, 64 MiB at most.",
    read: () => allowed(file.control.files[0]),
  });
  const name = line("name", "Name", {
    optional: true,
    maxLength: 64,
    hint: "a-z, 0-9 and -. Without one it is called as its manifest says; a component with tools needs one.",
  });
  const promote = check("promote", "Make it live at once", {
    hint: "Otherwise it is the draft, which only agents that are bound to it use.",
  });
  const progress = progressLine();
  return form({
    title: of ? `New release of ${of}` : "Upload a component",
    submit: "Upload",
    fields: [file, !of && name, promote, progress].filter(Boolean),
    async onsubmit(values) {
      try {
        progress.start();
        const { component, release } = await send({ name: of, ...values }, progress.stage);
        await done();
        toast(`Release ${release.number} of ${component.name} ${stateOf(release, component)}.`, { tone: "good" });
      } catch (problem) {
        // The host goes on with what was sent when the dialog is closed.
        if (!progress.element.isConnected) failed(problem, "The component was not taken.");
        throw problem;
      } finally {
        progress.stop();
      }
    },
  });
}

function allowed(file) {
  if (!file) throw new Error("Choose a file.");
  if (file.size > MAX_BYTES) throw new Error("The file has more than 64 MiB.");
  return file;
}

function stateOf({ number }, { live, draft }) {
  if (number === live) return "is live";
  return number === draft ? "is the draft" : "is there already";
}

/** Gives what the host made of it; `onstage(name)` at each step on the way. */
async function send({ component: file, name, promote }, onstage) {
  onstage("sending");
  let made = null;
  let refused = null;
  const options = { body: await bytesOf(file), headers: { "content-type": "application/wasm" } };
  const read = stream("POST", `/components${query({ name, promote })}`, options, ({ event, data }) => {
    const value = JSON.parse(data);
    if (event === "stage") onstage(value.stage);
    else if (event === "done") made = value;
    else if (event === "error") refused = new Problem(value);
  });
  await read.catch((error) => (refused ??= error instanceof Problem ? error : null));
  if (made) return made;
  throw refused ?? new Error("The connection was lost. Look at the list: the component may be there all the same.");
}

/** Read first: a file that was built anew since it was chosen would look like a host that is gone. */
async function bytesOf(file) {
  try {
    return new Blob([await file.arrayBuffer()], { type: "application/wasm" });
  } catch (error) {
    throw new Error("The file is another one since it was chosen: choose it again.", { cause: error });
  }
}

/** What happens now, and for how long already; stands among the fields of a form. */
function progressLine() {
  const stage = h("span", { role: "status" });
  // Not read out: it changes each second.
  const time = h("span", { class: "faint", "aria-hidden": "true" });
  const element = h("p", { class: "upload-progress", hidden: true }, stage, time);
  let timer = null;
  return {
    name: "progress",
    element,
    read: () => undefined,
    fail: () => {},
    focus: () => {},
    start() {
      const began = Date.now();
      const tick = () => setText(time, duration(Date.now() - began));
      element.hidden = false;
      tick();
      timer = setInterval(tick, TICK_MS);
    },
    stage: (name) => setText(stage, STAGES[name] ?? name),
    stop() {
      clearInterval(timer);
      element.hidden = true;
    },
  };
}
