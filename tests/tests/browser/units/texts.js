const format = await import("/assets/js/format.js");
const { parse } = await import("/assets/js/router.js");
const { codeOf } = await import("/assets/js/session.js");
const { mergePatch, same } = await import("/assets/js/agent/patch.js");
const { stages } = await import("/assets/js/conversation/latency.js");
const { describe } = await import("/assets/js/conversation/rows.js");
const { indent } = await import("/assets/js/conversation/events.js");
const { rendered } = await import("/assets/js/talk/hero.js");
const { Conversation } = await import("/assets/js/conversation/model.js");

check("times and lengths read as people say them", () => {
  equal(
    [0, 4_999, 65_000, 3_723_000].map((value) => format.clock(value)),
    ["0:00", "0:04", "1:05", "1:02:03"],
  );
  equal([0, 34_400, 60_000, 125_000, 3_600_000, 3_840_000].map(format.duration), [
    "0 s",
    "34 s",
    "1 min",
    "2 min 5 s",
    "1 h",
    "1 h 4 min",
  ]);
  equal(format.ms(1_240.4, "en-US"), "1,240 ms");
});

check("nearer moments are shorter", () => {
  const now = new Date(2026, 2, 12, 15, 0).getTime();
  const at = (...parts) => format.when(new Date(...parts).getTime(), now, "en-GB");
  equal(at(2026, 2, 12, 14, 5), "Today 14:05");
  equal(at(2026, 2, 11, 23, 59), "Yesterday 23:59");
  equal(at(2026, 0, 2, 19, 7), "2 Jan 19:07");
  equal(at(2025, 11, 31, 19, 7), "31 Dec 2025 19:07");
});

check("names of fields become words", () => {
  equal(["opening_hours", "openingHours", "new-patients", "A.b", "الاسم"].map(format.humanKey), [
    "opening hours",
    "opening hours",
    "new patients",
    "a b",
    "الاسم",
  ]);
});

check("characters are counted as the host counts them", () => {
  equal(format.characters("a\u{1f600}é"), 3);
  equal(format.initials("Front desk"), "FD");
  equal(format.initials("  "), "?");
  equal(format.brief("a  b\nc", 4), "a b…");
});

check("fragments name views, and unknown ones the first", () => {
  const at = (hash) => {
    const { view, id, query } = parse(hash);
    return [view, id, query.toString()];
  };
  equal(at("#/calls/a%2Fb?x=1"), ["calls", "a/b", "x=1"]);
  equal(at("#/speech"), ["speech", null, ""]);
  equal(at("#/nowhere/x"), ["talk", null, ""]);
  equal(at(""), ["talk", null, ""]);
  equal(at("#/calls/%E0%A4%A"), ["calls", "%E0%A4%A", ""]);
});

check("a code is found in a link, alone, and nowhere else", () => {
  equal(codeOf(" http://127.0.0.1:8080/#login=abc_DEF-123456 "), "abc_DEF-123456");
  equal(codeOf("abc_DEF-123456"), "abc_DEF-123456");
  for (const odd of ["", "short", "two words here", "http://x/#other=1", "<script>"]) equal(codeOf(odd), null);
});

const apply = (target, patch) => {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const out = typeof target === "object" && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key];
    else out[key] = apply(out[key], value);
  }
  return out;
};

check("a patch makes the one document of the other", () => {
  for (const [from, to, patch] of [
    [{ a: 1 }, { a: 1 }, {}],
    [{ a: 1, b: 2 }, { a: 1 }, { b: null }],
    [{ a: { x: 1, y: 2 } }, { a: { x: 1, z: [1, null] } }, { a: { y: null, z: [1, null] } }],
    [{ a: [1, 2] }, { a: [1] }, { a: [1] }],
    [{ a: { x: 1 } }, { a: "x" }, { a: "x" }],
    [{ a: "x" }, { a: { x: { y: 1 } } }, { a: { x: { y: 1 } } }],
  ]) {
    equal(mergePatch(from, to), patch);
    assert(same(apply(from, patch), to), JSON.stringify(to));
  }
});

check("a new null cannot be said by a patch", () => {
  equal(mergePatch({}, { a: null }), undefined);
  equal(mergePatch({ a: {} }, { a: { b: { c: null } } }), undefined);
  equal(mergePatch({ a: null }, { a: null, b: 1 }), { b: 1 });
});

check("the order of fields does not make documents different", () => {
  assert(same({ a: 1, b: [{ c: 2, d: 3 }] }, { b: [{ d: 3, c: 2 }], a: 1 }));
  assert(!same({ a: 1 }, { a: 1, b: undefined }));
});

check("stages begin where the last one ended, and the transcript runs beside the endpoint", () => {
  const {
    total,
    host,
    stages: found,
  } = stages({
    turn: 1,
    speech_end_ms: 1_000,
    endpoint_ms: 1_500,
    transcript_ms: 1_380,
    decision_ms: 1_502,
    first_token_ms: 1_700,
    first_segment_ms: null,
    first_audio_ms: 1_900,
    first_frame_ms: 1_901,
    host_added_ms: 3,
  });
  equal([total, host], [901, 3]);
  equal(
    found.map(({ label, from, length }) => [label, from, length]),
    [
      ["Endpoint", 0, 500],
      ["Transcript", 0, 380],
      ["Decision", 500, 2],
      ["First token", 502, 198],
      ["First audio", 700, 200],
      ["First frame", 900, 1],
    ],
  );
  equal(stages({ turn: 1, speech_end_ms: 5 }), { total: 0, host: null, stages: [] });
});

