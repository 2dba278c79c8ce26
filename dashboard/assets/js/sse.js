/**
 * Parses `text/event-stream` as the HTML standard says, from pieces cut anywhere.
 */

export class SseParser {
  #buffer = "";
  #data = [];
  #event = "";
  #id = "";
  #first = true;
  #afterCr = false;

  constructor(onevent) {
    this.onevent = onevent;
  }

  /** Takes the next piece of text. */
  push(text) {
    if (this.#first && text) {
      this.#first = false;
      if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    }
    // A line feed directly after a carriage return belongs to it, also when they come in different pieces.
    if (this.#afterCr && text) {
      this.#afterCr = false;
      if (text[0] === "\n") text = text.slice(1);
    }
    this.#buffer += text;
    let start = 0;
    for (let at = 0; at < this.#buffer.length; at += 1) {
      const code = this.#buffer.charCodeAt(at);
      if (code !== 10 && code !== 13) continue;
      this.#line(this.#buffer.slice(start, at));
      if (code === 13) {
        if (at + 1 === this.#buffer.length) this.#afterCr = true;
        else if (this.#buffer.charCodeAt(at + 1) === 10) at += 1;
      }
      start = at + 1;
    }
    this.#buffer = this.#buffer.slice(start);
  }

  #line(line) {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return undefined;
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? "" : line.slice(colon + 1);
    if (value.startsWith(" ")) value = value.slice(1);
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    return undefined;
  }

  #dispatch() {
    if (this.#data.length) {
      this.onevent({ event: this.#event || "message", data: this.#data.join("\n"), id: this.#id });
    }
    this.#data = [];
    this.#event = "";
  }
}
