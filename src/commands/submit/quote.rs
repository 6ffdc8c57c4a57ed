//! Names of files and options in batch scripts, whatever is in them.

use super::OsStr;
use std::os::unix::ffi::OsStrExt;

/// What no shell and no batch system takes for anything but itself.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-./:,@%+=".contains(c))
}

/// A text without control characters, of which a line break would end the line.
fn printable(text: &OsStr) -> Option<&str> {
    text.to_str().filter(|text| !text.contains(char::is_control))
}

/// A word for bash.
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
                    // Three digits: what follows may be a digit, too.
                    _ => quoted += &format!("\\{byte:03o}"),
                }
            }
            quoted + "'"
        }
    }
}

/// The value of a key in a submit file of HTCondor.
pub(super) fn for_htcondor_value(value: &OsStr) -> Result<String, String> {
    let why = match printable(value) {
        // It would be filled in when the job has found a host, whatever stands for the signs.
        Some(text) if text.contains("$$") => "two dollar signs in a row",
        Some(text) => return Ok(text.replace('$', "$(DOLLAR)")),
        None => "a control character, or is not UTF-8",
    };
    let shown = value.to_string_lossy();
    Err(format!(
        "{shown:?} has {why}, which cannot be written in a submit file of HTCondor: use another name"
    ))
}

/// A word in the `arguments` of HTCondor, which are in double quotes as a whole.
pub(super) fn for_htcondor(word: &OsStr) -> Result<String, String> {
    let value = for_htcondor_value(word)?;
    match printable(word).is_some_and(is_plain) {
        true => Ok(value),
        false => Ok(format!("'{}'", value.replace('\'', "''").replace('"', "\"\""))),
    }
}
