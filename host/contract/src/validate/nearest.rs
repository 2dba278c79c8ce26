//! Names in messages: what was probably meant, what is known, and nothing longer than a line.

/// Names that are at least this alike (0-1) are offered in place of one that is not known.
const ALIKE: f64 = 0.7;
/// Characters of a found value that a message repeats.
const SHOWN: usize = 80;
/// Names that a message lists.
const LISTED: usize = 24;

/// The known name that is most like an unknown one; upper and lower case are alike.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A name that is far too long is like no other, and slow to compare.
    let name: String = name.chars().take(SHOWN).collect::<String>().to_lowercase();
    let alike = |one: &str| strsim::jaro_winkler(&name, &one.to_lowercase());
    let scored = known.into_iter().map(|one| (alike(one), one)).filter(|(alike, _)| *alike > ALIKE);
    scored.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, name)| name)
}

/// The end of a message that says what was probably meant; empty when no name is near.
pub(crate) fn hint<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

/// What is known, for people.
pub(crate) fn listed<'a>(known: impl IntoIterator<Item = &'a str>) -> String {
    let mut known = known.into_iter();
    let mut names: Vec<String> = known.by_ref().take(LISTED).map(short).collect();
    let more = known.count();
    match (names.is_empty(), more) {
        (true, _) => return "none".to_owned(),
        (false, 0) => {}
        (false, more) => names.push(format!("and {more} more")),
    }
    names.join(", ")
}

/// The beginning of a text that may be long.
pub(crate) fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
