/**
 * The view that the fragment of the address names.
 */

const VIEWS = new Set(["talk", "calls", "agents", "templates", "speech", "manage"]);

/** What a fragment means: `{view, id, part, query}`; anything unknown is the talk view. */
export function parse(hash) {
  const [path, search = ""] = hash.replace(/^#\/?/, "").split("?");
  const [view, id, part] = path.split("/").filter(Boolean).map(decode);
  if (!VIEWS.has(view)) return { view: "talk", id: null, part: null, query: new URLSearchParams() };
  return { view, id: id || null, part: part || null, query: new URLSearchParams(search) };
}

/** Calls `onroute` now and at each change of the fragment. */
export function routes(onroute) {
  const look = () => onroute(parse(location.hash));
  addEventListener("hashchange", look);
  look();
}

/** Goes to a view; `replace`: without a step in the history. */
export function go(hash, { replace = false } = {}) {
  if (location.hash === hash) return;
  if (replace) {
    history.replaceState(null, "", hash);
    dispatchEvent(new HashChangeEvent("hashchange"));
  } else location.hash = hash;
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
