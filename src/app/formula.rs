//! [`Formula`]: an expression over columns of the event store.

use super::setup::Setup;
use crate::error::Result;
use crate::event::{Element, EventStore, Rows, Slice, TableHandle, Values, each_type};
use crate::expression::{BoundColumn, EventColumns, Expression, Level, Name, Program, Unbound};
use std::collections::HashMap;
use std::ops::Range;

/// An expression over columns of the event store, bound to them.
///
/// Names in it are those of columns of one table, its scope; columns of other tables stand in quotes, as
/// `'Rec/Header/run_number'`; and references lead from one table to another, as in `track.chi2`. See
/// [`expression`](crate::expression) for the language.
///
/// ```
/// use gaudi_mpi::app::prelude::*;
///
/// /// Rejects events without a fast muon.
/// #[derive(Serialize, Deserialize)]
/// struct FastMuon {
///     cut: String, // for example "pt > 500*MeV"
///     #[serde(skip)]
///     fast: Option<Formula>,
/// }
///
/// impl Algorithm for FastMuon {
///     fn initialize(&mut self, setup: &mut Setup) -> Result<()> {
///         self.fast = Some(setup.cut(&self.cut, Some("Phys/Muons"))?);
///         Ok(())
///     }
///     fn execute_block(&mut self, block: &mut Block) -> Result<()> {
///         let Some(fast) = &mut self.fast else { return Ok(()) };
///         let muons = fast.table().expect("cuts with a scope are of its rows");
///         let mut fast_ones = Vec::new();
///         fast.truths(block.store(), block.selected(), &mut fast_ones);
///         for event in 0..block.events() {
///             let rows = block.store().rows(muons, event);
///             if !fast_ones[rows].contains(&true) {
///                 block.reject(event);
///             }
///         }
///         Ok(())
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Formula {
    program: Program,
    leaves: Vec<Leaf>,
    few: Few,
    some: Vec<f64>,
}

/// Where the values of a name come from.
#[derive(Debug)]
struct Leaf {
    table: TableHandle,
    column: usize,
    /// The table has many rows an event.
    many: bool,
    /// Then along references: from the column before to a row of this table, and there to this column.
    follow: Vec<(TableHandle, usize)>,
    followed: Vec<f64>,
}

impl Formula {
    /// Binds an expression.
    pub(super) fn new(text: &str, scope: Option<&str>, setup: &mut Setup) -> Result<Self> {
        let expression = Expression::parse(text).map_err(|error| error.to_string())?;
        let mut leaves = Vec::new();
        let program = expression
            .bind(&mut |name| {
                let (leaf, truth) = leaf(name, scope, setup)?;
                let level = if leaf.many {
                    Level::Rows(leaf.table.0 as usize)
                } else {
                    Level::Event
                };
                leaves.push(leaf);
                Ok(BoundColumn {
                    slot: leaves.len() - 1,
                    level,
                    truth,
                })
            })
            .map_err(|error| error.to_string())?;
        Ok(Self {
            program,
            leaves,
            few: Few::default(),
            some: Vec::new(),
        })
    }

    /// The table whose rows it has values for; none if it has one for each event.
    pub fn table(&self) -> Option<TableHandle> {
        match self.program.level() {
            Level::Event => None,
            Level::Rows(table) => Some(TableHandle(table as u32)),
        }
    }

    /// Whether its values are truth values, not numbers.
    pub fn is_truth(&self) -> bool {
        self.program.is_truth()
    }

    /// Replaces what is in `numbers` by the values of all events, or rows of all events; truth values are 0 and 1.
    /// Events that are not `selected`, and their rows, have NaN.
    pub fn numbers(&mut self, store: &EventStore, selected: &[bool], numbers: &mut Vec<f64>) {
        let table = self.table();
        let Self {
            program,
            leaves,
            few,
            some,
        } = self;
        match few.choose(store, selected, leaves, table) {
            Chosen::All => program.evaluate(&Columns { store, leaves }, numbers),
            Chosen::Most => {
                program.evaluate(&Columns { store, leaves }, numbers);
                for (event, _) in selected.iter().enumerate().filter(|(_, selected)| !**selected) {
                    numbers[places(store, table, event)].fill(f64::NAN);
                }
            }
            Chosen::Few => {
                program.evaluate(few, some);
                few.scatter(store, selected, table, some, f64::NAN, numbers);
            }
        }
    }

