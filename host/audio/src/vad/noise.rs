//! How loud the caller's background is.
//!
//! Two views, of which the louder counts: a quick one that follows whatever the network takes for no speech, and the
//! softest moment of the last seconds. Speech has such moments in every phrase, steady noise has none, so noise that the
//! network mistakes for speech still becomes background and cannot hold a turn open for ever.

/// A line quieter than this is taken to be as noisy as this, in dBFS.
const QUIETEST_DB: f32 = -70.0;
/// Frames in one block of the search for the softest moment: 0.8 s.
const BLOCK_FRAMES: u32 = 48;
/// Finished blocks that are searched: with the one under way, the last 2.3 to 3.1 s.
const BLOCKS: usize = 3;
/// How far the softest frame of steady noise lies below its mean, in dB.
const SOFTEST_BELOW_MEAN_DB: f32 = 2.0;

/// Follows the background from frame to frame.
#[derive(Debug, Clone)]
pub(super) struct Noise {
    quick_db: f32,
    softest: [f32; BLOCKS],
    block_db: f32,
    block_frames: u32,
}

impl Default for Noise {
    fn default() -> Self {
        Self { quick_db: QUIETEST_DB, softest: [QUIETEST_DB; BLOCKS], block_db: 0.0, block_frames: 0 }
    }
}

impl Noise {
    /// The level of the background, in dBFS.
    pub(super) fn db(&self) -> f32 {
        let softest = self.softest.iter().copied().fold(self.block_db, f32::min);
        self.quick_db.max(softest + SOFTEST_BELOW_MEAN_DB)
    }

    /// Takes the level of the next frame; `quiet` when the network hears no speech in it.
    pub(super) fn follow(&mut self, level_db: f32, quiet: bool) {
        let level_db = level_db.clamp(QUIETEST_DB, 0.0);
        if quiet {
            let pace = if level_db < self.quick_db { 0.3 } else { 0.05 };
            self.quick_db += (level_db - self.quick_db) * pace;
        } else {
            self.quick_db = self.quick_db.min(level_db);
        }
        self.block_db = self.block_db.min(level_db);
        self.block_frames += 1;
        if self.block_frames == BLOCK_FRAMES {
            self.softest.rotate_left(1);
            if let Some(newest) = self.softest.last_mut() {
                *newest = self.block_db;
            }
            self.block_db = 0.0;
            self.block_frames = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steady_noise_becomes_background_even_when_it_sounds_like_speech() {
        let mut noise = Noise::default();
        (0..220).for_each(|_| noise.follow(-35.0, false));
        assert!((noise.db() + 33.0).abs() < 0.1, "{}", noise.db());
    }

    #[test]
    fn speech_with_pauses_does_not_become_background() {
        let mut noise = Noise::default();
        (0..2_000).for_each(|frame| noise.follow(if frame % 60 < 4 { -65.0 } else { -20.0 }, false));
        assert!(noise.db() < -60.0, "{}", noise.db());
    }

    #[test]
    fn the_background_falls_faster_than_it_rises() {
        let mut noise = Noise::default();
        (0..60).for_each(|_| noise.follow(-40.0, true));
        assert!((noise.db() + 40.0).abs() < 3.0, "{}", noise.db());
        (0..8).for_each(|_| noise.follow(-60.0, true));
        assert!(noise.db() < -55.0, "{}", noise.db());
    }
}
