/**
 * Who is signed in: login links, the session's own data, what they may do and for whom, and its end.
 */

import { get, request, setCsrf, setTenant } from "./http.js";
import { recall, remember } from "./settings.js";

/** Each may do what those before it may. */
export const ROLES = ["viewer", "editor", "admin", "operator"];

let role = null;
let acting = null;
setTenant(recall("tenant"));

/** Whether whoever is signed in has a role, or a higher one. */
export function may(least) {
  return ROLES.indexOf(role) >= ROLES.indexOf(least);
}

/** The tenant whose things are seen: `{id, name}`. */
export function tenant() {
  return acting;
}

/** Lets an operator act for a tenant; null: for the first one. */
export function actFor(id) {
  remember("tenant", id);
  setTenant(id);
}

/** The one-time code of a login link or of a bare code; null when there is none in it. */
export function codeOf(text) {
  const trimmed = text.trim();
  const inLink = /[#&]login=([^&\s]+)/.exec(trimmed);
  if (inLink) return decodeURIComponentSafely(inLink[1]);
  return /^[A-Za-z0-9_-]{8,200}$/.test(trimmed) ? trimmed : null;
}

/** Takes the code out of the address, so that neither history nor bookmarks keep it. */
export function takeCode() {
  const code = location.hash.startsWith("#login=") ? codeOf(location.hash) : null;
  if (location.hash.startsWith("#login="))
    history.replaceState(null, "", `${location.pathname}${location.search}#/talk`);
  return code;
}

/** Signs in with `{code}`, which works once, or with `{email, password}`; gives who that is. */
export async function login(proof) {
  actFor(null);
  return known(await request("POST", "/auth/login", { body: proof, quiet: true }));
}

/** Who is signed in; throws a 401 when nobody is. */
export async function me() {
  try {
    return known(await get("/auth/me", { quiet: true }));
  } catch (problem) {
    if (problem.status !== 404 || !recall("tenant")) throw problem;
    // Whoever is signed in now has nothing to do with the tenant that was chosen here.
    actFor(null);
    return me();
  }
}

/** Ends the session here and at the host. */
export async function logout() {
  await request("POST", "/auth/logout", { quiet: true });
  setCsrf(null);
  actFor(null);
}

function known(who) {
  setCsrf(who.csrf ?? null);
  role = who.role;
  acting = who.tenant;
  return who;
}

function decodeURIComponentSafely(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
