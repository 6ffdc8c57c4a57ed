//! Tables: columns of equal length, one row or many rows an event.

use super::error::{Error, Result};
use super::texts::Texts;
use super::values::{Element, ElementType, Values, each_type};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// How many rows of a table an event has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rows {
    /// One: a header, a summary.
    One,
    /// None, one, or any number: tracks, particles.
    Many,
}

/// What a column is, apart from its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnType {
    /// Its name in the table.
    pub name: String,
    /// The type of its elements.
    pub element: ElementType,
    /// The unit of its values, for example `MeV`; empty for pure numbers.
    pub unit: String,
    /// The path of the table whose rows it refers to, if it is a column of references: `i32` with the row's index
    /// within the event, or −1 for none.
    pub target: Option<String>,
}

impl ColumnType {
    /// A column of this name that holds `T`s.
    pub fn new<T: Element>(name: &str) -> Self {
        Self::of(name, T::TYPE)
    }

    /// A column of references to rows of the table `target`.
    pub fn reference(name: &str, target: &str) -> Self {
        Self {
            target: Some(target.to_string()),
            ..Self::new::<i32>(name)
        }
    }

    /// A column of texts.
    pub fn text(name: &str) -> Self {
        Self::of(name, ElementType::Text)
    }

    pub(crate) fn of(name: &str, element: ElementType) -> Self {
        Self {
            name: name.to_string(),
            element,
            unit: String::new(),
            target: None,
        }
    }

    /// With this unit.
    pub fn unit(mut self, unit: &str) -> Self {
        self.unit = unit.to_string();
        self
    }
}

/// A column and its values for all events of a store.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    pub kind: ColumnType,
    pub values: Values,
}

impl Column {
    /// Appends elements that stand for nothing until there are `length`: references to nothing, NaN, or zeros.
    pub(crate) fn fill_up(&mut self, length: usize) {
        match (&mut self.values, &self.kind.target) {
            (Values::I32(references), Some(_)) if references.len() < length => references.resize(length, -1),
            (values, _) => values.fill_up(length),
        }
    }
}

/// A table of a store.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Table {
    pub path: String,
    pub rows: Rows,
    /// Rows of event `i` are `offsets[i]` to `offsets[i + 1]`. Kept for one-row tables, too, so that access is the same
    /// for both.
    pub offsets: Vec<u64>,
    pub columns: Vec<Column>,
    /// How many columns get their values with the rows, if not all: the others are added to complete rows.
    pub own: Option<usize>,
}

impl Table {
    pub(crate) fn new(path: String, rows: Rows) -> Self {
        Self {
            path,
            rows,
            offsets: vec![0],
            columns: Vec::new(),
            own: None,
        }
    }

    /// The rows of an event.
    #[inline]
    pub(crate) fn range(&self, event: usize) -> Range<usize> {
        self.offsets[event] as usize..self.offsets[event + 1] as usize
    }

    /// How many rows there are in all events so far.
    pub(crate) fn len(&self) -> usize {
        self.offsets.last().map_or(0, |&end| end as usize)
    }

    /// Where the columns end that get their values with the rows.
    fn own(&self) -> usize {
        self.own.unwrap_or(self.columns.len())
    }

    /// Whether the event at work has got nothing yet.
    pub(crate) fn is_untouched(&self) -> bool {
        let length = self.len();
        self.columns[..self.own()]
            .iter()
            .all(|column| column.values.len() == length)
    }

    /// The full path of a column.
    pub(crate) fn column_path(&self, column: usize) -> String {
        format!("{}/{}", self.path, self.columns[column].kind.name)
    }

    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.kind.name == name)
    }

    /// Removes all rows, and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.offsets.truncate(1);
        for column in &mut self.columns {
            column.values.clear();
        }
    }

    /// Keeps the rows, of all events, for which `keep` is true.
    pub(crate) fn retain(&mut self, keep: &[bool]) {
        fn elements<T: Copy>(values: &mut Vec<T>, keep: &[bool]) {
            let mut row = 0;
            values.retain(|_| {
                row += 1;
                keep[row - 1]
            });
        }
        fn texts(all: &mut Texts, keep: &[bool]) {
            let mut kept = Texts::default();
            let chosen = all.iter().zip(keep).filter(|(_, keep)| **keep);
            chosen.for_each(|(text, _)| kept.push(text));
            *all = kept;
        }
        for column in &mut self.columns {
            each_type!(&mut column.values, values => elements(values, keep), values => texts(values, keep));
        }
        let (mut row, mut kept) = (0, 0);
        for offset in &mut self.offsets {
            while row < *offset as usize {
                kept += u64::from(keep[row]);
                row += 1;
            }
            *offset = kept;
        }
    }

    /// Ends the rows of an event, which is the next that is not ended yet; `number` is its number in the job.
    pub(crate) fn end_event(&mut self, number: u64) -> Result<()> {
        let before = self.len();
        let expected = match (self.rows, self.columns[..self.own()].first()) {
            (Rows::One, _) => 1,
            (Rows::Many, Some(first)) => first.values.len() - before,
            (Rows::Many, None) => 0,
        };
        for column in 0..self.own() {
            let found = self.columns[column].values.len() - before;
            if found != expected {
                return Err(Error::Length {
                    path: self.column_path(column),
                    event: number,
                    found,
                    expected,
                    other: match self.rows {
                        Rows::One => "a table with one row an event".into(),
                        Rows::Many => self.column_path(0),
                    },
                });
            }
        }
        self.offsets.push((before + expected) as u64);
        Ok(())
    }

    /// Ends events that got nothing, until there are `events`: they have no rows, or one that says nothing.
    pub(crate) fn pass_over(&mut self, events: usize) {
        let (missing, before) = ((events + 1).saturating_sub(self.offsets.len()), self.len());
        match self.rows {
            Rows::Many => self.offsets.resize(self.offsets.len() + missing, before as u64),
            Rows::One => {
                self.offsets.extend((1..=missing).map(|more| (before + more) as u64));
                let own = self.own();
                for column in &mut self.columns[..own] {
                    column.fill_up(before + missing);
                }
            }
        }
    }
}
