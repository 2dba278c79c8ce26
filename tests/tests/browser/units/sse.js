const { SseParser } = await import("/assets/js/sse.js");

const parse = (pieces) => {
  const events = [];
  const parser = new SseParser((event) => events.push(event));
  for (const piece of pieces) parser.push(piece);
  return events;
};

const STREAM =
  '\ufeff: hello\nevent: row\ndata: {"a":1}\nid: 7\n\ndata: two\r\ndata:lines\r\n\r\nevent: x\rdata\r\rdata: no end';

check("events have a name, data and the last id", () => {
  equal(parse([STREAM]), [
    { event: "row", data: '{"a":1}', id: "7" },
    { event: "message", data: "two\nlines", id: "7" },
    { event: "x", data: "", id: "7" },
  ]);
});

check("pieces may be cut anywhere", () => {
  const whole = parse([STREAM]);
  for (let cut = 0; cut <= STREAM.length; cut += 1) equal(parse([STREAM.slice(0, cut), STREAM.slice(cut)]), whole);
  equal(parse([...STREAM]), whole);
});

check("an event without data is none", () => {
  equal(parse(["event: row\n\nid: 3\n\ndata: x\n\n"]), [{ event: "message", data: "x", id: "3" }]);
});

check("an id with a zero byte and unknown fields are passed over", () => {
  equal(parse(["id: a\0b\nretry: 5\nfoo: bar\ndata: x\n\n"]), [{ event: "message", data: "x", id: "" }]);
});

check("any text is parsed without an error", () => {
  const letters = ["\n", "\r", ":", " ", "data", "event", "id", "x", "\ufeff", "\0", "é"];
  let seed = 1;
  const random = (most) => (seed = (seed * 48_271) % 2_147_483_647) % most;
  for (let round = 0; round < 500; round += 1) {
    const pieces = Array.from({ length: random(60) }, () => letters[random(letters.length)]);
    equal(parse(pieces), parse([pieces.join("")]));
  }
});
