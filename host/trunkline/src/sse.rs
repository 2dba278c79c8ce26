//! Server-sent events, cut out of a stream of bytes that may be split anywhere.

/// Larger events are not what our servers send, bytes.
const MAX_EVENT: usize = 8 << 20;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its kind; `message` when the server names none.
    pub(crate) name: String,
    /// Its lines of data, joined.
    pub(crate) data: String,
    /// The last id that the server gave.
    pub(crate) id: Option<String>,
}

/// The event is too large to be one.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server sends an event of more than {MAX_EVENT} bytes")]
pub(crate) struct TooLarge;

/// Reads a stream.
#[derive(Debug, Default)]
pub(crate) struct Sse {
    line: Vec<u8>,
    /// The last line ended with CR: an LF that follows belongs to it.
    after_cr: bool,
    name: String,
    data: Option<String>,
    id: Option<String>,
}

impl Sse {
    /// Reads on; gives the events that are complete.
    ///
    /// # Errors
    /// One is too large.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, TooLarge> {
        let mut events = Vec::new();
        for &byte in bytes {
            let follows_cr = std::mem::take(&mut self.after_cr);
            match byte {
                b'\n' if follows_cr => {}
                b'\n' | b'\r' => {
                    self.after_cr = byte == b'\r';
                    let line = std::mem::take(&mut self.line);
                    events.extend(self.line_done(&String::from_utf8_lossy(&line)));
                }
                _ => self.line.push(byte),
            }
            if self.line.len() + self.data.as_ref().map_or(0, String::len) > MAX_EVENT {
                return Err(TooLarge);
            }
        }
        Ok(events)
    }

    fn line_done(&mut self, line: &str) -> Option<Event> {
        if line.is_empty() {
            let name = std::mem::take(&mut self.name);
            let name = if name.is_empty() { "message".to_owned() } else { name };
            return self.data.take().map(|data| Event { name, data, id: self.id.clone() });
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            // Comments and what later servers may add.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(pieces: &[&[u8]]) -> Vec<(String, String, Option<String>)> {
        let mut sse = Sse::default();
        let events = pieces.iter().flat_map(|piece| sse.push(piece).unwrap());
        events.map(|event| (event.name, event.data, event.id)).collect()
    }

    fn event(name: &str, data: &str, id: Option<&str>) -> (String, String, Option<String>) {
        (name.into(), data.into(), id.map(str::to_owned))
    }

    #[test]
    fn events_have_names_data_and_the_last_id() {
        let text = ": hi\n\nevent: row\nid: 7\ndata: one\ndata: more\n\ndata:two\r\n\r\nevent: x\n\ndata: cut";
        let expected = [event("row", "one\nmore", Some("7")), event("message", "two", Some("7"))];
        assert_eq!(read(&[text.as_bytes()]), expected);
    }

    #[test]
    fn a_split_anywhere_changes_nothing() {
        let text = ": hi\r\nevent: a\r\ndata: grüß dich 👋\r\n\r\ndata: a\ndata: b\n\nid: 3\ndata: c\r\rdata: d\n\n"
            .as_bytes();
        let whole = read(&[text]);
        assert_eq!(whole.len(), 4);
        for at in 0..=text.len() {
            let (head, tail) = text.split_at(at);
            assert_eq!(read(&[head, tail]), whole, "split at {at}");
        }
        assert_eq!(read(&text.chunks(1).collect::<Vec<_>>()), whole);
    }

    #[test]
    fn an_endless_event_is_refused() {
        let mut sse = Sse::default();
        let line = [b"data: ".as_slice(), &vec![b'x'; 1 << 20], b"\n"].concat();
        assert_eq!((0..20).try_for_each(|_| sse.push(&line).map(drop)), Err(TooLarge));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_and_may_be_split(bytes: Vec<u8>, at: usize) {
            let (head, tail) = bytes.split_at(at % (bytes.len() + 1));
            prop_assert_eq!(read(&[head, tail]), read(&[&bytes]));
        }
    }
}
