/**
 * Texts of the document: which operations a search finds, and what is written as code or stressed in a description.
 */

/** Whether every word that is searched for stands somewhere in the operation. */
export function matches(entry, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return words.every((word) => entry.text.includes(word));
}

/** Everything that an operation can be found by, in one case. */
export function textOf(method, path, operation) {
  const parts = [method, path, operation.operationId, operation.summary, operation.description, operation.tags?.join(" ")];
  parts.push(operation["x-least-role"] ?? "public");
  for (const parameter of operation.parameters ?? []) parts.push(parameter.name);
  return parts.filter(Boolean).join(" ").toLowerCase();
}

/** A text in pieces: plain, `code` and **stressed** ones; a blank line divides paragraphs. */
export function paragraphs(text) {
  return (text ?? "")
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.trim())
    .filter(Boolean)
    .map(pieces);
}

function pieces(paragraph) {
  const found = [];
  let rest = paragraph;
  for (;;) {
    const next = /`([^`]+)`|\*\*([^*]+)\*\*/.exec(rest);
    if (!next) break;
    if (next.index > 0) found.push({ kind: "plain", text: rest.slice(0, next.index) });
    found.push(next[1] == null ? { kind: "strong", text: next[2] } : { kind: "code", text: next[1] });
    rest = rest.slice(next.index + next[0].length);
  }
  if (rest) found.push({ kind: "plain", text: rest });
  return found;
}

/** What `#/components/...` names in a document; itself when it names nothing. */
export function resolve(document, value) {
  let seen = 0;
  while (value?.$ref && seen < 10) {
    const target = value.$ref
      .replace(/^#\//, "")
      .split("/")
      .reduce((part, name) => part?.[name.replaceAll("~1", "/").replaceAll("~0", "~")], document);
    if (!target) break;
    value = target;
    seen += 1;
  }
  return value;
}
