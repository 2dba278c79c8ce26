/**
 * Components: code of the tenant's own, that decides for agents or gives them tools.
 */

import { button, h } from "../dom.js";
import { get, query } from "../http.js";
import { component } from "./component.js";
import { may } from "../session.js";
import { moment } from "../ui/moment.js";
import { records } from "../ui/records.js";
import { upload } from "./upload.js";

/** Builds the page: the list, or one of them. */
export function create({ route, head }) {
  if (route.part) return component({ id: route.part, head });
  const list = records({
    caption: "Components, newest first",
    columns: ["Component", "Kind", "Live", "Draft", "Changed"],
    what: "component",
    load: (cursor) => get(`/components${query({ cursor })}`),
    row: ({ id, name, kind, live, draft, updated_at_ms: at }) => [
      h("a", { href: `#/manage/components/${id}` }, name),
      kind,
      release(live, "good"),
      release(draft, "warn"),
      moment(at),
    ],
    blank: () => ({
      sign: "tool",
      title: "No components yet",
      text: "Upload code of your own: it decides for agents, or gives them tools.",
    }),
  });
  const send = () => upload({ done: list.reload });
  head.about("Code of your own that agents name in their contracts. Calls run the release that is live.");
  head.actions(may("editor") && button("Upload", { sign: "upload", kind: "primary", id: "upload-component" }, send));
  return list.element;
}

function release(number, tone) {
  if (number == null) return h("span", { class: "faint" }, "None");
  return h("span", { class: `chip ${tone}` }, `Release ${number}`);
}
