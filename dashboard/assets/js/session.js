/**
 * Who is signed in: login links, the session's own data, and its end.
 */

import { get, request, setCsrf } from "./http.js";

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

/** Signs in with a one-time code; gives who that is. */
export async function login(code) {
  return known(await request("POST", "/auth/login", { body: { code }, quiet: true }));
}

/** Who is signed in; throws a 401 when nobody is. */
export async function me() {
  return known(await get("/auth/me", { quiet: true }));
}

/** Ends the session here and at the host. */
export async function logout() {
  await request("POST", "/auth/logout", { quiet: true });
  setCsrf(null);
}

function known(who) {
  setCsrf(who.csrf ?? null);
  return who;
}

function decodeURIComponentSafely(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
