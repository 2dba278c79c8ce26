/**
 * How numbers, times and names of the interface read.
 */

const CHANNELS = {
  "phone-inbound": "Phone",
  "phone-outbound": "Phone, outbound",
  "web-voice": "Browser call",
  chat: "Text chat",
};
const CHANNEL_SIGNS = { "phone-inbound": "phone", "phone-outbound": "phone", "web-voice": "globe", chat: "chat" };
const STATES = { ringing: "Ringing", active: "Live", ended: "Ended" };
const REASONS = {
  "agent-hangup": "The agent ended it",
  "caller-hangup": "The caller hung up",
  "operator-hangup": "Hung up from here",
  "max-duration": "Reached its longest duration",
  silence: "Nobody spoke",
  "media-lost": "The connection was lost",
  drained: "The host was stopped",
  failed: "It failed",
  ended: "It is over",
};

/** Milliseconds, whole, with separators: "1,240 ms". */
export function ms(value, locale) {
  return `${Math.round(value).toLocaleString(locale)} ms`;
}

/** A position on a clock: "0:04", "12:03", "1:02:03". */
export function clock(value) {
  const seconds = Math.max(0, Math.floor(value / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** A length of time in words: "34 s", "2 min 5 s", "1 h 4 min". */
export function duration(value) {
  const seconds = Math.max(0, Math.round(value / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`;
  return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${Math.floor(minutes / 60)} h`;
}

/** A moment, nearer ones shorter: "Today 14:05", "12 Mar 14:05". */
export function when(unixMs, now = Date.now(), locale = undefined) {
  const date = new Date(unixMs);
  const time = date.toLocaleTimeString(locale, { hour: "numeric", minute: "2-digit" });
  const midnight = (moment) => new Date(moment).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(now) - midnight(unixMs)) / 86_400_000);
  if (days === 0) return `Today ${time}`;
  if (days === 1) return `Yesterday ${time}`;
  const sameYear = date.getFullYear() === new Date(now).getFullYear();
  const day = date.toLocaleDateString(locale, {
    day: "numeric",
    month: "short",
    year: sameYear ? undefined : "numeric",
  });
  return `${day} ${time}`;
}

/** A moment to the second, for tooltips. */
export function exactly(unixMs, locale) {
  return new Date(unixMs).toLocaleString(locale, { dateStyle: "full", timeStyle: "medium" });
}

/** The name of a field as people would say it: `opening_hours` is "opening hours". */
export function humanKey(key) {
  return key
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1 $2")
    .replace(/[_\-.]+/g, " ")
    .trim()
    .toLowerCase();
}

/** "1 fault", "2 faults". */
export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString()} ${number === 1 ? one : many}`;
}

/** Up to two letters that stand for a name. */
export function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return (
    letters
      .map((word) => [...word][0] ?? "")
      .join("")
      .toLocaleUpperCase() || "?"
  );
}

/** Characters as the host counts them: Unicode scalar values, not UTF-16 units. */
export function characters(text) {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

/** One line of at most `most` characters. */
export function brief(text, most = 120) {
  const line = String(text).replace(/\s+/g, " ").trim();
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}

/** A JSON value in a line: text as it is, the rest as JSON. */
export function plain(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}

export const channelName = (channel) => CHANNELS[channel] ?? channel;
export const channelSign = (channel) => CHANNEL_SIGNS[channel] ?? "phone";
export const stateName = (state) => STATES[state] ?? state;
export const reasonName = (reason) => REASONS[reason] ?? humanKey(reason ?? "");
