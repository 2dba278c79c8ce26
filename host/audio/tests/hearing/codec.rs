//! G.711 against `sox`.

use trunkline_audio::g711;

use crate::sound::sox_convert;

#[test]
fn every_code_decodes_as_sox_decodes_it() {
    let codes: Vec<u8> = (0..=255).collect();
    let raw = sox_convert(
        "codes.ul",
        &codes,
        &["-D", "-t", "ul", "-r", "8000", "-c", "1", "IN", "-t", "raw", "-e", "signed", "-b", "16", "-L", "-"],
    );
    let theirs: Vec<i16> = raw.as_chunks::<2>().0.iter().map(|&pair| i16::from_le_bytes(pair)).collect();
    assert_eq!(g711::decode(&codes), theirs);
}

#[test]
fn every_sample_encodes_as_sox_encodes_it_to_within_its_rounding() {
    // Up to the clipping level; sox rounds samples to 14 bits first, so values at a decision may fall to either side.
    let samples: Vec<i16> = (-32_600..=32_600).collect();
    let raw: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let theirs = sox_convert(
        "samples.raw",
        &raw,
        &["-D", "-t", "raw", "-r", "8000", "-c", "1", "-e", "signed", "-b", "16", "-L", "IN", "-t", "ul", "-"],
    );
    assert_eq!(theirs.len(), samples.len());
    for (&sample, &their) in samples.iter().zip(&theirs) {
        let near = [-2, 0, 2].map(|shift| g711::decode_sample(g711::encode_sample(sample + shift)));
        assert!(near.contains(&g711::decode_sample(their)), "sample {sample}: sox says {their:#x}");
    }
}
