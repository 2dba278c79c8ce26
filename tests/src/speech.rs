//! What callers say, made by speech synthesisers and brought to what a telephone delivers: 8 kHz mu-law, 300-3400 Hz.
//!
//! A clip is made once per text and voice and kept in the machine's folder for temporary files, so that all tests and
//! benchmarks share it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::emulators::twilio::{Clip, ClipError};

/// Loudness of every clip: its peak, in dB of full scale.
const PEAK_DB: &str = "-9";
/// Changes when clips are made in another way, so that old ones are not used any more.
const RECIPE: u32 = 1;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// `espeak-ng`, with one of its voices: `en-us`, `en-gb+f3`, `de`.
    Espeak(&'static str),
    /// `flite`, with one of its voices: `kal`, `slt`, `rms`, `awb`.
    Flite(&'static str),
}

/// Why there is no speech.
#[derive(Debug, thiserror::Error)]
pub enum SpeechError {
    /// A program is missing.
    #[error("callers' speech is made with `{program}`: install it with `apt-get install {package}`")]
    Missing {
        /// The program.
        program: &'static str,
        /// Debian's package.
        package: &'static str,
    },
    /// A program failed.
    #[error("`{program}` could not make speech: {detail}")]
    Failed {
        /// The program.
        program: &'static str,
        /// What it said.
        detail: String,
    },
    /// The clip cannot be written or read.
    #[error("the clip {path} cannot be used: {source}")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The clip has a wrong form.
    #[error(transparent)]
    Clip(#[from] ClipError),
    /// The program spoke, and nothing can be heard.
    #[error("the speech of {0:?} is silent")]
    Silent(String),
}

/// A sentence, said by flite's clearest voice. The clip begins and ends with little silence.
pub fn say(text: &str) -> Result<Clip, SpeechError> {
    say_with(Voice::Flite("slt"), text)
}

/// A sentence, said by a voice.
pub fn say_with(voice: Voice, text: &str) -> Result<Clip, SpeechError> {
    let folder = std::env::temp_dir().join("trunkline-speech");
    std::fs::create_dir_all(&folder).map_err(|source| unusable(&folder, source))?;
    let path = folder.join(format!("{:016x}.ulaw", digest(&format!("{RECIPE} {PEAK_DB} {voice:?} {text}"))));
    if !path.exists() {
        make(voice, text, &path)?;
    }
    let bytes = std::fs::read(&path).map_err(|source| unusable(&path, source))?;
    let clip = Clip::new(text, bytes);
    if clip.voice().is_none() { Err(SpeechError::Silent(text.to_owned())) } else { Ok(clip) }
}

/// A sentence as a browser's microphone delivers it: 16-bit samples at 16 kHz.
pub fn microphone(voice: Voice, text: &str) -> Result<Vec<i16>, SpeechError> {
    let folder = std::env::temp_dir().join("trunkline-speech");
    std::fs::create_dir_all(&folder).map_err(|source| unusable(&folder, source))?;
    let path = folder.join(format!("{:016x}.s16", digest(&format!("{RECIPE} {PEAK_DB} {voice:?} {text}"))));
    if !path.exists() {
        make(voice, text, &path)?;
    }
    let bytes = std::fs::read(&path).map_err(|source| unusable(&path, source))?;
    Ok(bytes.as_chunks().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect())
}

/// Something like speech without any program: syllables of a voiced sound with pauses between words. Good enough for a
/// voice detector's costs, not for its decisions.
pub fn like_speech(name: &str, length_ms: u64) -> Clip {
    let samples: Vec<i16> = (0..length_ms * 8)
        .map(|at| {
            let seconds = at as f64 / 8_000.0;
            // Five syllables a second, every fifth of them silent, on a voice that rises and falls.
            let syllable = (seconds * 5.0).fract();
            let envelope = (syllable * std::f64::consts::PI).sin() * f64::from((seconds * 5.0) as u64 % 5 != 4);
            let pitch = 120.0 + 20.0 * (seconds * 1.7).sin();
            let wave: f64 = (1..=20).map(|k| harmonic(seconds, pitch, f64::from(k))).sum();
            (wave * envelope * 2_600.0).clamp(-32_000.0, 32_000.0) as i16
        })
        .collect();
    Clip::new(name, trunkline_audio::g711::encode(&samples))
}

/// One harmonic of a voice whose formants are those of an open vowel.
fn harmonic(seconds: f64, pitch: f64, number: f64) -> f64 {
    let hz = pitch * number;
    let formant = |centre: f64, width: f64| 1.0 / (1.0 + ((hz - centre) / width).powi(2));
    let gain = formant(700.0, 130.0) + 0.6 * formant(1_200.0, 150.0) + 0.3 * formant(2_600.0, 200.0);
    gain * (std::f64::consts::TAU * hz * seconds).sin()
}

fn make(voice: Voice, text: &str, path: &Path) -> Result<(), SpeechError> {
    // Another process may be making the same clip: both write files of their own, the last rename wins.
    let own = path.with_extension(format!("{:016x}", rand::random::<u64>()));
    let wav = path.with_extension(format!("{:016x}.wav", rand::random::<u64>()));
    let wide = path.extension().is_some_and(|extension| extension == "s16");
    let made =
        synthesise(voice, text, &wav).and_then(|()| if wide { wideband(&wav, &own) } else { telephone(&wav, &own) });
    let _ = std::fs::remove_file(&wav);
    made?;
    std::fs::rename(&own, path).map_err(|source| unusable(path, source))
}

fn synthesise(voice: Voice, text: &str, wav: &Path) -> Result<(), SpeechError> {
    match voice {
        Voice::Espeak(name) => run(
            "espeak-ng",
            "espeak-ng",
            Command::new("espeak-ng").args(["-v", name, "-s", "165", "-w"]).arg(wav).arg(text),
        ),
        Voice::Flite(name) => {
            run("flite", "flite", Command::new("flite").args(["-voice", name, "-t", text, "-o"]).arg(wav))
        }
    }
}

fn telephone(wav: &Path, path: &Path) -> Result<(), SpeechError> {
    // -D: no dither, which would be noise where the synthesiser is silent. The silences at both ends are cut.
    let effects = "sinc 300-3400 rate 8000 norm PEAK silence 1 0.01 0.5% reverse silence 1 0.01 0.5% reverse";
    let mut sox = Command::new("sox");
    sox.arg("-D").arg(wav).args(["-r", "8000", "-c", "1", "-e", "mu-law", "-t", "ul"]).arg(path);
    sox.args(effects.split(' ').map(|word| if word == "PEAK" { PEAK_DB } else { word }));
    run("sox", "sox", &mut sox)
}

fn wideband(wav: &Path, path: &Path) -> Result<(), SpeechError> {
    let effects = "rate 16000 norm PEAK silence 1 0.01 0.5% reverse silence 1 0.01 0.5% reverse";
    let mut sox = Command::new("sox");
    sox.arg("-D").arg(wav).args(["-r", "16000", "-c", "1", "-e", "signed", "-b", "16", "-t", "raw"]).arg(path);
    sox.args(effects.split(' ').map(|word| if word == "PEAK" { PEAK_DB } else { word }));
    run("sox", "sox", &mut sox)
}

fn run(program: &'static str, package: &'static str, command: &mut Command) -> Result<(), SpeechError> {
    match command.stdin(Stdio::null()).output() {
        Ok(Output { status, .. }) if status.success() => Ok(()),
        Ok(Output { stderr, .. }) => {
            let detail = String::from_utf8_lossy(&stderr).trim().to_owned();
            Err(SpeechError::Failed { program, detail })
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(SpeechError::Missing { program, package }),
        Err(error) => Err(SpeechError::Failed { program, detail: error.to_string() }),
    }
}

fn unusable(path: &Path, source: std::io::Error) -> SpeechError {
    SpeechError::File { path: PathBuf::from(path).display().to_string(), source }
}

/// FNV-1a: the same in every process and release.
fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_speech_of_a_telephone() {
        for voice in [Voice::Flite("slt"), Voice::Espeak("en-us")] {
            let clip = say_with(voice, "Hello, can you hear me?").unwrap();
            let (begin, end) = clip.voice().unwrap();
            let length = clip.audio().len() as u64;
            assert!((8_000..24_000).contains(&length), "{length} samples");
            assert!(begin < 800 && length - end < 1_600, "voice at {begin}..{end} of {length}");
            assert_eq!(say_with(voice, "Hello, can you hear me?").unwrap(), clip);
        }
    }

    #[test]
    fn a_missing_program_is_named_with_its_package() {
        let error = run("no-such-synthesiser", "some-package", &mut Command::new("no-such-synthesiser")).unwrap_err();
        let text = "callers' speech is made with `no-such-synthesiser`: install it with `apt-get install some-package`";
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn synthetic_speech_is_loud_and_has_pauses() {
        let clip = like_speech("s", 2_000);
        assert_eq!(clip.audio().len(), 16_000);
        let (begin, end) = clip.voice().unwrap();
        assert!(begin < 400 && end > 12_000);
        let quiet = clip.audio().iter().filter(|code| *code & 0x7f > 0x70).count();
        assert!(quiet > 2_000, "{quiet} quiet samples");
    }
}