check("every kind of row reads as a line, unknown ones by their name", () => {
  equal(
    describe({ kind: "barge-in", outcome: "confirmed", speech_ms: 10, clear_ms: 212 }).title,
    "The caller interrupted",
  );
  equal(describe({ kind: "event", event: { event: "user-turn", data: { number: 2, text: "Hi", confidence: 0.5 } } }), {
    group: "speech",
    sign: "speech",
    title: "Turn 2",
    detail: "Hi (confidence 50 %)",
  });
  equal(describe({ kind: "something-new", at_ms: 1 }).title, "something new");
  equal(describe({ kind: "actions" }).title, "actions");
  equal(describe({ kind: "event" }).title, "event");
});

check("JSON is indented without touching its numbers", () => {
  const text = '{"seed":16535746407807999419,"a":[],"b":{ },"c":[1,{"d":"x:,{}[]\\"\\\\"}]}';
  equal(indent(text).replace(/\s/g, ""), text.replace(/\s/g, ""));
  equal(indent('{"a":[1,2]}'), '{\n  "a": [\n    1,\n    2\n  ]\n}');
  assert(indent(text).includes("16535746407807999419"));
});

check("templates are filled from the context's own fields only", () => {
  equal(rendered("{{ a }} {{b.c}} {{ d }} {{ toString }}", { a: 1, b: { c: "x" } }), "1 x {{ d }} {{ toString }}");
});

const message = (seq, index, role, text, more = {}) => ({
  seq,
  at_ms: seq * 10,
  kind: "message",
  index,
  message: { role, text },
  ...more,
});

check("the last row of an index counts, in the place and at the time of the first", () => {
  const conversation = new Conversation();
  conversation.row(message(1, 0, "assistant", "Good morning, all"));
  conversation.row(message(2, 1, "user", "Wait"));
  conversation.row(message(3, 0, "assistant", "Good", { not_heard: "morning, all" }));
  const [first, second] = conversation.ordered();
  equal([first.text, first.not_heard, first.at_ms, second.text], ["Good", "morning, all", 10, "Wait"]);
});

check("rows that come twice count once", () => {
  const conversation = new Conversation();
  for (let times = 0; times < 2; times += 1) conversation.row(message(1, 0, "user", "Hello"));
  equal([conversation.ordered().length, conversation.log().length, conversation.lastSeq], [1, 1, 1]);
});

check("words under way give way to the row", () => {
  const conversation = new Conversation();
  conversation.partial({ role: "user", text: "Hel" });
  equal(conversation.interim, "Hel");
  conversation.row(message(1, 0, "user", "Hello"));
  equal(conversation.interim, "");
  conversation.partial({ role: "assistant", index: 1, text: "Hi there" });
  equal(conversation.lines.get(1).spoken, "Hi there");
  conversation.row(message(2, 1, "assistant", "Hi"));
  equal(conversation.lines.get(1).text, "Hi");
});

check("what was typed is shown once, however it is confirmed", () => {
  const conversation = new Conversation();
  conversation.typed("Hello");
  equal(conversation.pending.length, 1);
  conversation.row(message(1, 1, "user", "Hello"));
  conversation.line({ index: 1, role: "user", text: "Hello", at_ms: 5 });
  equal([conversation.pending.length, conversation.ordered().length], [0, 1]);
  const retract = conversation.typed("Again");
  retract();
  equal(conversation.pending.length, 0);
});

check("a turn's delay belongs to the first answer after it", () => {
  const conversation = new Conversation();
  conversation.row(message(1, 0, "assistant", "Hello"));
  conversation.row(message(2, 1, "user", "When?"));
  conversation.row({
    seq: 3,
    at_ms: 30,
    kind: "event",
    event: { event: "user-turn", data: { number: 1, text: "When?" } },
  });
  conversation.row({ seq: 4, at_ms: 40, kind: "latency", turn: 1, speech_end_ms: 1 });
  conversation.row(message(5, 2, "assistant", "At nine"));
  equal([...conversation.answers().keys()], [2]);
});

check("an interruption is marked where it happened", () => {
  const conversation = new Conversation();
  conversation.row(message(1, 0, "assistant", "One", { not_heard: "two" }));
  conversation.row({
    seq: 2,
    at_ms: 20,
    kind: "event",
    event: { event: "interrupted", data: { effect: 1, heard: "One" } },
  });
  equal(conversation.lines.get(0).interrupted, true);
});

check("the greeting is shown while it is said, and only what was logged stays in the end", () => {
  const conversation = new Conversation();
  conversation.row({
    seq: 1,
    at_ms: 1,
    kind: "actions",
    event_seq: 0,
    actions: [{ effect: 1, action: "say", data: { text: "Hello" } }],
  });
  equal(conversation.lines.get(0).spoken, "Hello");
  conversation.row(message(2, 0, "assistant", "Hel", { not_heard: "lo" }));
  equal([conversation.lines.get(0).text, conversation.lines.get(0).not_heard], ["Hel", "lo"]);
  conversation.partial({ role: "assistant", index: 1, text: "Are you there?" });
  conversation.row({ seq: 3, at_ms: 30, kind: "ended", reason: "caller-hangup", duration_ms: 30 });
  equal(
    conversation.ordered().map(({ index }) => index),
    [0],
  );
});
