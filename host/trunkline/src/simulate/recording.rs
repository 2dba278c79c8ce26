//! Both sides of a call as one stereo file: the caller left, the agent right.

use super::clock::{RATE, Samples};
use super::wav;
use anyhow::Context as _;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

/// Longest recording, samples (2 hours): 460 MB as a file.
const MAX: usize = 2 * 60 * 60 * 16_000;

/// What was said, on the line's clock.
#[derive(Debug, Default)]
pub(super) struct Recording {
    caller: Vec<i16>,
    agent: Vec<i16>,
}

impl Recording {
    /// What the caller sent from a time on.
    pub(super) fn caller(&mut self, at: Samples, audio: &[i16]) {
        place(&mut self.caller, at, audio);
    }

    /// What was played of the agent from a time on.
    pub(super) fn agent(&mut self, at: Samples, audio: &[i16]) {
        place(&mut self.agent, at, audio);
    }

    /// Writes the file.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let moments = self.caller.len().max(self.agent.len());
        let at = |track: &[i16], moment: usize| track.get(moment).copied().unwrap_or(0);
        let both: Vec<i16> = (0..moments).flat_map(|n| [at(&self.caller, n), at(&self.agent, n)]).collect();
        let written = File::create(path).and_then(|file| wav::write(BufWriter::new(file), RATE, 2, &both));
        written.with_context(|| format!("the recording {} cannot be written", path.display()))
    }
}

fn place(track: &mut Vec<i16>, at: Samples, audio: &[i16]) {
    let at = usize::try_from(at).unwrap_or(MAX).min(MAX);
    let end = (at + audio.len()).min(MAX);
    if track.len() < end {
        track.resize(end, 0);
    }
    if let Some(place) = track.get_mut(at..end) {
        place.iter_mut().zip(audio).for_each(|(to, from)| *to = *from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_stand_at_their_times() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("call.wav");
        let mut recording = Recording::default();
        recording.caller(0, &[1, 2]);
        recording.agent(1, &[7, 8]);
        recording.write(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let samples: Vec<i16> = bytes[44..].chunks(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
        assert_eq!((bytes[22], samples), (2, vec![1, 0, 2, 7, 0, 8]));
        let error = recording.write(Path::new("/nowhere/call.wav")).unwrap_err();
        assert!(error.to_string().contains("/nowhere/call.wav cannot be written"));
    }
}
