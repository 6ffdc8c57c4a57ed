//! What the names of an expression stand for, and whether its parts fit together.

use super::error::ExpressionError;
use super::functions::{Function, Reduce, constant};
use super::graph::{Fold, Graph, Id, Level, Operation};
use super::kernels::{Binary, Compare, Logic, Unary};
use super::name::Name;
use super::tree::{self, Infix, Kind, Prefix, Tree};
use std::ops::Range;

/// What a column is for the caller, who has its values in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The number under which [`Data::column`](super::Data::column) has it.
    pub slot: usize,
    /// Whether it has a value for each event or for each row of a table.
    pub level: Level,
    /// Whether it has truth values rather than numbers.
    pub truth: bool,
}

/// Why a name has no [`Source`].
///
/// ```
/// use gaudi_mpi::expression::{Expression, Name, Unbound};
///
/// let mut columns = |name: &Name| match name.path.as_str() {
///     "trigger" => Err(Unbound::Refused(format!("`{name}` has texts, which have no place in expressions"))),
///     _ => Err(Unbound::Unknown("the only column is trigger".into())),
/// };
/// let mut message = |text: &str| Expression::parse(text).unwrap().bind(&mut columns).unwrap_err().message().to_owned();
/// assert_eq!(message("1*GeV > x"), "there is no column `x` here; the only column is trigger");
/// assert_eq!(message("trigger == 1"), "`trigger` has texts, which have no place in expressions");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unbound {
    /// There is no such column, so that the name may be that of a constant; otherwise this is the hint that the error
    /// gives, such as `the columns are pt, eta, phi`, or empty.
    Unknown(String),
    /// There is something of that name that cannot be used, for the reason that this sentence gives.
    Refused(String),
}

/// Finds the column that a name stands for.
pub(super) type Binder<'a> = dyn FnMut(&Name) -> Result<Source, Unbound> + 'a;

/// The operations that the tree stands for, and the one that computes the whole.
pub(super) fn bind(text: &str, tree: &Tree, binder: &mut Binder) -> Result<(Graph, Id), ExpressionError> {
    let mut bind = Bind {
        text,
        tree,
        graph: Graph::default(),
        bound: vec![None; tree.names.len()],
        values: Vec::with_capacity(tree.nodes.len()),
    };
    for id in 0..tree.nodes.len() {
        let value = bind.node(id, binder)?;
        bind.values.push(value);
    }
    // The parser pushes the whole last.
    let whole = bind.values[bind.values.len() - 1].id;
    Ok((bind.graph, whole))
}

struct Bind<'a> {
    text: &'a str,
    tree: &'a Tree,
    graph: Graph,
    /// What the names are, as far as they were met.
    bound: Vec<Option<Id>>,
    /// What the nodes are.
    values: Vec<Value>,
}

#[derive(Clone, Copy)]
struct Value {
    id: Id,
    /// If it stands for rows, the name of a column that makes it so.
    rows_by: Option<usize>,
}

