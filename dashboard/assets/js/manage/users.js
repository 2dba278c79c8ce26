/**
 * People: who may log in, and what they may do.
 */

import { ROLES, may } from "../session.js";
import { choice, line } from "../ui/fields.js";
import { failed, toast } from "../ui/toast.js";
import { get, query, request } from "../http.js";
import { act } from "../ui/act.js";
import { button, h } from "../dom.js";
import { confirm } from "../ui/confirm.js";
import { filters } from "../ui/filters.js";
import { form } from "../ui/form.js";
import { moment } from "../ui/moment.js";
import { records } from "../ui/records.js";
import { showOnce } from "../ui/once.js";

/** Builds the page. */
export function create({ route, head }) {
  const whose = filters(
    [{ name: "operators", label: "People of the tenant", options: [["true", "Operators of the host"]] }],
    {
      route,
      base: "#/manage/users",
      onchange: () => list.reload(),
    },
  );
  const of = () => whose.values();
  const list = records({
    caption: "People",
    columns: ["Person", "Role", "Access", "Last login", ""],
    what: "person",
    many: "people",
    load: (cursor) => get(`/users${query({ ...of(), cursor })}`),
    row,
    blank: () => ({
      sign: "agents",
      title: "Nobody yet",
      text: "Add people, and each gets a login of their own: the audit log then says who did what.",
    }),
  });
  head.about("Who may log in, and what they may do.");
  head.actions(button("Add a person", { sign: "plus", kind: "primary", id: "add-user" }, add));

  const path = ({ id }, rest = "") => `/users/${id}${rest}${query(of())}`;
  const roles = () => (of().operators ? ["operator"] : ROLES.filter((role) => role !== "operator" && may(role)));
  const roleField = (value) =>
    choice(
      "role",
      "Role",
      roles().map((role) => [role, role]),
      { value, hint: "A viewer looks; an editor changes agents; an admin looks after people, keys and webhooks." },
    );
  const password = (hint) =>
    line("password", "Password", { type: "password", autocomplete: "new-password", optional: true, hint });

  function row(user) {
    return [
      [h("strong", { dir: "auto" }, user.name), h("small", { dir: "ltr" }, user.email)],
      user.role,
      h(
        "span",
        { class: "chips" },
        h("span", { class: `chip ${user.disabled ? "bad" : "good"}` }, user.disabled ? "Disabled" : "May log in"),
        h("span", { class: "chip" }, user.has_password ? "Password" : "By a link"),
      ),
      moment(user.login_at_ms),
      [
        button("Change", { kind: "small" }, () => change(user)),
        !user.disabled && button("Login link", { kind: "small" }, () => link(user)),
        button(user.disabled ? "Enable" : "Disable", { kind: "small" }, () => disable(user)),
        button(`Remove ${user.name}`, { sign: "trash", bare: true, kind: "small quiet" }, () => remove(user)),
      ],
    ];
  }

  function add() {
    form({
      title: "Add a person",
      submit: "Add",
      fields: [
        line("email", "Email", { type: "email" }),
        line("name", "Name", { maxLength: 100 }),
        roleField(roles()[0]),
        password("12 characters or more. Without one they log in by links that you make."),
      ],
      async onsubmit(body) {
        const made = await request("POST", `/users${query(of())}`, { body });
        await list.reload();
        toast(`${made.name} was added.`, { tone: "good" });
      },
    });
  }

  function change(user) {
    form({
      title: user.name,
      fields: [
        line("name", "Name", { value: user.name, maxLength: 100 }),
        roleField(user.role),
        password("Only to set another one; it ends their sessions."),
      ],
      async onsubmit(values) {
        await patch(user, values);
        toast(`${values.name ?? user.name} was changed.`, { tone: "good" });
      },
    });
  }

  async function patch(user, body) {
    await request("PATCH", path(user), { body, headers: { "if-match": `"${user.version}"` } });
    await list.reload();
  }

  async function disable(user) {
    const disabled = !user.disabled;
    const text = "Their sessions end, and they cannot log in until they are enabled again.";
    if (disabled && !(await confirm(`Disable ${user.name}?`, text, "Disable"))) return;
    await act(() => patch(user, { disabled }), `${user.name} ${disabled ? "is disabled" : "may log in again"}.`);
  }

  async function remove(user) {
    const text = "Their sessions end. What they did stays in the audit log. This cannot be taken back.";
    if (!(await confirm(`Remove ${user.name}?`, text, "Remove"))) return;
    const gone = async () => {
      await request("DELETE", path(user));
      await list.reload();
    };
    await act(gone, `${user.name} was removed.`);
  }

  async function link(user) {
    try {
      const { url } = await request("POST", path(user, "/link"));
      await showOnce(
        `Login link for ${user.name}`,
        "It works once, for an hour. Give it to nobody else.",
        url,
        "The link",
      );
    } catch (problem) {
      failed(problem, "No link could be made.");
    }
  }

  return h("div", { class: "stack" }, may("operator") && whose.element, list.element);
}
