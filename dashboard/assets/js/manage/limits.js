/**
 * What a tenant may use, and what its agents begin with.
 */

import { area, number } from "../ui/fields.js";
import { form } from "../ui/form.js";
import { get, request } from "../http.js";
import { h } from "../dom.js";
import { toast } from "../ui/toast.js";

const LIMITS = [
  ["spend_cap_usd", "US dollars in a month", (value) => usd(value)],
  ["max_calls", "Calls at a time"],
  ["max_sessions", "Sessions at a time"],
  ["requests_per_minute", "Requests in a minute"],
  ["max_components", "Components of its own"],
  ["max_storage_bytes", "Bytes of documents"],
];

/** Dollars as people read them. */
export function usd(value) {
  return value.toLocaleString(undefined, { style: "currency", currency: "USD" });
}

/** The limits of a tenant as a list of facts. */
export function limitFacts({ limits }) {
  return h(
    "dl",
    { class: "facts" },
    LIMITS.map(([name, label, shown = (value) => value.toLocaleString()]) =>
      h(
        "div",
        null,
        h("dt", null, label),
        h("dd", null, limits[name] == null ? "As the host has it" : shown(limits[name])),
      ),
    ),
  );
}

/** Asks for other limits of a tenant; `done()` once they are set. */
export function changeLimits(tenant, done) {
  return form({
    title: `What ${tenant.name} may use`,
    about: "Nothing given: what the host allows each tenant.",
    fields: LIMITS.map(([name, label]) => number(name, label, { value: tenant.limits[name] })),
    place: (pointer) => pointer.split("/").pop(),
    async onsubmit(limits) {
      await request("PATCH", `/tenants/${tenant.id}`, {
        body: { limits },
        headers: { "if-match": `"${tenant.version}"` },
      });
      await done();
      toast(`The limits of ${tenant.name} are set.`, { tone: "good" });
    },
  });
}

/** Asks for other defaults of a tenant; `done()` once they are set. */
export async function changeDefaults({ id, name }, done) {
  const { defaults, version } = await get(`/tenants/${id}`);
  return form({
    title: `What the agents of ${name} begin with`,
    about: "A part of a contract. Templates and agents go before it.",
    kind: "wide",
    fields: [area("defaults", "Defaults", { value: defaults, json: true, rows: 10 })],
    place: () => null,
    async onsubmit({ defaults: body = {} }) {
      await request("PUT", `/tenants/${id}/defaults`, { body, headers: { "if-match": `"${version}"` } });
      await done();
      toast(`The defaults of ${name} are set.`, { tone: "good" });
    },
  });
}