impl Bind<'_> {
    fn error(&self, span: Range<usize>, message: impl Into<String>) -> ExpressionError {
        ExpressionError::new(self.text, span, message)
    }

    fn node(&mut self, id: tree::Id, binder: &mut Binder) -> Result<Value, ExpressionError> {
        let node = &self.tree.nodes[id];
        let operands: &[tree::Id] = match &node.kind {
            Kind::Number(_) | Kind::Truth(_) => &[],
            Kind::Name(name) => return self.name(*name, node.span.clone(), binder),
            Kind::Prefix(_, x) => &[*x],
            Kind::Infix(_, x, y) => &[*x, *y],
            Kind::Conditional(x, y, z) => &[*x, *y, *z],
            Kind::Call(_, arguments) => arguments,
        };
        let rows_by = self.same_rows(operands)?;
        let id = match &node.kind {
            Kind::Number(number) => self.graph.number(*number),
            Kind::Truth(truth) => self.graph.add(Operation::Truth(*truth)),
            Kind::Prefix(prefix, x) => self.prefix(*prefix, *x)?,
            Kind::Infix(operator, x, y) => self.infix(*operator, *x, *y)?,
            Kind::Conditional(condition, yes, no) => self.conditional(*condition, *yes, *no)?,
            Kind::Call(Function::Reduce(reduce), arguments) => {
                let id = self.reduce(*reduce, arguments[0])?;
                return Ok(Value { id, rows_by: None });
            }
            Kind::Call(function, arguments) => self.call(*function, arguments)?,
            Kind::Name(_) => unreachable!("names were dealt with"),
        };
        Ok(Value { id, rows_by })
    }

    fn name(&mut self, index: usize, span: Range<usize>, binder: &mut Binder) -> Result<Value, ExpressionError> {
        let id = match self.bound[index] {
            Some(id) => id,
            None => {
                let id = self
                    .look_up(&self.tree.names[index], binder)
                    .map_err(|message| self.error(span, message))?;
                self.bound[index] = Some(id);
                id
            }
        };
        let rows_by = matches!(self.graph.nodes[id].level, Some(Level::Rows(_))).then_some(index);
        Ok(Value { id, rows_by })
    }

    /// The column or, if there is none, the constant of this name.
    fn look_up(&mut self, name: &Name, binder: &mut Binder) -> Result<Id, String> {
        let hint = match binder(name) {
            Ok(Source { slot, level, truth }) => return Ok(self.graph.add(Operation::Column { slot, level, truth })),
            Err(Unbound::Refused(message)) => return Err(message),
            Err(Unbound::Unknown(hint)) => hint,
        };
        if let Some(value) = name.word().and_then(constant) {
            return Ok(self.graph.number(value));
        }
        if let Some(function) = name.word().and_then(|word| Function::named(word).ok()) {
            return Err(format!("`{name}` is a function; write `{}(…)`", function.name()));
        }
        Err(match hint.as_str() {
            "" => format!("there is no column `{name}` here"),
            hint => format!("there is no column `{name}` here; {hint}"),
        })
    }

    fn level(&self, node: tree::Id) -> Option<Level> {
        self.graph.nodes[self.values[node].id].level
    }

    fn is_truth(&self, node: tree::Id) -> bool {
        self.graph.nodes[self.values[node].id].truth
    }

    /// Checks that the operands stand for rows of one table at most, and returns a column of it.
    fn same_rows(&self, operands: &[tree::Id]) -> Result<Option<usize>, ExpressionError> {
        let mut rows = operands.iter().filter(|id| self.values[**id].rows_by.is_some());
        let Some(&first) = rows.next() else {
            return Ok(None);
        };
        let rows_by = self.values[first].rows_by;
        if let Some(&other) = rows.find(|id| self.level(**id) != self.level(first))
            && let (Some(one), Some(two)) = (rows_by, self.values[other].rows_by)
        {
            let (one, two) = (&self.tree.names[one], &self.tree.names[two]);
            let message = format!(
                "`{one}` and `{two}` are columns of different tables, whose rows do not belong together; \
                 make one value per event of one of them, such as with count, sum or any"
            );
            return Err(self.error(self.tree.span(first).start..self.tree.span(other).end, message));
        }
        Ok(rows_by)
    }

    fn truth(&self, node: tree::Id, what: &str) -> Result<Id, ExpressionError> {
        if self.is_truth(node) {
            return Ok(self.values[node].id);
        }
        let message = format!("{what} needs a truth value, and this is a number; compare it, such as with `!= 0`");
        Err(self.error(self.tree.span(node), message))
    }

    fn number(&self, node: tree::Id, what: &str) -> Result<Id, ExpressionError> {
        if !self.is_truth(node) {
            return Ok(self.values[node].id);
        }
        let message = format!("{what} needs a number, and this is a truth value; count truth values with `? 1 : 0`");
        Err(self.error(self.tree.span(node), message))
    }

    fn prefix(&mut self, prefix: Prefix, x: tree::Id) -> Result<Id, ExpressionError> {
        let what = format!("`{}`", prefix.symbol());
        Ok(match prefix {
            Prefix::Plus => self.number(x, &what)?,
            Prefix::Minus => {
                let x = self.number(x, &what)?;
                self.graph.add(Operation::Unary(Unary::Minus, x))
            }
            Prefix::Not => {
                let x = self.truth(x, &what)?;
                self.graph.add(Operation::Not(x))
            }
        })
    }

    fn infix(&mut self, operator: Infix, x: tree::Id, y: tree::Id) -> Result<Id, ExpressionError> {
        let what = format!("`{}`", operator.symbol());
        let equality = matches!(operator, Infix::Equal | Infix::NotEqual);
        if equality && self.is_truth(x) != self.is_truth(y) {
            let (truth, number) = if self.is_truth(x) { (x, y) } else { (y, x) };
            let message = format!(
                "{what} compares a truth value, `{}`, with a number, `{}`; for it to be true, write it alone",
                &self.text[self.tree.span(truth)],
                &self.text[self.tree.span(number)],
            );
            return Err(self.error(self.tree.span(x).start..self.tree.span(y).end, message));
        }
        if matches!(operator, Infix::And | Infix::Or) || (equality && self.is_truth(x)) {
            let (x, y) = (self.truth(x, &what)?, self.truth(y, &what)?);
            let logic = match operator {
                Infix::And => Logic::And,
                Infix::Or => Logic::Or,
                Infix::Equal => Logic::Equal,
                _ => Logic::NotEqual,
            };
            return Ok(self.graph.add(Operation::Logic(logic, x, y)));
        }
        let (x, y) = (self.number(x, &what)?, self.number(y, &what)?);
        let binary = |binary| Operation::Binary(binary, x, y);
        let operation = match operator {
            Infix::Equal => Operation::Compare(Compare::Equal, x, y),
            Infix::NotEqual => Operation::Compare(Compare::NotEqual, x, y),
            Infix::Less => Operation::Compare(Compare::Less, x, y),
            Infix::LessOrEqual => Operation::Compare(Compare::LessOrEqual, x, y),
            Infix::Greater => Operation::Compare(Compare::Less, y, x),
            Infix::GreaterOrEqual => Operation::Compare(Compare::LessOrEqual, y, x),
            Infix::Plus => binary(Binary::Plus),
            Infix::Minus => binary(Binary::Minus),
            Infix::Times => binary(Binary::Times),
            Infix::Over => binary(Binary::Over),
            Infix::Modulo => binary(Binary::Modulo),
            Infix::Power => binary(Binary::Power),
            Infix::And | Infix::Or => unreachable!("they have truth values"),
        };
        Ok(self.graph.add(operation))
    }

    fn conditional(&mut self, condition: tree::Id, yes: tree::Id, no: tree::Id) -> Result<Id, ExpressionError> {
        let what = "the condition before `?`";
        let condition = self.truth(condition, what)?;
        if self.is_truth(yes) != self.is_truth(no) {
            let message = "one of these two is a truth value and the other a number; both must be the same";
            return Err(self.error(self.tree.span(yes).start..self.tree.span(no).end, message));
        }
        let (yes, no) = (self.values[yes].id, self.values[no].id);
        Ok(self.graph.add(Operation::Select(condition, yes, no)))
    }

    fn call(&mut self, function: Function, arguments: &[tree::Id]) -> Result<Id, ExpressionError> {
        let what = format!("`{}`", function.name());
        let numbers = arguments
            .iter()
            .map(|&argument| self.number(argument, &what))
            .collect::<Result<Vec<_>, _>>()?;
        let graph = &mut self.graph;
        let x = numbers[0];
        Ok(match function {
            Function::Unary(unary) => graph.add(Operation::Unary(unary, x)),
            Function::Binary(binary) => graph.add(Operation::Binary(binary, x, numbers[1])),
            Function::Many(binary) => {
                let more = numbers[1..].iter();
                more.fold(x, |so_far, &next| graph.add(Operation::Binary(binary, so_far, next)))
            }
            // Only what is not a number differs from itself.
            Function::IsNan => graph.add(Operation::Compare(Compare::NotEqual, x, x)),
            Function::IsFinite => {
                let (size, infinity) = (graph.add(Operation::Unary(Unary::Abs, x)), graph.number(f64::INFINITY));
                graph.add(Operation::Compare(Compare::Less, size, infinity))
            }
            Function::In => {
                let first = graph.add(Operation::Compare(Compare::Equal, x, numbers[1]));
                numbers[2..].iter().fold(first, |so_far, &value| {
                    let next = graph.add(Operation::Compare(Compare::Equal, x, value));
                    graph.add(Operation::Logic(Logic::Or, so_far, next))
                })
            }
            Function::Between => {
                let above = graph.add(Operation::Compare(Compare::LessOrEqual, numbers[1], x));
                let below = graph.add(Operation::Compare(Compare::Less, x, numbers[2]));
                graph.add(Operation::Logic(Logic::And, above, below))
            }
            Function::Reduce(_) => unreachable!("reductions are no calls like others"),
        })
    }

    fn reduce(&mut self, reduce: Reduce, argument: tree::Id) -> Result<Id, ExpressionError> {
        let name = Function::Reduce(reduce).name();
        let what = format!("`{name}`");
        let conditions = matches!(reduce, Reduce::Count | Reduce::Any | Reduce::All);
        let x = if conditions {
            self.truth(argument, &what)?
        } else {
            self.number(argument, &what)?
        };
        let Some(Level::Rows(table)) = self.graph.nodes[x].level else {
            let message = format!("{what} goes over the rows of a table, and this has one value per event");
            return Err(self.error(self.tree.span(argument), message));
        };
        let mut fold = |fold| self.graph.add(Operation::Fold(fold, x));
        Ok(match reduce {
            Reduce::Count => fold(Fold::Count),
            Reduce::Sum => fold(Fold::Sum),
            Reduce::Any => fold(Fold::Any),
            Reduce::All => fold(Fold::All),
            Reduce::Smallest => fold(Fold::Smallest),
            Reduce::Largest => fold(Fold::Largest),
            Reduce::Mean => {
                let sum = fold(Fold::Sum);
                let rows = self.graph.add(Operation::RowCount(table));
                self.graph.add(Operation::Binary(Binary::Over, sum, rows))
            }
        })
    }
}
