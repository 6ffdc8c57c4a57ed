//! [`JobFile`]: reads a job file and converts it to a [`JobConfig`].

use super::job_config::{AlgorithmConfig, JobConfig, Origin};
use super::job_text::{JobText, PlacedError};
use super::job_value::{Content, JobValue, Key};
use crate::error::Result;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A parsed job file. Every value's position in the text is stored, so that errors can point to the value.
///
/// ```
/// use gaudi_mpi::app::JobFile;
///
/// let mut file = JobFile::parse("job.toml", "title = 'Muons'\n[input]\nevents = 1000\n")?;
/// file.set("input.events=10")?; // as `gaudi-mpi run --set` does
/// assert_eq!(file.config()?.input.events, Some(10));
///
/// let file = JobFile::parse("job.toml", "title = 'Muons'\n[input]\nevent = 1000\n")?;
/// let error = file.config().unwrap_err().to_string();
/// assert!(error.starts_with("job.toml:3:1: unknown field `event`, expected one of `files`, "));
/// assert!(error.ends_with("\n  |\n3 | event = 1000\n  | ^^^^^"));
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone, Debug)]
pub struct JobFile {
    text: JobText,
    root: JobValue,
}

/// The tables and lists in a job file. In `--set`, any other name is an algorithm's name.
const SECTIONS: [&str; 4] = ["input", "histograms", "output", "algorithm"];

impl JobFile {
    /// Reads and parses a job file.
    ///
    /// # Errors
    /// If the file cannot be read or is not TOML.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let name = path.as_ref().display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|error| format!("cannot read the job file {name}: {error}"))?;
        Self::parse(&name, &text)
    }

    /// Parses the text of a job file. Error messages use `name` as the file name.
    ///
    /// # Errors
    /// If the text is not TOML.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let parsed = DeTable::parse(text);
        let text = JobText::new(name, text);
        match parsed {
            Ok(table) => {
                let root = Spanned::new(table.span(), DeValue::Table(table.into_inner()));
                let root = JobValue::parsed(root, 0);
                Ok(Self { text, root })
            }
            Err(error) => {
                let span = error.span().unwrap_or(0..0);
                Err(text.point(&span, &with_hint(error.message())).into())
            }
        }
    }

    /// Changes a value: `input.events=100`, `output.0.file=x.h5` or, for an algorithm's property,
    /// `GoodMuons.minimum=1`. A value that is not valid TOML is interpreted as a string.
    ///
    /// # Errors
    /// If there is no such section or algorithm, or the value before a dot is neither a table nor a list. Unknown keys
    /// and wrong types are reported by [`config`](Self::config).
    pub fn set(&mut self, option: &str) -> Result<()> {
        let start = self.text.add_option(option);
        let result = set(&mut self.root, option, start);
        Ok(result.map_err(|error| self.text.point_error(&error))?)
    }

    /// Converts the file to a job description. The properties of algorithms are checked later, when the algorithms are
    /// created.
    ///
    /// # Errors
    /// If a key is unknown or missing, or a value has the wrong type.
    pub fn config(self) -> Result<JobConfig> {
        let Self { text, mut root } = self;
        let algorithms = root.remove("algorithm");
        let read = || -> Result<JobConfig, PlacedError> {
            let algorithms = algorithms.map(read_algorithms).transpose()?.unwrap_or_default();
            Ok(JobConfig {
                algorithms,
                ..root.to()?
            })
        };
        match read() {
            Ok(config) => {
                let origin = Origin { text, sections: root };
                Ok(JobConfig { origin, ..config })
            }
            Err(error) => Err(text.point_error(&error.map(with_hint)).into()),
        }
    }
}

impl JobConfig {
    /// Parses the text of a job file. To read a file or to change single values, use [`JobFile`].
    ///
    /// # Errors
    /// If the text is not TOML, a key is unknown, or a value has the wrong type. The error message shows the position
    /// in the file.
    pub fn parse(text: &str) -> Result<Self> {
        JobFile::parse("", text)?.config()
    }
}

fn read_algorithms(value: JobValue) -> Result<Vec<AlgorithmConfig>, PlacedError> {
    let Content::List(algorithms) = value.content else {
        let message = "`algorithm` is not a list: write [[algorithm]] with double brackets";
        return Err(PlacedError::new(&value.span, message));
    };
    let read = |mut properties: JobValue| {
        let Some(kind) = properties.remove("type") else {
            return Err(PlacedError::new(&properties.span, "missing field `type`"));
        };
        // An error about an algorithm as a whole points to the algorithm's `type`.
        properties.span = kind.span.clone();
        let name = properties.remove("name").map(|name| name.to()).transpose()?;
        Ok(AlgorithmConfig {
            kind: kind.to()?,
            name: name.unwrap_or_default(),
            properties,
        })
    };
    algorithms.into_iter().map(read).collect()
}

