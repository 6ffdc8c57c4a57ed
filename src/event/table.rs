//! Tables of a store: columns of equal length, divided into the rows of each event.

use super::column_type::{ColumnType, Rows};
use super::error::{Error, Result};
use super::handle::ColumnIndex;
use super::texts::Texts;
use super::values::{Values, each_type};
use std::ops::Range;

/// A column and its values for all events in the store.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    pub kind: ColumnType,
    pub values: Values,
}

impl Column {
    /// Appends missing values until the column has `length` elements: −1 for references, NaN for floating-point
    /// numbers, otherwise zeros or empty strings.
    pub(super) fn fill_up(&mut self, length: usize) {
        match (&mut self.values, &self.kind.target) {
            (Values::I32(references), Some(_)) if references.len() < length => references.resize(length, -1),
            (values, _) => values.fill_up(length),
        }
    }
}

/// A table of a store.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table {
    pub path: String,
    pub rows: Rows,
    /// Event `i` occupies the rows from `offsets[i]` up to, but not including, `offsets[i + 1]`. One-row tables also
    /// have offsets, so both kinds of table are accessed in the same way.
    pub offsets: Vec<u64>,
    pub columns: Vec<Column>,
    /// The number of columns whose values are added together with the rows, or `None` if that applies to all columns.
    /// The values of any later columns are added to rows that are already complete.
    pub own: Option<usize>,
}

impl Table {
    pub(super) fn new(path: String, rows: Rows) -> Self {
        Self {
            path,
            rows,
            offsets: vec![0],
            columns: Vec::new(),
            own: None,
        }
    }

    /// The range of an event's rows; rows are numbered across the whole store.
    #[inline]
    pub(super) fn range(&self, event: usize) -> Range<usize> {
        self.offsets[event] as usize..self.offsets[event + 1] as usize
    }

    /// The total number of rows in all complete events.
    pub(super) fn len(&self) -> usize {
        self.offsets.last().map_or(0, |&end| end as usize)
    }

    /// The number of columns whose values are added together with the rows.
    fn own(&self) -> usize {
        self.own.unwrap_or(self.columns.len())
    }

    /// Returns whether the current event has no values yet.
    pub(super) fn is_untouched(&self) -> bool {
        let length = self.len();
        self.columns[..self.own()]
            .iter()
            .all(|column| column.values.len() == length)
    }

    /// The full path of a column.
    pub(super) fn column_path(&self, column: ColumnIndex) -> String {
        format!("{}/{}", self.path, self.columns[column.position()].kind.name)
    }

    /// Finds the column with this name. Returns `None` if there is no such column.
    pub(super) fn find(&self, name: &str) -> Option<ColumnIndex> {
        let position = self.columns.iter().position(|column| column.kind.name == name)?;
        Some(ColumnIndex::new(position))
    }

    /// Removes all rows but keeps the allocated memory.
    pub(super) fn clear(&mut self) {
        self.offsets.truncate(1);
        for column in &mut self.columns {
            column.values.clear();
        }
    }

    /// Removes the rows for which `keep` is false; `keep` has one element for each row in the store.
    pub(super) fn retain(&mut self, keep: &[bool]) {
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

    /// Completes the rows of the current event, whose job-wide number is `number`.
    ///
    /// # Errors
    /// If the columns have different numbers of new values, or if a column of a one-row table does not have exactly one
    /// new value.
    pub(super) fn end_event(&mut self, number: u64) -> Result<()> {
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
                    path: self.column_path(ColumnIndex::new(column)),
                    event: number,
                    found,
                    expected,
                    other: match self.rows {
                        Rows::One => "a table with one row per event".into(),
                        Rows::Many => self.column_path(ColumnIndex::new(0)),
                    },
                });
            }
        }
        self.offsets.push((before + expected) as u64);
        Ok(())
    }

    /// Completes events without values until the table has `events` events. A many-row table gets no rows for such an
    /// event; a one-row table gets one row of missing values.
    pub(super) fn pass_over(&mut self, events: usize) {
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
