/**
 * One component: its releases, which of them calls run, and which agents use it.
 */

import { button, freshId, h } from "../dom.js";
import { get, request } from "../http.js";
import { act } from "../ui/act.js";
import { confirm } from "../ui/confirm.js";
import { go } from "../router.js";
import { may } from "../session.js";
import { moment } from "../ui/moment.js";
import { openDialog } from "../ui/dialog.js";
import { records } from "../ui/records.js";
import { upload } from "./upload.js";

const SHORT = 12;
const KIB = 1024;

/** The view of a component. */
export function component({ id, head }) {
  const path = `/components/${encodeURIComponent(id)}`;
  const title = freshId("users");
  const users = h("div");
  const used = h(
    "section",
    { class: "card component-users", "aria-labelledby": title, hidden: true },
    h("h2", { id: title }, "Used by"),
    users,
  );
  const editor = may("editor");
  const another = button(
    "Upload a release",
    { sign: "upload", kind: "primary", id: "upload-release", hidden: true },
    () => upload({ of: shown.name, done: list.reload }),
  );
  const gone = button("Delete", { sign: "trash", id: "delete-component", hidden: true }, remove);
  let shown = null;
  let live = null;
  const list = records({
    caption: "Releases, newest first",
    columns: ["Release", "State", "Size", "Uploaded", "Made live", ""],
    what: "release",
    load,
    row,
    blank: () => ({ sign: "upload", title: "No releases", text: "All of them were deleted." }),
  });
  head.title("Component");
  head.actions(
    h("a", { class: "button", href: "#/manage/components" }, h("span", { class: "label" }, "All components")),
    editor && gone,
    editor && another,
  );

  async function load() {
    const [found, releases] = await Promise.all([get(path), get(`${path}/releases`)]);
    shown = found;
    live = releases.items.find(({ number }) => number === shown.live) ?? null;
    head.title(shown.name);
    const what = shown.kind === "tool" ? "It has tools." : "It decides for agents.";
    head.about(`${what} ${live ? `Release ${live.number} is live.` : "No release is live: calls cannot run it yet."}`);
    used.hidden = gone.hidden = another.hidden = false;
    users.replaceChildren(
      shown.used_by.length
        ? h("ul", null, shown.used_by.map(user))
        : h("p", { class: "about" }, "No agent names it in its contract."),
    );
    return releases;
  }

  function row(release) {
    const { number, digest, bytes, created_at_ms: at, created_by: by, promoted_at_ms: promoted } = release;
    // What was live before the live one is gone back to; what was live after it is promoted again.
    const back = live && promoted != null && promoted < live.promoted_at_ms;
    const kept = number === shown.live || number === shown.last_good;
    const named = (verb) => ({ kind: "small", "aria-label": `${verb} release ${number}` });
    return [
      [h("strong", null, `Release ${number}`), h("small", null, h("code", { title: digest }, digest.slice(0, SHORT)))],
      h(
        "span",
        { class: "chips" },
        number === shown.live && h("span", { class: "chip good" }, "live"),
        number === shown.draft && h("span", { class: "chip warn" }, "draft"),
        number === shown.last_good && h("span", { class: "chip" }, "last good"),
      ),
      size(bytes),
      [moment(at), h("small", { dir: "auto" }, `by ${by}`)],
      moment(promoted),
      [
        button("Manifest", named("Manifest of"), () => manifest(release)),
        editor && !back && number !== shown.live && button("Promote", named("Promote"), () => promote(number)),
        editor && back && button("Roll back", named("Roll back to"), () => rollBack(number)),
        editor &&
          !kept &&
          button(`Delete release ${number}`, { sign: "trash", bare: true, kind: "small quiet" }, () =>
            removeOne(number),
          ),
      ],
    ];
  }

  const match = () => ({ "if-match": `"${shown.version}"` });

  async function promote(number) {
    const text = "Calls that begin from now on run it; those that go on keep what they began with.";
    if (!(await confirm(`Make release ${number} live?`, text, "Promote", { kind: "primary" }))) return;
    await change("promote", number, `Release ${number} is live.`);
  }

  async function rollBack(number) {
    const text = `Calls that begin from now on run it. Release ${live.number} is kept, and can be promoted again.`;
    if (!(await confirm(`Go back to release ${number}?`, text, "Roll back", { kind: "primary" }))) return;
    await change("rollback", number, `Release ${number} is live again.`);
  }

  async function change(verb, release, done) {
    await act(() => request("POST", `${path}/${verb}`, { body: { release }, headers: match() }), done);
    // Where somebody else was quicker, that is to be seen too.
    await list.reload();
  }

  async function removeOne(number) {
    const text = "Its number is not given again. This cannot be taken back.";
    if (!(await confirm(`Delete release ${number} of ${shown.name}?`, text, "Delete"))) return;
    const done = async () => {
      await request("DELETE", `${path}/releases/${number}`);
      await list.reload();
    };
    await act(done, `Release ${number} was deleted.`);
  }

  async function remove() {
    const text = "All its releases go. This cannot be taken back.";
    if (!(await confirm(`Delete ${shown.name}?`, text, "Delete"))) return;
    const deleted = () => request("DELETE", path, { headers: match() });
    if (await act(deleted, `${shown.name} was deleted.`)) go("#/manage/components");
    else await list.reload();
  }

  return h("div", { class: "stack" }, list.element, used);
}

const manifest = ({ number, manifest: document }) =>
  openDialog({
    title: `Manifest of release ${number}`,
    kind: "wide",
    body: h("pre", { class: "raw", dir: "ltr", tabIndex: 0 }, JSON.stringify(document, null, 2)),
  });

function user({ agent_id: id, name, version, release }) {
  const which = release == null ? "follows the live release" : `is bound to release ${release}`;
  return h(
    "li",
    null,
    h("a", { href: `#/agents/${id}`, dir: "auto" }, name),
    h("span", { class: "faint" }, `version ${version} ${which}`),
  );
}

function size(bytes) {
  const [value, unit] = bytes < KIB * KIB ? [bytes / KIB, "KiB"] : [bytes / KIB / KIB, "MiB"];
  return `${value.toLocaleString(undefined, { maximumFractionDigits: 1 })} ${unit}`;
}
