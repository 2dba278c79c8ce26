//! WAV as it comes from a pipe: the header as soon as it is whole, then audio to the end. Lengths in the header are not
//! believed, because a program that writes to a pipe does not know them.

/// So long may a header be, bytes.
const MAX_HEADER: usize = 4_096;

/// What is wrong with it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub(super) enum WavError {
    #[error("it is no WAV")]
    NoWav,
    #[error("its WAV is not 16-bit mono PCM")]
    Format,
}

/// Where the audio begins and its rate in Hz; none: more is needed.
pub(super) fn header(bytes: &[u8]) -> Result<Option<(usize, u32)>, WavError> {
    let magic = bytes.get(..4).zip(bytes.get(8..12));
    match magic {
        Some((b"RIFF", b"WAVE")) => {}
        None if b"RIFF".starts_with(bytes.get(..4.min(bytes.len())).unwrap_or_default()) => return Ok(None),
        _ => return Err(WavError::NoWav),
    }
    let mut at = 12usize;
    let mut rate = None;
    loop {
        let Some((id, len)) = bytes.get(at..at + 4).zip(u32_at(bytes, at + 4)) else {
            return if bytes.len() > MAX_HEADER { Err(WavError::NoWav) } else { Ok(None) };
        };
        let body = at + 8;
        match id {
            b"data" => return rate.map(|rate| Some((body, rate))).ok_or(WavError::NoWav),
            b"fmt " => {
                let Some(fields) = bytes.get(body..body + 16) else { return Ok(None) };
                if fields.get(..4) != Some(&[1, 0, 1, 0]) || fields.get(14..16) != Some(&[16, 0]) {
                    return Err(WavError::Format);
                }
                rate = u32_at(bytes, body + 4);
            }
            _ => {}
        }
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        if len > MAX_HEADER {
            return Err(WavError::NoWav);
        }
        at = body + len + len % 2;
    }
}

/// A WAV of 16-bit mono PCM.
pub(super) fn write(rate: u32, pcm: &[u8]) -> Vec<u8> {
    let len = u32::try_from(pcm.len()).unwrap_or(u32::MAX);
    let mut wav = Vec::with_capacity(44 + pcm.len());
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&len.saturating_add(36).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend_from_slice(&rate.to_le_bytes());
    wav.extend_from_slice(&rate.saturating_mul(2).to_le_bytes());
    wav.extend_from_slice(b"\x02\0\x10\0data");
    wav.extend_from_slice(&len.to_le_bytes());
    wav.extend_from_slice(pcm);
    wav
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_can_be_read_in_any_portions() {
        let wav = write(22_050, &[1, 2, 3, 4]);
        for cut in 0..44 {
            assert_eq!(header(&wav[..cut]), Ok(None), "{cut}");
        }
        assert_eq!(header(&wav), Ok(Some((44, 22_050))));
    }

    #[test]
    fn other_things_are_named() {
        assert_eq!(header(b"Segmentation fault"), Err(WavError::NoWav));
        let mut stereo = write(16_000, &[]);
        stereo[22] = 2;
        assert_eq!(header(&stereo), Err(WavError::Format));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), magic in any::<bool>()) {
            let mut all = if magic { b"RIFF\0\0\0\0WAVE".to_vec() } else { Vec::new() };
            all.extend(bytes);
            if let Ok(Some((at, _))) = header(&all) {
                prop_assert!(at <= all.len());
            }
        }
    }
}
