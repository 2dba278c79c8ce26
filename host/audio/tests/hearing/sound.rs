//! Makes test sounds with the speech synthesisers and `sox`, as a telephone would deliver them.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use trunkline_audio::{g711, level};

/// Who speaks a sentence.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Voice {
    /// A voice of `espeak-ng`.
    Espeak(&'static str),
    /// A voice of `flite`.
    Flite(&'static str),
}

/// A sentence as 8 kHz mu-law, telephone band, peak at `peak_db`, with `lead_ms` of silence before and 1 s after.
pub(crate) fn telephone(name: &str, voice: Voice, text: &str, peak_db: f64, lead_ms: u64) -> Vec<u8> {
    let wav = file(&format!("{name}.wav"));
    let path = wav.display().to_string();
    match voice {
        Voice::Espeak(voice) => run("espeak-ng", &["-v", voice, "-s", "165", "-w", &path, text]),
        Voice::Flite(voice) => run("flite", &["-voice", voice, "-t", text, "-o", &path]),
    };
    let lead = format!("{:.3}", lead_ms as f64 / 1_000.0);
    let mut arguments = vec!["-D", &path, "-r", "8000", "-c", "1", "-e", "mu-law", "-t", "ul", "-"];
    let peak = peak_db.to_string();
    arguments.extend(["sinc", "300-3400", "rate", "8000", "norm", &peak, "pad", &lead, "1"]);
    run("sox", &arguments)
}

/// A steady sound that `sox` synthesises, as 8 kHz mu-law: `what` as in "sine 1000", its RMS level in dBFS.
pub(crate) fn synthetic(name: &str, seconds: u32, what: &[&str], level_db: f32) -> Vec<u8> {
    let raw = file(&format!("{name}.raw"));
    let (seconds, path) = (seconds.to_string(), raw.display().to_string());
    let mut arguments = vec!["-D", "-R", "-r", "8000", "-n", "-c", "1", "-e", "signed", "-b", "16", "-L", &path];
    arguments.extend(["synth", &seconds]);
    arguments.extend(what);
    arguments.extend(["gain", "-12"]);
    run("sox", &arguments);
    let bytes = std::fs::read(&raw).unwrap();
    let samples: Vec<i16> = bytes.as_chunks::<2>().0.iter().map(|&pair| i16::from_le_bytes(pair)).collect();
    let gain = 10f32.powf((level_db - level::pcm_db(&samples)) / 20.0);
    let adjusted: Vec<i16> = samples.iter().map(|&sample| (f32::from(sample) * gain).round() as i16).collect();
    g711::encode(&adjusted)
}

/// Runs `sox` on raw bytes from its standard input file.
pub(crate) fn sox_convert(name: &str, input: &[u8], arguments: &[&str]) -> Vec<u8> {
    let path = file(name);
    std::fs::write(&path, input).unwrap();
    let path = path.display().to_string();
    let arguments: Vec<&str> =
        arguments.iter().map(|&argument| if argument == "IN" { &path } else { argument }).collect();
    run("sox", &arguments)
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn run(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().unwrap_or_else(|error| {
        panic!("these tests need the program `{program}`: install it with `apt install {program}` ({error})")
    });
    assert!(output.status.success(), "{program} failed: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