/// Adds a hint to the error messages that two common mistakes cause.
fn with_hint(message: &str) -> String {
    let hint = if message.contains("invalid type: map, expected a sequence") {
        "\nWrite [[algorithm]] and [[output]] with double brackets: a job can have several of them."
    } else if message.contains("duplicate key") {
        "\nWrite [[algorithm]] and [[output]] with double brackets if there are several of them."
    } else {
        ""
    };
    format!("{}{hint}", message.trim())
}

/// Changes a value as specified by an option. The option starts at `start` in the job's text.
fn set(root: &mut JobValue, option: &str, start: usize) -> Result<(), PlacedError> {
    let whole = start..start + option.len();
    let Some((path, value)) = option.split_once('=') else {
        return Err(PlacedError::new(&whole, "there is no '=' between a key and its value"));
    };
    let mut end = start;
    let keys = path.split('.').map(|name| {
        let span = end..end + name.len();
        end = span.end + 1;
        let name = name.to_string();
        Key { name, span }
    });
    let keys: Vec<Key> = keys.collect();
    if keys.iter().any(|key| key.name.is_empty()) {
        return Err(PlacedError::new(&whole, "a key is empty"));
    }
    let (mut at, mut keys) = (root, keys.as_slice());
    if let [Key { name, span }, rest @ ..] = keys
        && !rest.is_empty()
        && !SECTIONS.contains(&name.as_str())
    {
        at = algorithm_named(at, name).ok_or_else(|| {
            let sections = "a section (input, histograms, output)";
            PlacedError::new(
                span,
                format!("'{name}' is neither {sections} nor an algorithm of this job"),
            )
        })?;
        keys = rest;
    }
    let mut before = "";
    for key in keys {
        at = match &mut at.content {
            Content::Table(table) => {
                let index = table.iter().position(|(known, _)| known.name == key.name);
                let index = index.unwrap_or_else(|| {
                    table.push((key.clone(), JobValue::table(key.span.clone())));
                    table.len() - 1
                });
                &mut table[index].1
            }
            Content::List(list) => {
                let message = format!("'{before}' has {} entries, numbered from 0", list.len());
                let entry = key.name.parse::<usize>().ok().and_then(|index| list.get_mut(index));
                entry.ok_or_else(|| PlacedError::new(&key.span, message))?
            }
            Content::Text(_) | Content::Literal(_) => {
                let message = format!("'{before}' is neither a table nor a list: it has no '{}'", key.name);
                return Err(PlacedError::new(&key.span, message));
            }
        };
        before = &key.name;
    }
    let offset = start + path.len() + 1;
    *at = match DeValue::parse(value.trim()) {
        Ok(parsed) => JobValue::parsed(parsed, offset + value.len() - value.trim_start().len()),
        Err(_) => JobValue::text(value, offset..offset + value.len()),
    };
    Ok(())
}

/// Returns the TOML table of the algorithm with this name.
fn algorithm_named<'a>(root: &'a mut JobValue, name: &str) -> Option<&'a mut JobValue> {
    let Content::Table(sections) = &mut root.content else {
        return None;
    };
    let algorithms = sections.iter_mut().find(|(key, _)| key.name == "algorithm");
    let Content::List(algorithms) = &mut algorithms?.1.content else {
        return None;
    };
    let has_name = |algorithm: &&mut JobValue| {
        let given = algorithm.get("name").or(algorithm.get("type"));
        given.and_then(JobValue::as_text) == Some(name)
    };
    algorithms.iter_mut().find(has_name)
}

#[cfg(test)]
mod tests {
    use super::JobFile;

    const JOB: &str = "[input]\nfiles = ['a.h5']\n[[algorithm]]\ntype = 'Filter'\ncut = '1 > 0'\n";

    fn job(options: &[&str]) -> crate::error::Result<super::JobConfig> {
        let mut file = JobFile::parse("job.toml", JOB)?;
        options.iter().try_for_each(|option| file.set(option))?;
        file.config()
    }

    #[test]
    fn options_change_values_of_any_depth() {
        let config = job(&[
            "input.files.0=b.h5",
            "input.events=0x10",
            "Filter.x.y=[1, 2.5]",
            "title=a b",
        ])
        .unwrap();
        assert_eq!(
            (config.input.files.as_slice(), config.input.events),
            (&["b.h5".to_string()][..], Some(16))
        );
        assert_eq!(config.title, "a b");
        let properties: toml::Table = config.algorithms[0].properties.to().unwrap();
        assert_eq!(properties.to_string(), "cut = \"1 > 0\"\n\n[x]\ny = [1, 2.5]\n");
    }
}
