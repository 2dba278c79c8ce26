//! Decides whether sound from the caller's side can be more than the echo of what the agent says.
//!
//! The voice detector hears the agent's own echo as speech. Instead of cancelling it, the guard remembers how loud the
//! agent was over the last moments and lets caller speech count only when it is louder than the echo could be: an
//! estimate needs no adaptation time, so the first word of the first call is already guarded.

use crate::level;

#[cfg(test)]
mod tests;

/// How the guard estimates the echo.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EchoSettings {
    /// By how much the line weakens the agent's voice at least before it comes back, in dB.
    pub return_loss_db: f32,
    /// The longest way of an echo, in milliseconds (0..=1000): everything played within it may be coming back now.
    pub max_delay_ms: u64,
    /// How far above the estimate speech must be to count, in dB.
    pub margin_db: f32,
    /// What is added to the margin while the agent's words are protected, in dB.
    pub protection_db: f32,
}

impl Default for EchoSettings {
    fn default() -> Self {
        Self { return_loss_db: 20.0, max_delay_ms: 400, margin_db: 3.0, protection_db: 10.0 }
    }
}

/// Length of the stretches whose loudness is remembered.
const SLOT_MS: u64 = 20;
/// mu-law bytes in one slot.
const SLOT_BYTES: u64 = SLOT_MS * BYTES_PER_MS;
const BYTES_PER_MS: u64 = 8;
/// 2.56 s: one second of echo delay, and room for audio that is handed over ahead of its playing.
const SLOTS: usize = 128;
const LONGEST_DELAY_MS: u64 = 1_000;

#[derive(Debug, Clone, Copy)]
struct Slot {
    number: u64,
    db: f32,
}

const EMPTY: Slot = Slot { number: u64::MAX, db: level::SILENCE_DB };

/// Remembers what the agent played and judges what comes in. All times are audio time of the inbound stream, in ms.
///
/// The memory is a fixed ring: what lies more than 2.5 s apart overwrites the oldest.
#[derive(Debug, Clone)]
pub struct EchoGuard {
    settings: EchoSettings,
    slots: [Slot; SLOTS],
    last_played: Option<u64>,
    protected_until_ms: u64,
}

impl EchoGuard {
    /// A guard that has heard nothing yet. A longer `max_delay_ms` than 1000 is taken as 1000.
    #[must_use]
    pub fn new(settings: EchoSettings) -> Self {
        let settings = EchoSettings { max_delay_ms: settings.max_delay_ms.min(LONGEST_DELAY_MS), ..settings };
        Self { settings, slots: [EMPTY; SLOTS], last_played: None, protected_until_ms: 0 }
    }

    /// Notes that `mulaw` (8 kHz, any length) plays from `at_ms` on. Call it when the audio is sent, with the time at
    /// which it will play; pieces may follow each other at any borders.
    pub fn played(&mut self, at_ms: u64, mulaw: &[u8]) {
        // Beyond the ring's length the beginning would be overwritten by the end.
        let longest = SLOT_BYTES as usize * SLOTS;
        let skipped = mulaw.len().saturating_sub(longest);
        let mut rest = mulaw.get(skipped..).unwrap_or_default();
        let mut byte = at_ms.saturating_mul(BYTES_PER_MS).saturating_add(skipped as u64);
        while !rest.is_empty() {
            let room = (SLOT_BYTES - byte % SLOT_BYTES) as usize;
            let (piece, later) = rest.split_at(room.min(rest.len()));
            self.remember(byte / SLOT_BYTES, level::mulaw_db(piece));
            byte = byte.saturating_add(piece.len() as u64);
            rest = later;
        }
    }

    /// Notes that what should have played from `at_ms` on was flushed and will not be heard.
    pub fn cleared(&mut self, at_ms: u64) {
        let first = at_ms.div_ceil(SLOT_MS);
        for slot in &mut self.slots {
            if slot.number != EMPTY.number && slot.number >= first {
                *slot = EMPTY;
            }
        }
        self.last_played = self.slots.iter().map(|slot| slot.number).filter(|&number| number != EMPTY.number).max();
    }

    /// Protects what the agent says until `until_ms`: an interruption before that must be clearly louder than the echo.
    pub fn protect_until(&mut self, until_ms: u64) {
        self.protected_until_ms = until_ms;
    }

    /// The level that input at `at_ms` must reach to count, in dBFS; `None` when nothing played that could come back.
    #[must_use]
    pub fn threshold_db(&self, at_ms: u64) -> Option<f32> {
        let from = at_ms.saturating_sub(self.settings.max_delay_ms) / SLOT_MS;
        let to = at_ms / SLOT_MS;
        if self.last_played? < from {
            return None;
        }
        let loudest = (from..=to).filter_map(|number| self.level_at(number)).reduce(f32::max)?;
        let protection = if at_ms < self.protected_until_ms { self.settings.protection_db } else { 0.0 };
        Some(loudest - self.settings.return_loss_db + self.settings.margin_db + protection)
    }

    /// Whether input of `input_db` (dBFS) at `at_ms` can be more than echo.
    #[must_use]
    pub fn allows(&self, at_ms: u64, input_db: f32) -> bool {
        self.threshold_db(at_ms).is_none_or(|threshold| input_db >= threshold)
    }

    fn remember(&mut self, number: u64, db: f32) {
        let index = (number % SLOTS as u64) as usize;
        if let Some(slot) = self.slots.get_mut(index) {
            let db = if slot.number == number { slot.db.max(db) } else { db };
            *slot = Slot { number, db };
            self.last_played = Some(self.last_played.map_or(number, |last| last.max(number)));
        }
    }

    fn level_at(&self, number: u64) -> Option<f32> {
        let slot = self.slots.get((number % SLOTS as u64) as usize)?;
        (slot.number == number).then_some(slot.db)
    }
}

impl Default for EchoGuard {
    fn default() -> Self {
        Self::new(EchoSettings::default())
    }
}
