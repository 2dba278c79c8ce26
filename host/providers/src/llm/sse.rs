//! Server-sent events, cut out of a stream of bytes that may be split anywhere.
//!
//! Only `data` matters here. Lines end with LF, CRLF or CR; several `data` lines of an event are joined by LF; comments
//! and other fields are skipped.

use memchr::memchr2;

/// A line longer than this is not what a language model sends.
const MAX_EVENT: usize = 1024 * 1024;

/// The event is too large to be one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

#[derive(Debug, Default)]
pub(super) struct Sse {
    line: Vec<u8>,
    data: Option<Vec<u8>>,
    /// The last line ended with CR: an LF that follows belongs to it.
    after_cr: bool,
}

impl Sse {
    /// Reads on; `each` gets the data of every event that is complete.
    pub(super) fn push(&mut self, mut bytes: &[u8], mut each: impl FnMut(&[u8])) -> Result<(), TooLarge> {
        if self.after_cr && !bytes.is_empty() {
            self.after_cr = false;
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some((line, rest, cr_at_end)) = split_line(bytes) {
            self.after_cr = cr_at_end;
            bytes = rest;
            if self.line.is_empty() {
                line_done(&mut self.data, line, &mut each)?;
            } else {
                self.line.extend_from_slice(line);
                let whole = std::mem::take(&mut self.line);
                line_done(&mut self.data, &whole, &mut each)?;
            }
        }
        if self.line.len() + bytes.len() > MAX_EVENT {
            return Err(TooLarge);
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    /// The end of the stream: an event whose blank line is missing still counts.
    pub(super) fn finish(&mut self, mut each: impl FnMut(&[u8])) {
        let line = std::mem::take(&mut self.line);
        if line_done(&mut self.data, &line, &mut each).is_ok()
            && let Some(data) = self.data.take()
        {
            each(&data);
        }
    }
}

/// The first line, what follows it, and whether its end was a CR at the very end of the bytes.
fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8], bool)> {
    let at = memchr2(b'\n', b'\r', bytes)?;
    let (line, rest) = bytes.split_at_checked(at)?;
    match rest {
        [b'\r', b'\n', rest @ ..] => Some((line, rest, false)),
        [b'\r'] => Some((line, &[], true)),
        [_, rest @ ..] => Some((line, rest, false)),
        [] => None,
    }
}

fn line_done(data: &mut Option<Vec<u8>>, line: &[u8], each: &mut impl FnMut(&[u8])) -> Result<(), TooLarge> {
    if line.is_empty() {
        if let Some(data) = data.take() {
            each(&data);
        }
        return Ok(());
    }
    let Some(value) = line.strip_prefix(b"data") else { return Ok(()) };
    let value = match value {
        [] => value,
        [b':', b' ', value @ ..] | [b':', value @ ..] => value,
        _ => return Ok(()),
    };
    match data {
        Some(data) if data.len() + value.len() > MAX_EVENT => return Err(TooLarge),
        Some(data) => {
            data.push(b'\n');
            data.extend_from_slice(value);
        }
        None => *data = Some(value.to_vec()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(pieces: &[&[u8]]) -> Vec<String> {
        let (mut sse, mut events) = (Sse::default(), Vec::new());
        for piece in pieces {
            sse.push(piece, |data| events.push(String::from_utf8_lossy(data).into_owned())).unwrap();
        }
        sse.finish(|data| events.push(String::from_utf8_lossy(data).into_owned()));
        events
    }

    #[test]
    fn data_is_found_among_comments_and_other_fields() {
        let table: [(&str, &[&str]); 8] = [
            ("data: one\n\ndata: two\n\n", &["one", "two"]),
            ("data:one\r\n\r\ndata: two\r\n\r\n", &["one", "two"]),
            ("data: one\r\rdata: two\r\r", &["one", "two"]),
            (": keep-alive\n\nevent: x\nid: 7\ndata: one\n\n", &["one"]),
            ("data: one\ndata: more\n\n", &["one\nmore"]),
            ("data: last", &["last"]),
            ("database: no\ndata\n\n", &[""]),
            ("\n\n\n", &[]),
        ];
        for (text, events) in table {
            assert_eq!(read(&[text.as_bytes()]), events, "{text:?}");
        }
    }

    #[test]
    fn a_split_anywhere_changes_nothing() {
        let text = ": hi\r\ndata: grüß dich 👋\r\n\r\ndata: a\ndata: b\n\ndata: c\r\rdata: [DONE]\n\n".as_bytes();
        let whole = read(&[text]);
        assert_eq!(whole.len(), 4);
        for at in 0..=text.len() {
            let (head, tail) = text.split_at(at);
            assert_eq!(read(&[head, tail]), whole, "split at {at}");
        }
        let single: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(read(&single), whole);
    }

    #[test]
    fn an_endless_line_is_refused() {
        let mut sse = Sse::default();
        let outcome = (0..2_000).try_for_each(|_| sse.push(&[b'x'; 1_024], |_| ()));
        assert_eq!(outcome, Err(TooLarge));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic_and_may_be_split(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0usize..300) {
            let at = at.min(bytes.len());
            let (head, tail) = bytes.split_at(at);
            prop_assert_eq!(read(&[head, tail]), read(&[&bytes]));
        }
    }
}
