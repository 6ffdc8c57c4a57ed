//! Resolution of the names in a formula to columns.

use crate::app::setup::Setup;
use crate::error::BoxedError;
use crate::event::{ColumnIndex, Element, EventStore, Rows, Slice, TableHandle, Values, each_type, listing};
use crate::expression::{EventColumns, Name, Unbound};

/// The column that a name refers to, directly or through references.
#[derive(Debug)]
pub(super) struct ColumnReference {
    pub table: TableHandle,
    column: ColumnIndex,
    /// Whether the table can contain any number of rows per event.
    pub many: bool,
    /// The steps along references. In each step, the previous column refers to a row of this table, and this column
    /// contains the row's value.
    follow: Vec<(TableHandle, ColumnIndex)>,
    /// The column that contains the final values, after all references.
    followed: Vec<f64>,
}

/// Finds the column that a name refers to. Also returns whether the column contains truth values.
pub(super) fn find(
    name: &Name,
    scope: Option<&str>,
    setup: &mut Setup,
) -> std::result::Result<(ColumnReference, bool), Unbound> {
    let start = match (name.quoted, scope) {
        (true, _) => name.path.clone(),
        (false, Some(scope)) => {
            let names = setup.column_names(scope);
            if !names.contains(&name.path) {
                return Err(Unbound::Unknown(match names.is_empty() {
                    true => format!("there is no table {scope}"),
                    false => listing("the columns are", names.iter().map(String::as_str)),
                }));
            }
            format!("{scope}/{}", name.path)
        }
        (false, None) => {
            return Err(Unbound::Unknown(
                "write columns with their tables, in quotes: 'Rec/Header/run_number'".into(),
            ));
        }
    };
    let refuse = |error: BoxedError| Unbound::Refused(error.to_string());
    let (table, column) = setup.find(&start).map_err(refuse)?;
    let mut follow = Vec::new();
    let mut at = (table, column);
    for step in &name.follow {
        let kind = setup.kind(at.0, at.1);
        let Some(target) = kind.target.clone() else {
            return Err(Unbound::Refused(format!(
                "`{}` is no reference, so it does not lead to `{step}`",
                kind.name
            )));
        };
        let next = setup.find(&format!("{target}/{step}")).map_err(refuse)?;
        follow.push(next);
        at = next;
    }
    let values = Values::empty(setup.kind(at.0, at.1).element);
    let truth = match values {
        Values::Text(_) => {
            return Err(Unbound::Refused(format!(
                "`{name}` holds texts, but expressions use numbers"
            )));
        }
        Values::Bool(_) => true,
        _ => false,
    };
    Ok((
        ColumnReference {
            table,
            column,
            many: setup.rows_of(table) == Rows::Many,
            follow,
            followed: Vec::new(),
        },
        truth,
    ))
}

impl ColumnReference {
    /// Follows the references and collects the final values for all events.
    pub(super) fn follow(&mut self, store: &EventStore) {
        if !self.follow.is_empty() {
            let mut followed = std::mem::take(&mut self.followed);
            followed.clear();
            (0..store.events()).for_each(|event| self.extend(store, event, &mut followed));
            self.followed = followed;
        }
    }

    /// Appends an event's values as numbers. A reference that points to no row yields NaN, or false if the column
    /// contains truth values.
    pub(super) fn extend(&self, store: &EventStore, event: usize, values: &mut Vec<f64>) {
        fn append<T: Element>(column: &[T], values: &mut Vec<f64>) {
            values.extend(column.iter().map(|value| value.to_f64()));
        }
        let rows = store.rows(self.table, event);
        if self.follow.is_empty() {
            let column = store.values(self.table, self.column);
            return each_type!(column, column => append(&column[rows], values), _texts => ());
        }
        for row in rows {
            let mut at = Some((self.table, self.column, row));
            for &(table, column) in &self.follow {
                at = at.and_then(|(from, references, row)| {
                    let Some(Slice::I32(references)) = store.slice(from, references) else {
                        return None;
                    };
                    let index = usize::try_from(references[row]).ok()?;
                    Some((table, column, store.rows(table, event).start + index))
                });
            }
            values.push(match at {
                None => self.missing(store),
                Some((table, column, row)) => number(store, table, column, row),
            });
        }
    }

    /// The value for a reference that points to no row.
    fn missing(&self, store: &EventStore) -> f64 {
        let last = self
            .follow
            .last()
            .and_then(|&(table, column)| store.slice(table, column));
        match last {
            Some(Slice::Bool(_)) => 0.0,
            _ => f64::NAN,
        }
    }
}

fn number(store: &EventStore, table: TableHandle, column: ColumnIndex, row: usize) -> f64 {
    fn at<T: Element>(values: &[T], row: usize) -> f64 {
        values[row].to_f64()
    }
    each_type!(store.values(table, column), values => at(values, row), _texts => f64::NAN)
}

/// The columns of a store that a formula refers to.
pub(super) struct Columns<'a> {
    pub store: &'a EventStore,
    pub columns: &'a [ColumnReference],
}

impl EventColumns for Columns<'_> {
    fn events(&self) -> usize {
        self.store.events()
    }

    fn column(&self, slot: usize) -> Slice<'_> {
        let column = &self.columns[slot];
        if !column.follow.is_empty() {
            return Slice::F64(&column.followed);
        }
        match self.store.slice(column.table, column.column) {
            Some(slice) => slice,
            None => unreachable!("columns of texts are refused when a formula is bound"),
        }
    }

    fn offsets(&self, table: usize) -> &[u64] {
        self.store.offsets(TableHandle::from_index(table))
    }
}
