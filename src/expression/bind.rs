//! Binding: resolves names to columns or constants, and checks operand types.

use super::columns::{Binder, BoundColumn, Level, Unbound};
use super::error::ExpressionError;
use super::functions::{Function, Reduce, constant};
use super::kernels::{Binary, Compare, Logic, Unary};
use super::name::Name;
use super::operation_graph::{Fold, Operation, OperationGraph, OperationId};
use super::syntax_tree::{Infix, NodeId, Prefix, SyntaxKind, SyntaxTree};
use std::ops::Range;

/// Translates a syntax tree into a graph of operations. Returns the graph and the operation that computes the whole
/// expression.
pub(super) fn bind(
    text: &str,
    tree: &SyntaxTree,
    binder: &mut Binder,
) -> Result<(OperationGraph, OperationId), ExpressionError> {
    let mut bind = Bind {
        text,
        tree,
        graph: OperationGraph::default(),
        bound: vec![None; tree.names.len()],
        values: Vec::with_capacity(tree.nodes.len()),
    };
    for id in 0..tree.nodes.len() {
        let value = bind.node(id, binder)?;
        bind.values.push(value);
    }
    // The parser pushes the root node last.
    let whole = bind.values[bind.values.len() - 1].id;
    Ok((bind.graph, whole))
}

struct Bind<'a> {
    text: &'a str,
    tree: &'a SyntaxTree,
    graph: OperationGraph,
    /// The operations that read the names bound so far.
    bound: Vec<Option<OperationId>>,
    /// The bound value of each syntax-tree node, in node order.
    values: Vec<Value>,
}

#[derive(Clone, Copy)]
struct Value {
    id: OperationId,
    /// For a per-row value, the name of one of the columns from which it was computed. Error messages show this name.
    rows_by: Option<usize>,
}

impl Bind<'_> {
    fn error(&self, span: Range<usize>, message: impl Into<String>) -> ExpressionError {
        ExpressionError::new(self.text, span, message)
    }

    fn node(&mut self, id: NodeId, binder: &mut Binder) -> Result<Value, ExpressionError> {
        let node = &self.tree.nodes[id];
        let operands: &[NodeId] = match &node.kind {
            SyntaxKind::Number(_) | SyntaxKind::Truth(_) => &[],
            SyntaxKind::Name(name) => return self.name(*name, node.span.clone(), binder),
            SyntaxKind::Prefix(_, x) => &[*x],
            SyntaxKind::Infix(_, x, y) => &[*x, *y],
            SyntaxKind::Conditional(x, y, z) => &[*x, *y, *z],
            SyntaxKind::Call(_, arguments) => arguments,
        };
        let rows_by = self.same_rows(operands)?;
        let id = match &node.kind {
            SyntaxKind::Number(number) => self.graph.number(*number),
            SyntaxKind::Truth(truth) => self.graph.add(Operation::Truth(*truth)),
            SyntaxKind::Prefix(prefix, x) => self.prefix(*prefix, *x)?,
            SyntaxKind::Infix(operator, x, y) => self.infix(*operator, *x, *y)?,
            SyntaxKind::Conditional(condition, yes, no) => self.conditional(*condition, *yes, *no)?,
            SyntaxKind::Call(Function::Reduce(reduce), arguments) => {
                let id = self.reduce(*reduce, arguments[0])?;
                return Ok(Value { id, rows_by: None });
            }
            SyntaxKind::Call(function, arguments) => self.call(*function, arguments)?,
            SyntaxKind::Name(_) => unreachable!("names are handled above"),
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

    /// Returns the column with this name or, if there is none, the constant.
    fn look_up(&mut self, name: &Name, binder: &mut Binder) -> Result<OperationId, String> {
        let hint = match binder(name) {
            Ok(BoundColumn { slot, level, truth }) => {
                return Ok(self.graph.add(Operation::Column { slot, level, truth }));
            }
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

    fn level(&self, node: NodeId) -> Option<Level> {
        self.graph.nodes[self.values[node].id].level
    }

    fn is_truth(&self, node: NodeId) -> bool {
        self.graph.nodes[self.values[node].id].truth
    }

    /// Checks that all per-row operands belong to the same table. Returns the name of a column in that table.
    fn same_rows(&self, operands: &[NodeId]) -> Result<Option<usize>, ExpressionError> {
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
                "`{one}` and `{two}` are columns of different tables, whose rows do not correspond; \
                 reduce one of them to one value per event, for example with count, sum or any"
            );
            return Err(self.error(self.tree.span(first).start..self.tree.span(other).end, message));
        }
        Ok(rows_by)
    }

    fn truth(&self, node: NodeId, what: &str) -> Result<OperationId, ExpressionError> {
        if self.is_truth(node) {
            return Ok(self.values[node].id);
        }
        let message = format!("{what} needs a truth value, but this is a number; compare it, for example with `!= 0`");
        Err(self.error(self.tree.span(node), message))
    }

    fn number(&self, node: NodeId, what: &str) -> Result<OperationId, ExpressionError> {
        if !self.is_truth(node) {
            return Ok(self.values[node].id);
        }
        let message = format!("{what} needs a number, but this is a truth value; convert it with `? 1 : 0`");
        Err(self.error(self.tree.span(node), message))
    }

    fn prefix(&mut self, prefix: Prefix, x: NodeId) -> Result<OperationId, ExpressionError> {
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

    fn infix(&mut self, operator: Infix, x: NodeId, y: NodeId) -> Result<OperationId, ExpressionError> {
        let what = format!("`{}`", operator.symbol());
        let equality = matches!(operator, Infix::Equal | Infix::NotEqual);
        if equality && self.is_truth(x) != self.is_truth(y) {
            let (truth, number) = if self.is_truth(x) { (x, y) } else { (y, x) };
            let message = format!(
                "{what} compares a truth value, `{}`, with a number, `{}`; to test a truth value, write it alone",
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
            Infix::And | Infix::Or => unreachable!("`&&` and `||` are handled above"),
        };
        Ok(self.graph.add(operation))
    }

    fn conditional(&mut self, condition: NodeId, yes: NodeId, no: NodeId) -> Result<OperationId, ExpressionError> {
        let what = "the condition before `?`";
        let condition = self.truth(condition, what)?;
        if self.is_truth(yes) != self.is_truth(no) {
            let message = "one of these values is a truth value and the other is a number; use the same type for both";
            return Err(self.error(self.tree.span(yes).start..self.tree.span(no).end, message));
        }
        let (yes, no) = (self.values[yes].id, self.values[no].id);
        Ok(self.graph.add(Operation::Select(condition, yes, no)))
    }

    fn call(&mut self, function: Function, arguments: &[NodeId]) -> Result<OperationId, ExpressionError> {
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
            // NaN is the only value not equal to itself.
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
            Function::Reduce(_) => unreachable!("reductions are handled by `reduce`"),
        })
    }

    fn reduce(&mut self, reduce: Reduce, argument: NodeId) -> Result<OperationId, ExpressionError> {
        let name = Function::Reduce(reduce).name();
        let what = format!("`{name}`");
        let conditions = matches!(reduce, Reduce::Count | Reduce::Any | Reduce::All);
        let x = if conditions {
            self.truth(argument, &what)?
        } else {
            self.number(argument, &what)?
        };
        let Some(Level::Rows(table)) = self.graph.nodes[x].level else {
            let message = format!("{what} works on the rows of a table, but this has one value per event");
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
