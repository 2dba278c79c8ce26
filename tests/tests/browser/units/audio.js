const { Resampler } = await import("/assets/js/voice/resampler.js");
const { PlayQueue } = await import("/assets/js/voice/queue.js");
const { decode, encode, level, toFloat, toInt16, wav } = await import("/assets/js/voice/pcm.js");
const { incoming, Outgoing } = await import("/assets/js/voice/messages.js");

const tone = (hz, rate, seconds, gain = 0.5) =>
  Float32Array.from({ length: rate * seconds }, (_, at) => gain * Math.sin((2 * Math.PI * hz * at) / rate));
const db = (samples) => 10 * Math.log10(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
const middle = (samples) => samples.subarray(samples.length / 4, (3 * samples.length) / 4);
const pieces = (samples, length) =>
  Array.from({ length: Math.ceil(samples.length / length) }, (_, at) =>
    samples.subarray(at * length, (at + 1) * length),
  );
const joined = (parts) => Float32Array.from(parts.flatMap((part) => [...part]));

const RATES = [
  [48_000, 16_000],
  [44_100, 16_000],
  [96_000, 16_000],
  [8_000, 16_000],
  [22_050, 16_000],
  [16_000, 48_000],
  [16_000, 44_100],
];

check("as many samples come out as time has passed", () => {
  for (const [from, to] of RATES) {
    const out = joined(
      pieces(tone(440, from, 1), 128).map(
        (
          (resampler) => (part) =>
            resampler.process(part)
        )(new Resampler(from, to)),
      ),
    );
    assert(Math.abs(out.length - to) < to / 200, `${from} to ${to}: ${out.length}`);
  }
});

check("pieces give the same samples as the whole", () => {
  for (const [from, to] of RATES) {
    const input = tone(997, from, 0.5);
    const whole = new Resampler(from, to).process(input);
    for (const length of [1, 127, 128, 4_096]) {
      const resampler = new Resampler(from, to);
      equal([...joined(pieces(input, length).map((part) => resampler.process(part)))], [...whole]);
      if (length === 1) break;
    }
  }
});

check("speech keeps its loudness", () => {
  for (const [from, to] of RATES) {
    for (const hz of [150, 1_000, 3_000]) {
      const input = tone(hz, from, 0.5);
      const change = db(middle(new Resampler(from, to).process(input))) - db(input);
      assert(Math.abs(change) < 0.1, `${hz} Hz, ${from} to ${to}: ${change} dB`);
    }
  }
});

check("what the lower rate cannot carry is removed, not folded back", () => {
  for (const [from, hz] of [
    [48_000, 9_000],
    [48_000, 15_000],
    [44_100, 9_500],
    [96_000, 20_000],
  ]) {
    const left = db(middle(new Resampler(from, 16_000).process(tone(hz, from, 0.5))));
    assert(left < -70, `${hz} Hz at ${from}: ${left} dB`);
  }
});

check("the shape of a tone stays", () => {
  const out = new Resampler(48_000, 16_000).process(tone(1_000, 48_000, 0.5));
  const wanted = tone(1_000, 16_000, 0.5);
  for (let at = 1_000; at < 6_000; at += 1)
    assert(Math.abs(out[at] - wanted[at]) < 0.003, `sample ${at}: ${out[at]}, ${wanted[at]}`);
});

check("the same rate passes samples unchanged", () => {
  const input = tone(440, 16_000, 0.1);
  equal([...new Resampler(16_000, 16_000).process(input)], [...input]);
});

const fill = (length, value) => new Float32Array(length).fill(value);
const render = (queue, blocks, length = 128) =>
  Array.from({ length: blocks }, () => queue.render(new Float32Array(length)));

check("a mark is due when everything before it was played", () => {
  const queue = new PlayQueue();
  queue.push(fill(200, 0.5));
  queue.mark("a");
  queue.push(fill(100, 0.5));
  queue.mark("b");
  equal(render(queue, 4), [[], ["a"], ["b"], []]);
});

check("a mark waits until the loudspeaker has been heard", () => {
  const queue = new PlayQueue(256);
  queue.push(fill(128, 0.5));
  queue.mark("a");
  equal(render(queue, 4), [[], [], ["a"], []]);
});

check("a mark behind nothing is due at once", () => {
  const queue = new PlayQueue();
  queue.mark("a");
  equal(render(queue, 1), [["a"]]);
});

check("clear empties the queue and gives all marks that were not heard", () => {
  const queue = new PlayQueue(1_000);
  queue.push(fill(128, 0.5));
  queue.mark("rendered");
  queue.push(fill(1_000, 0.5));
  queue.mark("waiting");
  equal(render(queue, 2), [[], []]);
  equal(queue.clear(), ["rendered", "waiting"]);
  equal(queue.playing, false);
  equal(render(queue, 20).flat(), []);
});

check("audio comes out in order and complete, whatever its pieces", () => {
  const queue = new PlayQueue();
  const input = Float32Array.from({ length: 3_000 }, (_, at) => at + 1);
  let at = 0;
  for (const length of [1, 2, 500, 128, 1_369, 1_000]) queue.push(input.slice(at, (at += length)));
  const output = new Float32Array(3_072);
  for (let start = 0; start < output.length; start += 128) queue.render(output.subarray(start, start + 128));
  equal([...output.slice(0, 3_000)], [...input]);
});

check("sound that is cut off fades", () => {
  const queue = new PlayQueue();
  queue.push(fill(1_000, 0.8));
  render(queue, 1);
  queue.clear();
  const output = new Float32Array(128);
  queue.render(output);
  assert(output[0] < 0.81 && output[0] > 0.7, `begins at ${output[0]}`);
  for (let at = 1; at < 128; at += 1)
    assert(output[at] <= output[at - 1] && output[at - 1] - output[at] < 0.02, `jumps at ${at}`);
  equal(output[127], 0);
});

check("samples survive base64", () => {
  const samples = Int16Array.from({ length: 20_000 }, (_, at) => ((at * 7_919) % 65_536) - 32_768);
  equal([...decode(encode(samples))], [...samples]);
  equal(atob(encode(Int16Array.of(1, -2))), "\x01\x00\xfe\xff");
});

check("loud samples are clipped, not wrapped", () => {
  equal([...toInt16(Float32Array.of(0, 1, -1, 2, -3, 0.5))], [0, 32_767, -32_768, 32_767, -32_768, 16_384]);
  equal([...toFloat(Int16Array.of(0, -32_768, 16_384))], [0, -1, 0.5]);
});

check("silence has level 0 and full scale nearly 1", () => {
  equal(level(new Float32Array(320)), 0);
  assert(level(tone(440, 16_000, 0.02, 1)) > 0.94);
});

check("a WAV file has a right header", async () => {
  const blob = wav(Int16Array.of(1, 2, 3), 16_000);
  const view = new DataView(await blob.arrayBuffer());
  equal(
    [
      blob.size,
      view.getUint32(4, true),
      view.getUint32(24, true),
      view.getUint32(28, true),
      view.getUint32(40, true),
      view.getInt16(48, true),
    ],
    [50, 42, 16_000, 32_000, 6, 3],
  );
});

check("messages have the contract's shapes", () => {
  const out = new Outgoing("call-1", "secret");
  equal(JSON.parse(out.connected()), { event: "connected", protocol: "Call", version: "1.0.0" });
  const start = JSON.parse(out.start());
  assert(/^[A-Za-z0-9_-]{1,64}$/.test(start.streamSid), start.streamSid);
  equal(start.sequenceNumber, "1");
  equal(start.start, {
    streamSid: start.streamSid,
    accountSid: "web",
    callSid: "call-1",
    tracks: ["inbound"],
    customParameters: { token: "secret" },
    mediaFormat: { encoding: "audio/x-l16", sampleRate: 16_000, channels: 1 },
  });
  const frame = new Int16Array(320);
  const [first, second] = [out.media(frame), out.media(frame)].map((text) => JSON.parse(text));
  equal(
    [first.sequenceNumber, first.media.chunk, first.media.timestamp, first.media.track],
    ["2", "1", "0", "inbound"],
  );
  equal(atob(first.media.payload).length, 640);
  equal([second.sequenceNumber, second.media.chunk, second.media.timestamp], ["3", "2", "20"]);
  out.skip();
  equal(JSON.parse(out.media(frame)).media.timestamp, "60");
  equal(JSON.parse(out.mark("m")).mark, { name: "m" });
  equal(JSON.parse(out.dtmf("5")).dtmf, { track: "inbound_track", digit: "5" });
  equal(JSON.parse(out.stop()).stop, { accountSid: "web", callSid: "call-1" });
});

check("what the host says is read, and anything else passed over", () => {
  equal([...incoming('{"event":"media","media":{"payload":"AQD+/w=="}}').audio], [1, -2]);
  equal(incoming('{"event":"mark","mark":{"name":"m"}}'), { mark: "m" });
  equal(incoming('{"event":"clear","streamSid":"x"}'), { clear: true });
  for (const odd of [
    "",
    "{",
    "null",
    "[]",
    '{"event":"media"}',
    '{"event":"media","media":{"payload":"%"}}',
    '{"event":"mark","mark":{}}',
    '{"event":"other"}',
  ])
    equal(incoming(odd), null);
});
