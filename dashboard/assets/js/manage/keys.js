/**
 * Keys of programs: made once, seen once, revoked.
 */

import { button, freshId, h, setText } from "../dom.js";
import { choice, line } from "../ui/fields.js";
import { get, query, request } from "../http.js";
import { act } from "../ui/act.js";
import { confirm } from "../ui/confirm.js";
import { failed } from "../ui/toast.js";
import { form } from "../ui/form.js";
import { may, ROLES } from "../session.js";
import { moment } from "../ui/moment.js";
import { records } from "../ui/records.js";
import { showOnce } from "../ui/once.js";

const DAY_MS = 86_400_000;
const ENDS = [
  ["30", "In 30 days"],
  ["90", "In 90 days"],
  ["365", "In a year"],
  ["", "Never"],
];

/** Builds the page. */
export function create({ head }) {
  const list = records({
    caption: "API keys",
    columns: ["Key", "Role", "May use", "Made", "Used", "Ends", ""],
    what: "key",
    load: (cursor) => get(`/keys${query({ cursor })}`),
    row,
    blank: () => ({
      sign: "manage",
      title: "No keys yet",
      text: "A program shows a key with each request. Give it the lowest role that is enough, and an end.",
    }),
  });
  head.about("What programs show with each request.");
  head.actions(button("New key", { sign: "plus", kind: "primary", id: "new-key" }, make));

  function row(key) {
    return [
      [h("strong", { dir: "auto" }, key.name), h("small", { dir: "ltr" }, `${key.prefix}…`)],
      key.role,
      key.scopes.length
        ? h(
            "span",
            { class: "chips" },
            key.scopes.map((scope) => h("span", { class: "chip" }, scope)),
          )
        : "All",
      [moment(key.created_at_ms), h("small", { dir: "auto" }, `by ${key.created_by}`)],
      moment(key.used_at_ms),
      end(key),
      works(key) && button("Revoke", { kind: "small", "aria-label": `Revoke ${key.name}` }, () => revoke(key)),
    ];
  }

  async function make() {
    let groups;
    try {
      groups = (await get("/openapi.json")).tags.map(({ name }) => name);
    } catch (problem) {
      failed(problem, "The groups of operations could not be read.");
      return;
    }
    const roles = ROLES.filter((role) => role !== "operator" && may(role));
    form({
      title: "New key",
      submit: "Make it",
      fields: [
        line("name", "Name", { maxLength: 100, hint: "What it is for: people see it in the audit log." }),
        choice(
          "role",
          "Role",
          roles.map((role) => [role, role]),
          { value: "viewer" },
        ),
        choice("days", "Ends", ENDS, { value: "90" }),
        scopesField(groups),
      ],
      place: (pointer) => ({ expires_at_ms: "days" })[pointer.split("/")[1]] ?? pointer.split("/")[1],
      async onsubmit({ days, ...body }) {
        if (days) body.expires_at_ms = Date.now() + Number(days) * DAY_MS;
        const { secret, key } = await request("POST", "/keys", { body });
        list.reload();
        const text = `Copy the key of “${key.name}” now: it is shown this once.`;
        return () => showOnce("The new key", text, secret, "The key");
      },
    });
  }

  async function revoke(key) {
    const text = "Whatever shows it is refused from now on. This cannot be taken back.";
    if (!(await confirm(`Revoke “${key.name}”?`, text, "Revoke"))) return;
    const gone = async () => {
      await request("DELETE", `/keys/${key.id}`);
      await list.reload();
    };
    await act(gone, `“${key.name}” is revoked.`);
  }

  return list.element;
}

const works = ({ revoked_at_ms: revoked, expires_at_ms: end }) => revoked == null && (end == null || end > Date.now());

function end(key) {
  if (key.revoked_at_ms != null) return h("span", { class: "chip bad" }, "Revoked");
  if (!works(key)) return h("span", { class: "chip warn" }, "Expired");
  return moment(key.expires_at_ms);
}

/** Groups of operations, each not at all, for reading or whole; none of them: all of the interface. */
function scopesField(groups) {
  const rows = groups.map((group) => {
    const id = freshId("scope");
    const select = h(
      "select",
      { id, class: "input small", "data-scope": group },
      h("option", { value: "" }, "—"),
      h("option", { value: `${group}:read` }, "Reads"),
      h("option", { value: group }, "All"),
    );
    return { select, element: h("div", { class: "scope" }, h("label", { for: id }, group), select) };
  });
  const error = h("p", { class: "field-error", role: "alert" });
  const box = h(
    "details",
    { class: "field" },
    h("summary", null, "Only some groups of operations"),
    h("p", { class: "field-hint" }, "Where nothing is chosen it may use all that its role may."),
    h(
      "div",
      { class: "scopes" },
      rows.map(({ element }) => element),
    ),
    error,
  );
  return {
    name: "scopes",
    element: box,
    read() {
      const chosen = rows.map(({ select }) => select.value).filter(Boolean);
      return chosen.length ? chosen : undefined;
    },
    fail(text) {
      setText(error, text);
      if (text) box.open = true;
    },
    focus: () => box.querySelector("summary").focus(),
  };
}
