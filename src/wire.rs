//! Encodes values as bytes for transfer between ranks and processes. This is the only file that depends on the encoding
//! library.

use crate::error::Error;
use bincode::config::{Configuration, standard};
use bincode::error::{DecodeError, EncodeError};
use serde::{Serialize, de::DeserializeOwned};
use std::io::{Read, Write};

const CONFIGURATION: Configuration = standard();

/// Encodes a value.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    encode_onto(value, &mut bytes)?;
    Ok(bytes)
}

/// Encodes a value and appends it to `bytes`.
pub(crate) fn encode_onto<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> Result<(), Error> {
    write(value, bytes)
}

/// Decodes a value that must occupy all of `bytes`.
pub(crate) fn decode<T: DeserializeOwned>(mut bytes: &[u8]) -> Result<T, Error> {
    let value = decode_front(&mut bytes)?;
    if bytes.is_empty() {
        Ok(value)
    } else {
        Err(fault::<T>(format!("{} bytes are left over", bytes.len())))
    }
}

/// Decodes a value at the front of `bytes` and advances `bytes` past it.
pub(crate) fn decode_front<T: DeserializeOwned>(bytes: &mut &[u8]) -> Result<T, Error> {
    let (value, length) = bincode::serde::decode_from_slice(bytes, CONFIGURATION).map_err(decode_fault::<T>)?;
    *bytes = &bytes[length..];
    Ok(value)
}

/// Encodes a value piece by piece, to avoid holding a complete encoded copy in memory.
pub(crate) fn write<T: Serialize>(value: &T, writer: &mut impl Write) -> Result<(), Error> {
    bincode::serde::encode_into_std_write(value, writer, CONFIGURATION)
        .map(|_| ())
        .map_err(|error| {
            fault::<T>(match error {
                EncodeError::OtherString(message) => message,
                error => error.to_string(),
            })
        })
}

/// Decodes one value piece by piece.
pub(crate) fn read<T: DeserializeOwned>(reader: &mut impl Read) -> Result<T, Error> {
    bincode::serde::decode_from_std_read(reader, CONFIGURATION).map_err(decode_fault::<T>)
}

/// Converts a decoding error. Errors from the type's own code are passed on unchanged.
fn decode_fault<T>(error: DecodeError) -> Error {
    fault::<T>(match error {
        DecodeError::OtherString(message) => message,
        error => error.to_string(),
    })
}

fn fault<T>(message: String) -> Error {
    Error::Wire {
        what: format!("a value of type {}", without_paths(std::any::type_name::<T>())),
        message,
    }
}

/// Returns a type's name without module paths: `Option<Vec<u64>>` for `core::option::Option<alloc::vec::Vec<u64>>`.
fn without_paths(name: &str) -> String {
    let is_in_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let parts = name.split_inclusive(|c| !is_in_path(c));
    parts.map(|part| part.rsplit("::").next().unwrap_or(part)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_named_as_users_write_them() {
        type Everything = (Option<std::collections::BTreeMap<String, Vec<u64>>>, [f64; 3], ());
        assert_eq!(
            without_paths(std::any::type_name::<Everything>()),
            "(Option<BTreeMap<String, Vec<u64>>>, [f64; 3], ())"
        );
    }
}
