//! The values in a job description and their positions in the job's text.

use super::job_text::{NOWHERE, PlacedError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// A TOML value with its position in the job file, for error messages. Values set by a program have no position.
///
/// ```
/// use gaudi_mpi::app::{AlgorithmConfig, JobConfig};
///
/// let mut job = JobConfig::default();
/// job.algorithms.push(AlgorithmConfig {
///     kind: "Prescale".into(),
///     name: "Half".into(),
///     properties: toml::toml! { fraction = 0.5 }.into(),
/// });
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobValue {
    /// The byte range in the job's [text](super::job_text::JobText).
    pub(super) span: Range<usize>,
    pub(super) content: Content,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Content {
    Text(String),
    /// A number, a truth value or a time. It is kept as TOML text until it is assigned to a property, which determines
    /// its type.
    Literal(String),
    List(Vec<JobValue>),
    Table(Vec<(Key, JobValue)>),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Key {
    pub name: String,
    pub span: Range<usize>,
}

impl Default for JobValue {
    /// An empty table.
    fn default() -> Self {
        Self::table(NOWHERE)
    }
}

impl From<toml::Table> for JobValue {
    fn from(table: toml::Table) -> Self {
        toml::Value::Table(table).into()
    }
}

impl From<toml::Value> for JobValue {
    fn from(value: toml::Value) -> Self {
        let key = |name| Key { name, span: NOWHERE };
        let content = match value {
            toml::Value::String(text) => Content::Text(text),
            toml::Value::Array(list) => Content::List(list.into_iter().map(Self::from).collect()),
            toml::Value::Table(table) => Content::Table(
                table
                    .into_iter()
                    .map(|(name, value)| (key(name), value.into()))
                    .collect(),
            ),
            literal => Content::Literal(literal.to_string()),
        };
        Self { span: NOWHERE, content }
    }
}

impl JobValue {
    /// Converts a parsed value. The parsed text starts at `offset` in the job's text.
    pub(super) fn parsed(value: Spanned<DeValue>, offset: usize) -> Self {
        let place = |span: Range<usize>| span.start + offset..span.end + offset;
        let span = place(value.span());
        let content = match value.into_inner() {
            DeValue::String(text) => Content::Text(text.into_owned()),
            DeValue::Integer(number) => Content::Literal(number.to_string()),
            DeValue::Float(number) => Content::Literal(number.to_string()),
            DeValue::Boolean(truth) => Content::Literal(truth.to_string()),
            DeValue::Datetime(time) => Content::Literal(time.to_string()),
            DeValue::Array(list) => Content::List(list.into_iter().map(|value| Self::parsed(value, offset)).collect()),
            DeValue::Table(table) => {
                let entry = |(key, value): (Spanned<Cow<str>>, _)| {
                    let span = place(key.span());
                    let name = key.into_inner().into_owned();
                    (Key { name, span }, Self::parsed(value, offset))
                };
                Content::Table(table.into_iter().map(entry).collect())
            }
        };
        Self { span, content }
    }

    pub(super) fn text(text: &str, span: Range<usize>) -> Self {
        let content = Content::Text(text.into());
        Self { span, content }
    }

    pub(super) fn table(span: Range<usize>) -> Self {
        let content = Content::Table(Vec::new());
        Self { span, content }
    }

    fn to_toml(&self) -> Spanned<DeValue<'_>> {
        let value = match &self.content {
            Content::Text(text) => DeValue::String(Cow::Borrowed(text)),
            Content::Literal(text) => match DeValue::parse(text) {
                Ok(value) => value.into_inner(),
                Err(error) => unreachable!("the literal {text} was printed by TOML itself: {error}"),
            },
            Content::List(list) => DeValue::Array(list.iter().map(Self::to_toml).collect()),
            Content::Table(table) => {
                let key = |key: &'_ Key| Spanned::new(key.span.clone(), Cow::Owned(key.name.clone()));
                let entries = table.iter().map(|(name, value)| (key(name), value.to_toml()));
                DeValue::Table(entries.collect::<DeTable>())
            }
        };
        Spanned::new(self.span.clone(), value)
    }

    /// Converts the value to a Rust type.
    pub(super) fn to<T: DeserializeOwned>(&self) -> Result<T, PlacedError> {
        T::deserialize(ValueDeserializer::from(self.to_toml())).map_err(|error| {
            let span = error.span().unwrap_or(self.span.clone());
            PlacedError::new(&span, error.message().trim())
        })
    }

    /// Returns the value for a key in a table or at an index in a list.
    pub(super) fn get(&self, key: &str) -> Option<&JobValue> {
        match &self.content {
            Content::Table(table) => table
                .iter()
                .find(|(known, _)| known.name == key)
                .map(|(_, value)| value),
            Content::List(list) => list.get(key.parse::<usize>().ok()?),
            _ => None,
        }
    }

    /// Removes a key from a table.
    pub(super) fn remove(&mut self, key: &str) -> Option<JobValue> {
        let Content::Table(table) = &mut self.content else {
            return None;
        };
        let index = table.iter().position(|(known, _)| known.name == key)?;
        Some(table.remove(index).1)
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Finds a matching string in this value or in any value that it contains.
    pub(super) fn find(&self, wanted: &dyn Fn(&str) -> bool) -> Option<&JobValue> {
        match &self.content {
            Content::Text(text) => wanted(text).then_some(self),
            Content::Literal(_) => None,
            Content::List(list) => list.iter().find_map(|value| value.find(wanted)),
            Content::Table(table) => table.iter().find_map(|(_, value)| value.find(wanted)),
        }
    }
}