    /// Replaces what is in `truths` by the values of all events, or rows of all events. Events that are not `selected`,
    /// and their rows, have `false`.
    ///
    /// # Panics
    /// If its values are numbers.
    pub fn truths(&mut self, store: &EventStore, selected: &[bool], truths: &mut Vec<bool>) {
        let table = self.table();
        let Self {
            program, leaves, few, ..
        } = self;
        match few.choose(store, selected, leaves, table) {
            Chosen::All => program.evaluate_truth(&Columns { store, leaves }, truths),
            Chosen::Most => {
                program.evaluate_truth(&Columns { store, leaves }, truths);
                for (event, _) in selected.iter().enumerate().filter(|(_, selected)| !**selected) {
                    truths[places(store, table, event)].fill(false);
                }
            }
            Chosen::Few => {
                let mut some = Vec::new();
                program.evaluate_truth(few, &mut some);
                few.scatter(store, selected, table, &some, false, truths);
            }
        }
    }
}

/// Where the values of an event are.
fn places(store: &EventStore, table: Option<TableHandle>, event: usize) -> Range<usize> {
    table.map_or(event..event + 1, |table| store.rows(table, event))
}

/// What is evaluated.
enum Chosen {
    All,
    /// All, of which some are not wanted.
    Most,
    /// A copy of what is wanted.
    Few,
}

/// The columns of a few events, copied together: after a cut that rejects most, the rest is not worth computing.
#[derive(Debug, Default)]
struct Few {
    events: usize,
    columns: Vec<Vec<f64>>,
    offsets: HashMap<usize, Vec<u64>>,
}

impl Few {
    fn choose(
        &mut self,
        store: &EventStore,
        selected: &[bool],
        leaves: &mut [Leaf],
        table: Option<TableHandle>,
    ) -> Chosen {
        self.events = selected.iter().filter(|selected| **selected).count();
        if 2 * self.events > selected.len() {
            leaves.iter_mut().for_each(|leaf| leaf.follow(store));
            return if self.events == selected.len() {
                Chosen::All
            } else {
                Chosen::Most
            };
        }
        let chosen = || (0..store.events()).filter(|event| selected[*event]);
        self.columns.resize(leaves.len(), Vec::new());
        self.offsets.clear();
        let tables = leaves
            .iter()
            .filter(|leaf| leaf.many)
            .map(|leaf| leaf.table)
            .chain(table);
        for table in tables {
            let mut end = 0;
            let ends = chosen().map(|event| {
                end += store.rows(table, event).len() as u64;
                end
            });
            self.offsets
                .entry(table.0 as usize)
                .or_insert_with(|| std::iter::once(0).chain(ends).collect());
        }
        for (leaf, column) in leaves.iter().zip(&mut self.columns) {
            column.clear();
            for event in chosen() {
                leaf.extend(store, event, column);
            }
        }
        Chosen::Few
    }

    fn scatter<T: Copy>(
        &self,
        store: &EventStore,
        selected: &[bool],
        table: Option<TableHandle>,
        some: &[T],
        missing: T,
        all: &mut Vec<T>,
    ) {
        all.clear();
        let mut at = 0;
        for (event, selected) in selected.iter().enumerate() {
            let rows = places(store, table, event).len();
            if *selected {
                all.extend_from_slice(&some[at..at + rows]);
                at += rows;
            } else {
                all.extend(std::iter::repeat_n(missing, rows));
            }
        }
    }
}

impl EventColumns for Few {
    fn events(&self) -> usize {
        self.events
    }

    fn column(&self, slot: usize) -> Slice<'_> {
        Slice::F64(&self.columns[slot])
    }

    fn offsets(&self, table: usize) -> &[u64] {
        &self.offsets[&table]
    }
}

