/**
 * A version that somebody else saved meanwhile, beside what was written here.
 */

import { button, h, icon } from "../dom.js";
import { differences } from "./differences.js";
import { same } from "./patch.js";

/** What is said of it, with the two ways on. */
export function clash(theirs, mine, { take, overwrite }) {
  const author = theirs.author ? ` by ${theirs.author}` : "";
  const rows = wordsThatDiffer(theirs.document, mine);
  return [
    h("h3", null, icon("alert"), `Version ${theirs.version} was saved meanwhile${author}`),
    h("p", null, "What you wrote is still in the fields below. This is what differs:"),
    differences(rows, ["Field", "Theirs", "Yours"]) ??
      h("p", { class: "slim-empty" }, "Only other parts of the agent."),
    h(
      "div",
      { class: "row" },
      button(`Take version ${theirs.version}`, {}, take),
      button("Save mine over it", { kind: "primary" }, overwrite),
    ),
  ];
}

/** Fields in which two documents differ, theirs beside mine. */
function wordsThatDiffer(theirs, mine) {
  const rows = [];
  const compare = (label, a, b) => {
    if (!same(a, b)) rows.push([label, a, b]);
  };
  compare("Greeting", theirs.prompt?.greeting, mine.prompt?.greeting);
  compare("Instructions", theirs.prompt?.instructions, mine.prompt?.instructions);
  for (const key of new Set([...Object.keys(theirs.context ?? {}), ...Object.keys(mine.context ?? {})])) {
    compare(key, theirs.context?.[key], mine.context?.[key]);
  }
  return rows;
}
