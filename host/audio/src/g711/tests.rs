use super::*;

/// The magnitudes of ITU-T G.711 table 2a (14-bit scale), first and last value of each segment.
const ITU_SEGMENT_ENDS: [(u8, i32, i32); 8] = [
    (0, 0, 30),
    (1, 33, 93),
    (2, 99, 219),
    (3, 231, 471),
    (4, 495, 975),
    (5, 1023, 1983),
    (6, 2079, 3999),
    (7, 4191, 8031),
];

#[test]
fn decoding_agrees_with_the_itu_tables() {
    for (segment, first, last) in ITU_SEGMENT_ENDS {
        for (mantissa, expected) in [(0u8, first), (15, last)] {
            let positive = !((segment << 4) | mantissa);
            let negative = !(0x80 | (segment << 4) | mantissa);
            assert_eq!(i32::from(decode_sample(positive)), expected * 4, "segment {segment}");
            assert_eq!(i32::from(decode_sample(negative)), -expected * 4, "segment {segment}");
        }
    }
    assert_eq!(decode_sample(SILENCE), 0);
    assert_eq!(encode_sample(0), SILENCE);
}

#[test]
fn every_code_survives_a_round_trip() {
    for code in 0..=255u8 {
        // 0x7F is negative zero, which linear samples cannot tell from zero.
        let expected = if code == 0x7F { SILENCE } else { code };
        assert_eq!(encode_sample(decode_sample(code)), expected);
    }
}

/// The upper decision values of the eight segments in G.711 table 2a (14-bit scale).
const ITU_DECISIONS: [i32; 8] = [31, 95, 223, 479, 991, 2_015, 4_063, 8_159];

#[test]
fn every_sample_is_encoded_by_the_itu_decision_values() {
    for sample in i16::MIN..=i16::MAX {
        let magnitude = i32::from(sample).abs().min(8_158 * 4);
        let segment = ITU_DECISIONS.iter().position(|&end| magnitude < end * 4).unwrap();
        let start = if segment == 0 { -4 } else { ITU_DECISIONS[segment - 1] * 4 };
        let mantissa = (magnitude - start) / (8 << segment);
        let sign = if sample < 0 { 0x80 } else { 0 };
        let expected = !(sign | ((segment as u8) << 4) | mantissa as u8);
        assert_eq!(encode_sample(sample), expected, "sample {sample}");
    }
}

#[test]
fn slices_and_samples_agree() {
    let codes: Vec<u8> = (0..=255).collect();
    let samples = decode(&codes);
    assert_eq!(samples.len(), 256);
    assert!(codes.iter().zip(&samples).all(|(&code, &sample)| decode_sample(code) == sample));
    assert_eq!(encode(&samples).len(), 256);
    for (&code, &sample) in codes.iter().zip(&samples) {
        assert!((decode_unit(code) * 32_768.0 - f32::from(sample)).abs() < 1e-3);
    }
}
