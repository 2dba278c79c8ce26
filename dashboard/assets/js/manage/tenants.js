/**
 * The tenants of the host, for its operator: made, limited, suspended, and chosen to act for.
 */

import { actFor, tenant as acting } from "../session.js";
import { button, h } from "../dom.js";
import { changeDefaults, changeLimits, usd } from "./limits.js";
import { failed, toast } from "../ui/toast.js";
import { get, request } from "../http.js";
import { act } from "../ui/act.js";
import { confirm } from "../ui/confirm.js";
import { form } from "../ui/form.js";
import { line } from "../ui/fields.js";
import { moment } from "../ui/moment.js";
import { records } from "../ui/records.js";

/** Builds the page. */
export function create({ head }) {
  const list = records({
    caption: "Tenants, oldest first",
    columns: ["Tenant", "State", "Spend cap", "Made", ""],
    what: "tenant",
    load: () => get("/tenants"),
    row,
    blank: () => ({ sign: "manage", title: "No tenants", text: "There is none yet." }),
  });
  head.about(`You act for ${acting().name}: agents, calls, people and keys are those of this tenant.`);
  head.actions(button("New tenant", { sign: "plus", kind: "primary", id: "new-tenant" }, make));

  function row(tenant) {
    const here = tenant.id === acting().id;
    const active = tenant.status === "active";
    const cap = tenant.limits.spend_cap_usd;
    return [
      [h("strong", { dir: "auto" }, tenant.name), h("small", { dir: "ltr" }, tenant.id)],
      h(
        "span",
        { class: "chips" },
        h("span", { class: `chip ${active ? "good" : "bad"}` }, active ? "Active" : "Suspended"),
        here && h("span", { class: "chip" }, "You act for it"),
      ),
      cap == null ? "None" : usd(cap),
      moment(tenant.created_at_ms),
      [
        !here && button("Act for it", { kind: "small", "aria-label": `Act for ${tenant.name}` }, () => choose(tenant)),
        button("Rename", { kind: "small" }, () => rename(tenant)),
        button("Limits", { kind: "small" }, () => changeLimits(tenant, list.reload)),
        button("Defaults", { kind: "small" }, () =>
          changeDefaults(tenant, list.reload).catch((problem) => failed(problem)),
        ),
        button(active ? "Suspend" : "Resume", { kind: "small" }, () => (active ? suspend(tenant) : resume(tenant))),
      ],
    ];
  }

  function choose({ id }) {
    actFor(id);
    // What every view holds belongs to the other tenant.
    location.reload();
  }

  const name = (value = "") => line("name", "Name", { value, maxLength: 100, hint: "Unique on this host." });

  function make() {
    form({
      title: "New tenant",
      submit: "Make it",
      fields: [name()],
      async onsubmit(body) {
        const made = await request("POST", "/tenants", { body });
        await list.reload();
        toast(`${made.name} was made.`, { tone: "good" });
      },
    });
  }

  function rename(tenant) {
    form({
      title: tenant.name,
      fields: [name(tenant.name)],
      async onsubmit(body) {
        await patch(tenant, body);
        toast(`It is called ${body.name} now.`, { tone: "good" });
      },
    });
  }

  const match = ({ version }) => ({ "if-match": `"${version}"` });

  async function patch(tenant, body) {
    await request("PATCH", `/tenants/${tenant.id}`, { body, headers: match(tenant) });
    await list.reload();
  }

  const resume = (tenant) => act(() => patch(tenant, { status: "active" }), `${tenant.name} is served again.`);

  async function suspend(tenant) {
    const text = "Its calls, keys and people are refused until it is resumed. Its data is kept.";
    if (!(await confirm(`Suspend ${tenant.name}?`, text, "Suspend"))) return;
    const done = async () => {
      await request("DELETE", `/tenants/${tenant.id}`, { headers: match(tenant) });
      await list.reload();
    };
    await act(done, `${tenant.name} is suspended.`);
  }

  return list.element;
}