impl Setup<'_> {
    /// An expression that gives numbers, over columns of the table `scope`, or of several tables.
    ///
    /// # Errors
    /// If it is not an expression, or there are no such columns; the message points at the place.
    pub fn formula(&mut self, text: &str, scope: Option<&str>) -> Result<Formula> {
        Formula::new(text, scope, self)
    }

    /// An expression that gives truth values.
    ///
    /// # Errors
    /// As [`formula`](Self::formula), and if it gives numbers.
    pub fn cut(&mut self, text: &str, scope: Option<&str>) -> Result<Formula> {
        let formula = self.formula(text, scope)?;
        if formula.is_truth() {
            return Ok(formula);
        }
        let expression = Expression::parse(text).map_err(|error| error.to_string())?;
        let error = expression.error("a cut is a truth value, but this is a number: compare it with another");
        Err(error.to_string().into())
    }
}

/// What a name stands for, and whether that is a truth value.
fn leaf(name: &Name, scope: Option<&str>, setup: &mut Setup) -> std::result::Result<(Leaf, bool), Unbound> {
    let start = match (name.quoted, scope) {
        (true, _) => name.path.clone(),
        (false, Some(scope)) => {
            let names = setup.column_names(scope);
            if !names.contains(&name.path) {
                return Err(Unbound::Unknown(match names.is_empty() {
                    true => format!("there is no table {scope}"),
                    false => crate::event::listing("the columns are", names.iter().map(String::as_str)),
                }));
            }
            format!("{scope}/{}", name.path)
        }
        (false, None) => {
            return Err(Unbound::Unknown(
                "columns stand with their tables, in quotes: 'Rec/Header/run_number'".into(),
            ));
        }
    };
    let refuse = |error: crate::error::BoxedError| Unbound::Refused(error.to_string());
    let (table, column) = setup.find(&start).map_err(refuse)?;
    let mut follow = Vec::new();
    let mut at = (table, column);
    for step in &name.follow {
        let kind = setup.kind(at.0, at.1);
        let Some(target) = kind.target.clone() else {
            return Err(Unbound::Refused(format!(
                "`{}` is no reference, so that nothing can be followed from it to `{step}`",
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
                "`{name}` holds texts, but expressions are of numbers"
            )));
        }
        Values::Bool(_) => true,
        _ => false,
    };
    Ok((
        Leaf {
            table,
            column,
            many: setup.rows_of(table) == Rows::Many,
            follow,
            followed: Vec::new(),
        },
        truth,
    ))
}

impl Leaf {
    /// Fetches what references lead to, for all events.
    fn follow(&mut self, store: &EventStore) {
        if !self.follow.is_empty() {
            let mut followed = std::mem::take(&mut self.followed);
            followed.clear();
            (0..store.events()).for_each(|event| self.extend(store, event, &mut followed));
            self.followed = followed;
        }
    }

    /// Appends the values of an event as numbers. References to nothing give NaN, and what is not true.
    fn extend(&self, store: &EventStore, event: usize, values: &mut Vec<f64>) {
        fn append<T: Element>(column: &[T], values: &mut Vec<f64>) {
            values.extend(column.iter().map(|value| value.to_f64()));
        }
        let rows = store.rows(self.table, event);
        if self.follow.is_empty() {
            let column = &store.tables[self.table.0 as usize].columns[self.column].values;
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
                None => self.nothing(store),
                Some((table, column, row)) => number(store, table, column, row),
            });
        }
    }

    fn nothing(&self, store: &EventStore) -> f64 {
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

fn number(store: &EventStore, table: TableHandle, column: usize, row: usize) -> f64 {
    fn at<T: Element>(values: &[T], row: usize) -> f64 {
        values[row].to_f64()
    }
    let values = &store.tables[table.0 as usize].columns[column].values;
    each_type!(values, values => at(values, row), _texts => f64::NAN)
}

/// The columns of a store, as the leaves of an expression.
struct Columns<'a> {
    store: &'a EventStore,
    leaves: &'a [Leaf],
}

impl EventColumns for Columns<'_> {
    fn events(&self) -> usize {
        self.store.events()
    }

    fn column(&self, slot: usize) -> Slice<'_> {
        let leaf = &self.leaves[slot];
        if !leaf.follow.is_empty() {
            return Slice::F64(&leaf.followed);
        }
        match self.store.slice(leaf.table, leaf.column) {
            Some(slice) => slice,
            None => unreachable!("texts are refused when an expression is bound"),
        }
    }

    fn offsets(&self, table: usize) -> &[u64] {
        self.store.offsets(TableHandle(table as u32))
    }
}
