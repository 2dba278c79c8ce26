/**
 * Requests to the host's REST interface: one way to send, one shape of error.
 */

import { SseParser } from "./sse.js";

const BASE = "/api/v1";
const listeners = new Set();
let csrf = null;
let tenant = null;

/** What the host refused, as a problem document says it (RFC 9457). */
export class Problem extends Error {
  constructor({ type, title, status, detail, errors, headers } = {}) {
    super(detail || title || "The request failed.");
    this.name = "Problem";
    this.status = status ?? 0;
    this.title = title ?? "";
    this.kind = typeof type === "string" ? type.split(":").pop() : "";
    this.errors = Array.isArray(errors) ? errors : [];
    this.headers = headers ?? null;
  }

  /** The faults at a JSON pointer or below it. */
  at(pointer) {
    return this.errors.filter((error) => error.pointer === pointer || error.pointer?.startsWith(`${pointer}/`));
  }

  /** Whether a fault of this code is at a pointer. */
  has(code) {
    return this.kind === code || this.errors.some((error) => error.code === code);
  }
}

/** The token that writes carry when the session is a cookie. */
export function setCsrf(token) {
  csrf = token;
}

/** The tenant that an operator acts for; null: the first one. */
export function setTenant(id) {
  tenant = id;
}

/** Called when the host says that nobody is signed in. */
export function onSignedOut(listener) {
  listeners.add(listener);
}

/** Sends a request and gives the response; anything but 2xx is thrown as a `Problem`. */
export async function send(method, path, { body, headers = {}, signal, quiet = false, again = true } = {}) {
  const init = { method, signal, headers: { ...headers }, credentials: "same-origin", cache: "no-store" };
  if (body instanceof Blob) init.body = body;
  else if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers["content-type"] ??= "application/json";
  }
  if (tenant) init.headers["x-tenant"] = tenant;
  if (csrf && method !== "GET") init.headers["x-csrf-token"] = csrf;
  let response;
  try {
    response = await fetch(BASE + path, init);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ type: "urn:trunkline:problem:unreachable", title: "No connection", detail: unreachable() });
  }
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (problem.status === 403 && problem.kind === "csrf" && again) {
    // Another tab signed in anew: this session's token is another one now.
    const me = await get("/auth/me");
    setCsrf(me.csrf);
    return send(method, path, { body, headers, signal, quiet, again: false });
  }
  if (problem.status === 401 && !quiet) for (const listener of listeners) listener(problem);
  throw problem;
}

/** Sends a request and gives the JSON of the answer, null when there is none. */
export async function request(method, path, options) {
  const response = await send(method, path, options);
  return response.status === 204 ? null : response.json();
}

/** Reads. */
export function get(path, options) {
  return request("GET", path, options);
}

/** Reads server-sent events until the host closes the stream; gives each to `onevent({event, data, id})`. */
export async function stream(method, path, options, onevent) {
  const headers = { ...options.headers, accept: "text/event-stream" };
  const response = await send(method, path, { ...options, headers });
  const parser = new SseParser(onevent);
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    parser.push(decoder.decode(value, { stream: true }));
  }
}

/** A query string of the parameters that have a value, with its question mark. */
export function query(parameters) {
  const filled = Object.entries(parameters).filter(([, value]) => value != null && value !== "");
  return filled.length ? `?${new URLSearchParams(filled)}` : "";
}

function unreachable() {
  if (navigator.onLine === false) return "This device is offline.";
  return "The host does not answer. Is `trunkline serve` still running?";
}

async function problemOf(response) {
  const text = await response.text().catch(() => "");
  let document = {};
  try {
    document = JSON.parse(text);
  } catch {
    // A proxy's page, perhaps: the status must do.
  }
  if (typeof document !== "object" || document === null) document = {};
  const detail = document.detail || `The host answered ${response.status} ${response.statusText}`.trim();
  return new Problem({ ...document, detail, status: response.status, headers: response.headers });
}
