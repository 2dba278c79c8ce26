/**
 * One operation: a line that says what it does, and all there is to know when it is opened.
 */

import { h } from "../dom.js";
import { paragraphs, resolve } from "./words.js";
import { schemaView, typeOf } from "./schema.js";

/** A text of the document. */
export function prose(text) {
  return paragraphs(text).map((pieces) =>
    h(
      "p",
      null,
      pieces.map(({ kind, text }) => (kind === "plain" ? text : h(kind, null, text))),
    ),
  );
}

/** The operation as an element, closed. */
export function operationView(document, method, path, operation) {
  const role = operation["x-least-role"];
  const details = h(
    "details",
    { class: "operation", id: operation.operationId },
    h(
      "summary",
      null,
      h("span", { class: `method ${method}` }, method.toUpperCase()),
      h("code", { class: "path" }, path),
      h("span", { class: "operation-summary" }, operation.summary),
      h("span", { class: "role" }, role ?? "everybody"),
    ),
  );
  details.addEventListener("toggle", () => details.append(body(document, method, path, operation)), { once: true });
  return details;
}

function body(document, method, path, operation) {
  const parameters = (operation.parameters ?? []).map((parameter) => resolve(document, parameter));
  const sent = Object.entries(operation.requestBody?.content ?? {});
  const most = operation.requestBody?.["x-most-bytes"];
  return h(
    "div",
    { class: "operation-body" },
    prose(operation.description),
    operation["x-shown-once"] ? h("p", { class: "once" }, "The answer holds a secret that is shown this once.") : null,
    parameters.length ? [h("h4", null, "Parameters"), table(document, parameters)] : null,
    sent.length ? h("h4", null, most ? `Body, at most ${most.toLocaleString("en")} bytes` : "Body") : null,
    sent.map(([kind, media]) => [h("p", { class: "kind" }, h("code", null, kind)), schemaView(document, media.schema)]),
    h("h4", null, "Answers"),
    h(
      "ul",
      { class: "answers" },
      Object.entries(operation.responses).map(([status, response]) => answer(document, status, resolve(document, response))),
    ),
    h("h4", null, "Example"),
    h("pre", { class: "example", tabindex: "0" }, example(method, path, operation)),
    h("p", { class: "anchor" }, h("a", { href: `#${operation.operationId}` }, `#${operation.operationId}`)),
  );
}

function table(document, parameters) {
  return h(
    "dl",
    { class: "schema-fields" },
    parameters.map((parameter) => [
      h(
        "dt",
        null,
        h("code", null, parameter.name),
        h("span", { class: "place" }, parameter.in),
        parameter.required ? h("span", { class: "schema-required" }, "required") : null,
      ),
      h("dd", null, h("span", { class: "schema-type" }, typeOf(document, parameter.schema)), prose(parameter.description)),
    ]),
  );
}

function answer(document, status, response) {
  const fine = status < "400";
  const content = Object.entries(response.content ?? {});
  return h(
    "li",
    { class: fine ? "fine" : "refused" },
    h("p", null, h("strong", { class: "status" }, status), ` ${response.description ?? ""}`),
    fine
      ? content.map(([kind, media]) => [h("p", { class: "kind" }, h("code", null, kind)), schemaView(document, media.schema)])
      : null,
  );
}

function example(method, path, operation) {
  const lines = [`curl ${method === "get" ? "" : `-X ${method.toUpperCase()} `}"${location.origin}${path}"`];
  if (operation["x-least-role"]) lines.push(`-H "Authorization: Bearer $TRUNKLINE_TOKEN"`);
  const kind = Object.keys(operation.requestBody?.content ?? {})[0];
  if (kind) lines.push(`-H "Content-Type: ${kind}"`, kind.endsWith("json") ? "-d @body.json" : "--data-binary @body");
  return lines.join(" \\\n  ");
}
