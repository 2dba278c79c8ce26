/**
 * Shows a schema: one line for what it is, and its fields below, opened when somebody looks. A schema may refer to itself.
 */

import { h } from "../dom.js";
import { resolve } from "./words.js";
import { prose } from "./operation.js";

const BOUNDS = [
  ["minimum", (n) => `at least ${n}`],
  ["maximum", (n) => `at most ${n}`],
  ["minLength", (n) => `at least ${n} characters`],
  ["maxLength", (n) => `at most ${n} characters`],
  ["minItems", (n) => `at least ${n} items`],
  ["maxItems", (n) => `at most ${n} items`],
  ["pattern", (p) => `matches ${p}`],
];

/** The schema as an element. */
export function schemaView(document, schema) {
  const { fields, element } = inside(document, schema);
  return h("div", { class: "schema" }, h("p", { class: "schema-type" }, typeOf(document, schema)), fields ? element() : null);
}

/** What a value is, in a few words. */
export function typeOf(document, schema) {
  if (schema === true || schema == null) return "any JSON";
  const name = schema.$ref?.split("/").pop();
  if (name) {
    const target = resolve(document, schema);
    const options = target.oneOf ?? target.anyOf ?? [];
    const named = options.length > 0 && options.every((option) => "const" in option || option.enum);
    return target.properties || (options.length > 0 && !named) ? name : typeOf(document, target);
  }
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return options.map((option) => typeOf(document, option)).join(" or ");
  if (schema.allOf?.length === 1) return typeOf(document, schema.allOf[0]);
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" or ");
  const types = [schema.type ?? (schema.properties ? "object" : "any JSON")].flat();
  if (types.includes("array")) {
    const rest = types.filter((type) => type !== "array");
    return [`list of ${typeOf(document, schema.items)}`, ...rest].join(" or ");
  }
  const format = schema.format && !["uint32", "uint64", "uint8", "uint", "int32", "int64", "double"].includes(schema.format);
  return types.join(" or ") + (format ? ` (${schema.format})` : "");
}

/** The fields of a schema, and the element that shows them. */
function inside(document, schema) {
  const target = resolve(document, schema ?? {});
  if (target?.properties) return { fields: true, element: () => list(document, target) };
  if (target?.items) return inside(document, target.items);
  const options = (target?.oneOf ?? target?.anyOf ?? target?.allOf ?? []).filter((option) => option.type !== "null");
  const open = options.filter((option) => inside(document, option).fields);
  if (open.length === 0) return { fields: false, element: () => null };
  if (open.length === 1) return inside(document, open[0]);
  return { fields: true, element: () => choices(document, open) };
}

function choices(document, options) {
  return h(
    "ul",
    { class: "schema-choices" },
    options.map((option) => {
      const about = resolve(document, option);
      const fixed = Object.values(about.properties ?? {}).find((field) => "const" in field)?.const;
      return h("li", null, more(document, option, fixed ?? typeOf(document, option)));
    }),
  );
}

function list(document, schema) {
  const required = schema.required ?? [];
  return h(
    "dl",
    { class: "schema-fields" },
    Object.entries(schema.properties).map(([name, field]) => [
      h("dt", null, h("code", null, name), required.includes(name) ? h("span", { class: "schema-required" }, "required") : null),
      h("dd", null, one(document, field)),
    ]),
  );
}

function one(document, field) {
  const target = resolve(document, field);
  const bounds = BOUNDS.filter(([name]) => target?.[name] != null).map(([name, say]) => say(target[name]));
  if (target?.default != null) bounds.push(`default ${JSON.stringify(target.default)}`);
  return [
    h("span", { class: "schema-type" }, typeOf(document, field)),
    bounds.length ? h("span", { class: "schema-bounds" }, bounds.join("; ")) : null,
    prose(field.description ?? target?.description),
    inside(document, field).fields ? more(document, field, "Fields") : null,
  ];
}

/** Fields that are built when they are first looked at. */
function more(document, schema, label) {
  const details = h("details", { class: "schema-more" }, h("summary", null, label));
  details.addEventListener("toggle", () => details.append(inside(document, schema).element()), { once: true });
  return details;
}
