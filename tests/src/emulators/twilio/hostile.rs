//! Frames that a correct carrier never sends.

use bytes::Bytes;
use tokio_tungstenite::tungstenite::Message;
use trunkline_twilio::media::SILENCE;

use super::messages::Writer;
use super::spec::Hostile;

/// The frame, for those that are one frame.
pub(super) fn message(hostile: &Hostile, writer: &mut Writer, timestamp_ms: u64) -> Option<Message> {
    Some(match hostile {
        Hostile::Text(text) => Message::text(text.as_str()),
        Hostile::Binary(bytes) => Message::Binary(Bytes::copy_from_slice(bytes)),
        Hostile::NotJson => Message::text("}{ this is not JSON"),
        Hostile::UnknownEvent => Message::text(r#"{"event":"weather","sequenceNumber":"1","weather":{"is":"fine"}}"#),
        Hostile::WrongBase64 => {
            Message::text(writer.media(timestamp_ms, &[]).replace(r#""payload":"""#, r#""payload":"*not base64*""#))
        }
        Hostile::Huge(bytes) => Message::text(writer.media(timestamp_ms, &vec![SILENCE; bytes / 4 * 3])),
        Hostile::Flood { .. } | Hostile::Reset => return None,
    })
}
