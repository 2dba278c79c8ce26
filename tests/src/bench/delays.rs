//! How much of a turn is not the host's: the silence that ends a turn, and what the providers were told to take.
//!
//! ```text
//! set delay = max(endpointing silence, finalise silence + recogniser's final delay)
//!           + model's time to first token
//!           + words of the first sentence * time per token
//!           + synthesiser's time to first audio
//!           + round trip between carrier and host
//! ```
//!
//! - The recogniser is asked for its last word when the silence has lasted [`FINALIZE_AFTER_MS`]; its delay counts only as
//!   far as it ends after the silence that ends the turn anyway.
//! - A token is a word. The first sentence of `n` words is known to be complete when word `n + 1` comes, `n` token times
//!   after the first token.
//! - The synthetic voice begins with its first sample, and the caller's clips end where their last loud sample is, so
//!   nothing is added for silence in the audio.
//!
//! What is left of the voice-to-voice time is what the host adds: detection and dating of the end of speech, frames of
//! 20 ms in both directions, the behaviour's decision, the log, requests to the providers, pacing, and every wait for a
//! processor, of the emulators too.

/// Silence after which the recogniser is asked for its last word, in ms.
const FINALIZE_AFTER_MS: f64 = 200.0;

/// The delays that a run is made with, in ms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SetDelays {
    pub(super) endpoint_ms: f64,
    pub(super) stt_final_ms: f64,
    pub(super) llm_first_token_ms: f64,
    pub(super) token_ms: f64,
    pub(super) tts_first_byte_ms: f64,
    pub(super) round_trip_ms: f64,
}

impl SetDelays {
    /// From the end of the caller's speech to the agent's voice, if the host took no time at all.
    pub(super) fn of_a_turn(&self, reply: &str) -> f64 {
        self.endpoint_ms.max(FINALIZE_AFTER_MS + self.stt_final_ms)
            + self.llm_first_token_ms
            + first_sentence_words(reply) as f64 * self.token_ms
            + self.tts_first_byte_ms
            + self.round_trip_ms
    }
}

/// Words of the first sentence.
fn first_sentence_words(text: &str) -> usize {
    let words = text.split_whitespace();
    let end = words.clone().position(|word| word.ends_with(['.', '!', '?']));
    end.map_or_else(|| words.count(), |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAYS: SetDelays = SetDelays {
        endpoint_ms: 500.0,
        stt_final_ms: 120.0,
        llm_first_token_ms: 150.0,
        token_ms: 12.5,
        tts_first_byte_ms: 120.0,
        round_trip_ms: 0.0,
    };

    #[test]
    fn a_recogniser_that_ends_within_the_silence_costs_nothing() {
        assert_eq!(DELAYS.of_a_turn("Of course. It is open."), 500.0 + 150.0 + 25.0 + 120.0);
        let slow = SetDelays { stt_final_ms: 400.0, ..DELAYS };
        assert_eq!(slow.of_a_turn("Of course. It is open."), 600.0 + 150.0 + 25.0 + 120.0);
    }

    #[test]
    fn the_first_sentence_ends_at_its_mark() {
        assert_eq!(first_sentence_words("Of course. It is open."), 2);
        assert_eq!(first_sentence_words("no mark at all"), 4);
    }
}
