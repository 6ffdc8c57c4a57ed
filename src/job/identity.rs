//! Task and item identities that stay the same from one run of a job to the next, on any machine. They let a run
//! recognise work done by an earlier run.
//!
//! ```
//! use gaudi_mpi::identity::{ItemIdentity, TaskIdentity, program_digest};
//!
//! let events = ItemIdentity::new(7, &("run1.h5", 0..500))?;
//! assert_eq!(events, ItemIdentity::new(7, &("run1.h5", 0..500))?);
//! assert_ne!(events.digest, ItemIdentity::new(7, &("run2.h5", 0..500))?.digest);
//!
//! let task = TaskIdentity::new(program_digest()?, &("selection", 0.7), 0)?;
//! let changed = TaskIdentity::new(program_digest()?, &("selection", 0.8), 0)?;
//! assert_eq!(task.differences(&changed), ["the task"]);
//! # Ok::<(), gaudi_mpi::Error>(())
//! ```

use crate::error::Error;
use crate::wire;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use twox_hash::xxhash3_128;

/// A 128-bit digest (XXH3), printed as 32 hexadecimal digits. Different values practically never have the same digest
/// by accident, but a digest does not protect against forgery.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Digest(u128);

impl Digest {
    /// Digests the encoded form of a value. Values whose encoding varies, such as a `HashMap`, have no stable digest.
    ///
    /// # Errors
    /// If the value cannot be serialised.
    pub fn of<T: Serialize>(value: &T) -> Result<Self, Error> {
        Ok(Self(xxhash3_128::Hasher::oneshot(&wire::encode(value)?)))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Identifies a task in one call of `process`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskIdentity {
    /// The build of the program.
    pub program: Digest,
    /// The task as sent to the workers: after `initialize_local` and without skipped fields.
    pub task: Digest,
    /// The number of earlier calls of `process` in the program.
    pub pass: u64,
}

impl TaskIdentity {
    /// Identifies a task. `program` is the [digest of the program](program_digest); a host language such as Python
    /// passes its script's digest instead.
    ///
    /// # Errors
    /// If the task cannot be serialised.
    pub fn new<T: Serialize>(program: Digest, task: &T, pass: u64) -> Result<Self, Error> {
        Ok(Self {
            program,
            task: Digest::of(task)?,
            pass,
        })
    }

    /// Returns the names of the parts in which two identities differ, for use in a message.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let parts = [
            (self.program != other.program, "the program's build"),
            (self.task != other.task, "the task"),
            (self.pass != other.pass, "the number of the pass"),
        ];
        parts
            .into_iter()
            .filter_map(|(differs, name)| differs.then_some(name))
            .collect()
    }
}

/// Identifies an item within a call of `process`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemIdentity {
    /// The item's number, from 0.
    pub number: u64,
    /// The item's contents.
    pub digest: Digest,
}

impl ItemIdentity {
    /// Identifies an item.
    ///
    /// # Errors
    /// If the item cannot be serialised.
    pub fn new<T: Serialize>(number: u64, item: &T) -> Result<Self, Error> {
        Ok(Self {
            number,
            digest: Digest::of(item)?,
        })
    }
}

/// Digests the executable file of this process, which identifies the build of the program.
///
/// # Errors
/// If the executable cannot be read.
pub fn program_digest() -> Result<Digest, Error> {
    // This link leads to the running executable, even if another file has since taken its name.
    const EXECUTABLE: &str = "/proc/self/exe";
    let digest = File::open(EXECUTABLE).and_then(digest_file);
    digest.map_err(|source| Error::File {
        action: "read the program's own file",
        path: EXECUTABLE.into(),
        source,
    })
}

fn digest_file(mut file: File) -> io::Result<Digest> {
    let mut hasher = xxhash3_128::Hasher::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(Digest(hasher.finish_128())),
            length => hasher.write(&buffer[..length]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn digests_are_those_of_the_reference_implementation() {
        // XXH3_128bits of the empty input and of one zero byte, with seed 0. Digests must not change with another
        // library, or another version of this library: earlier runs have stored them.
        assert_eq!(Digest::of(&()).unwrap().to_string(), "99aa06d3014798d86001c324468d497f");
        assert_eq!(
            Digest::of(&0_u8).unwrap().to_string(),
            "a6cd5e9392000f6ac44bdff4074eecdb"
        );
    }

    #[test]
    fn a_file_has_the_digest_of_its_contents() {
        let bytes: Vec<u8> = (0..600_000_u32).map(|number| (number % 251) as u8).collect();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&bytes).unwrap();
        let whole = Digest(xxhash3_128::Hasher::oneshot(&bytes));
        assert_eq!(digest_file(file.reopen().unwrap()).unwrap(), whole);
    }

    #[test]
    fn an_identity_survives_its_encoding_and_tells_every_part_apart() {
        let program = Digest(1);
        let identity = TaskIdentity::new(program, &"task", 3).unwrap();
        let bytes = wire::encode(&identity).unwrap();
        assert_eq!(wire::decode::<TaskIdentity>(&bytes).unwrap(), identity);
        let other = TaskIdentity::new(Digest(2), &"other", 4).unwrap();
        assert_eq!(
            identity.differences(&other),
            ["the program's build", "the task", "the number of the pass"]
        );
        assert!(identity.differences(&identity).is_empty());
    }
}
