//! Quotes file names and options for batch scripts.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Whether a string contains no characters that are special to any shell or batch system.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-./:,@%+=".contains(c))
}

/// Returns the string if it is UTF-8 without control characters. A line break, for example, would end the script's line
/// early.
fn printable(text: &OsStr) -> Option<&str> {
    text.to_str().filter(|text| !text.contains(char::is_control))
}

/// Quotes a word for bash.
pub(super) fn for_shell(word: &OsStr) -> String {
    match printable(word) {
        Some(text) if is_plain(text) => text.into(),
        Some(text) => format!("'{}'", text.replace('\'', r"'\''")),
        None => {
            let mut quoted = String::from("$'");
            for &byte in word.as_bytes() {
                match byte {
                    b'\'' | b'\\' => quoted.extend(['\\', byte.into()]),
                    b' '..=b'~' => quoted.push(byte.into()),
                    // Always use three digits, because the next character may be a digit.
                    _ => quoted += &format!("\\{byte:03o}"),
                }
            }
            quoted + "'"
        }
    }
}

/// Quotes the value of a key in an HTCondor submit file.
pub(super) fn for_htcondor_value(value: &OsStr) -> Result<String, String> {
    let why = match printable(value) {
        // HTCondor substitutes `$$` when it matches the job to a host, and `$$` cannot be quoted.
        Some(text) if text.contains("$$") => "two dollar signs in a row",
        Some(text) => return Ok(text.replace('$', "$(DOLLAR)")),
        None => "a control character, or is not UTF-8",
    };
    let shown = value.to_string_lossy();
    Err(format!(
        "{shown:?} has {why}, which a submit file of HTCondor cannot contain: use another name"
    ))
}

/// Quotes a word for HTCondor's `arguments` key. The key's whole value is enclosed in double quotes.
pub(super) fn for_htcondor(word: &OsStr) -> Result<String, String> {
    let value = for_htcondor_value(word)?;
    match printable(word).is_some_and(is_plain) {
        true => Ok(value),
        false => Ok(format!("'{}'", value.replace('\'', "''").replace('"', "\"\""))),
    }
}
