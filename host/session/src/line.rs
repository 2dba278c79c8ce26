//! What kind of line a call runs over, and what follows from it.

use trunkline_audio::echo::EchoSettings;
use trunkline_audio::resample::Rate;
use trunkline_audio::vad::VadSettings;
use trunkline_contract::speech::AudioFormat;
use trunkline_engine::playout;
use trunkline_telephony::CloseReason;
use trunkline_twilio::media::MediaFormat;

/// What kind of line a call runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// G.711 mu-law at 8 kHz.
    Phone,
    /// 16-bit PCM at 16 kHz.
    Browser,
    /// No audio.
    Text,
}

impl Line {
    /// `channel` of calls from a browser.
    pub(crate) const WEB_VOICE: &str = "web-voice";
    /// `channel` of conversations in writing.
    pub(crate) const CHAT: &str = "chat";

    pub(crate) fn of(channel: &str) -> Self {
        match channel {
            Self::WEB_VOICE => Self::Browser,
            Self::CHAT => Self::Text,
            _ => Self::Phone,
        }
    }

    pub(crate) fn speech_mode(self) -> &'static str {
        match self {
            Self::Phone | Self::Browser => "pipeline",
            Self::Text => "text",
        }
    }

    pub(crate) fn format(self) -> AudioFormat {
        match self {
            Self::Phone | Self::Text => AudioFormat::Mulaw8k,
            Self::Browser => AudioFormat::Pcm16 { hz: 16_000 },
        }
    }

    pub(crate) fn playout(self) -> playout::Config {
        match self {
            Self::Phone | Self::Text => playout::Config::new(playout::Format::MULAW_8K),
            Self::Browser => playout::Config::new(playout::Format::PCM16_16K),
        }
    }

    pub(crate) fn rate(self) -> Rate {
        match self {
            Self::Phone | Self::Text => Rate::Hz8000,
            Self::Browser => Rate::Hz16000,
        }
    }

    pub(crate) fn bytes_per_ms(self) -> u64 {
        u64::from(self.playout().format.bytes_per_ms)
    }

    /// A browser has cancelled most of the echo before we hear it.
    pub(crate) fn vad(self) -> VadSettings {
        let defaults = VadSettings::default();
        match self {
            Self::Phone | Self::Text => defaults,
            Self::Browser => {
                let echo = defaults.echo.map(|echo| EchoSettings { return_loss_db: 30.0, ..echo });
                VadSettings { echo, ..defaults }
            }
        }
    }

    /// A lost socket may come back within this; none: the engine's own patience.
    pub(crate) fn grace_ms(self) -> Option<u64> {
        (self == Self::Browser).then_some(crate::web::RECONNECT_MS)
    }

    /// What a socket is told when another one takes its call.
    pub(crate) fn replaced(self) -> CloseReason {
        match self {
            Self::Phone | Self::Text => CloseReason::Done,
            Self::Browser => CloseReason::TakenOver,
        }
    }

    /// Whether a socket that announces this format fits.
    pub(crate) fn takes(self, format: &MediaFormat) -> bool {
        let (encodings, hz): (&[&str], u32) = match self {
            Self::Phone => (&["audio/x-mulaw"], 8_000),
            Self::Browser => (&["audio/x-l16", "audio/l16"], 16_000),
            Self::Text => (&[], 0),
        };
        encodings.contains(&format.encoding.as_str()) && format.sample_rate == hz && format.channels == 1
    }

    /// What [`Line::takes`] wants, for people.
    pub(crate) fn wanted(self) -> &'static str {
        match self {
            Self::Phone => "audio/x-mulaw at 8000 Hz, mono",
            Self::Browser => "audio/x-l16 at 16000 Hz, mono",
            Self::Text => "no audio at all: the call is in writing",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_takes_its_own_audio_only() {
        let format = |encoding: &str, sample_rate, channels| MediaFormat {
            encoding: encoding.to_owned(),
            sample_rate,
            channels,
        };
        let (phone, browser) = (format("audio/x-mulaw", 8_000, 1), format("audio/x-l16", 16_000, 1));
        assert!(Line::of("phone-inbound").takes(&phone) && !Line::Phone.takes(&browser));
        assert!(Line::of("web-voice").takes(&browser) && !Line::Browser.takes(&phone));
        assert!(!Line::Browser.takes(&format("audio/x-l16", 16_000, 2)));
        assert!(!Line::of("chat").takes(&phone) && !Line::Text.takes(&browser));
    }
}
