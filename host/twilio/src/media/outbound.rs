//! Messages to Twilio, appended to a string that the caller clears and reuses.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::escape::push_escaped;

/// Appends a media message: raw audio of the negotiated format, of any length. Twilio queues it and plays it in order.
pub fn write_media(out: &mut String, stream_sid: &str, audio: &[u8]) {
    out.reserve(80 + stream_sid.len() + audio.len().div_ceil(3) * 4);
    open(out, "media", stream_sid);
    out.push_str(r#","media":{"payload":""#);
    STANDARD.encode_string(audio, out);
    out.push_str(r#""}}"#);
}

/// Appends a mark message. Twilio echoes the name when everything sent before has been played, or flushed by a clear.
pub fn write_mark(out: &mut String, stream_sid: &str, name: &str) {
    open(out, "mark", stream_sid);
    out.push_str(r#","mark":{"name":""#);
    push_escaped(out, name);
    out.push_str(r#""}}"#);
}

/// Appends a clear message: Twilio drops what it has not played and echoes every outstanding mark.
pub fn write_clear(out: &mut String, stream_sid: &str) {
    open(out, "clear", stream_sid);
    out.push('}');
}

fn open(out: &mut String, event: &str, stream_sid: &str) {
    out.push_str(r#"{"event":""#);
    out.push_str(event);
    out.push_str(r#"","streamSid":""#);
    push_escaped(out, stream_sid);
    out.push('"');
}
