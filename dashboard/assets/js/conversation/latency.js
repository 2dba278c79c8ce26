/**
 * The stages of one turn's delay, as bars: from the end of the caller's speech to the first frame of the answer.
 */

const STAGES = [
  ["endpoint_ms", "Endpoint", "Silence long enough to be sure that the caller is done"],
  ["transcript_ms", "Transcript", "The last words are final; runs beside the endpoint"],
  ["decision_ms", "Decision", "The behaviour has decided what to do"],
  ["first_token_ms", "First token", "The language model begins to answer"],
  ["first_segment_ms", "First segment", "Enough text to speak"],
  ["first_audio_ms", "First audio", "The synthesiser's first sound"],
  ["first_frame_ms", "First frame", "The first sound is on its way to the caller"],
];

/** `{total, host, stages: [{label, hint, from, length}]}` in ms after the end of speech; stages that did not happen are left out. */
export function stages(latency) {
  const origin = latency.speech_end_ms ?? 0;
  const shown = [];
  let reached = 0;
  for (const [field, label, hint] of STAGES) {
    if (latency[field] == null) continue;
    const at = Math.max(0, latency[field] - origin);
    // The endpoint and the transcript are awaited at the same time.
    const from = field === "transcript_ms" ? 0 : Math.min(reached, at);
    shown.push({ field, label, hint, from, length: at - from });
    reached = Math.max(reached, at);
  }
  return { total: reached, host: latency.host_added_ms ?? null, stages: shown };
}
