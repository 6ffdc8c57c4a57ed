//! Tests with random expressions on random events. They compare results with those of a row-by-row evaluation, and
//! parse printed expressions again.

use super::super::syntax_tree::{CONDITIONAL, Infix, Prefix, SyntaxKind, SyntaxTree};
use super::super::{BoundColumn, EventColumns, Expression, Level, Name, Unbound};
use super::reference::{Events, Node, Value};
use proptest::prelude::*;

/// The name, level and type (true for truth values) of each column.
const COLUMNS: [(&str, Level, bool); 8] = [
    ("a", Level::Rows(0), false),
    ("b", Level::Rows(0), false),
    ("c", Level::Rows(0), true),
    ("'other/d'", Level::Rows(1), false),
    ("other.e", Level::Rows(1), true),
    ("f", Level::Event, false),
    ("g", Level::Event, true),
    ("h", Level::Event, false),
];

/// A source of decisions, derived from bytes. Fewer and smaller bytes result in simpler expressions.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn below(&mut self, count: usize) -> usize {
        usize::from(*self.0.next().unwrap_or(&0)) % count
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn column(&mut self, table: Option<usize>, truth: bool) -> Option<Node> {
        let fits = |slot: &usize| {
            let (_, level, of_truth) = COLUMNS[*slot];
            of_truth == truth && (level == Level::Event || table.is_some_and(|table| level == Level::Rows(table)))
        };
        let slots: Vec<usize> = (0..COLUMNS.len()).filter(fits).collect();
        Some(Node::Column(self.of(&slots)))
    }

    fn number(&mut self, depth: usize, table: Option<usize>) -> Node {
        let next = depth.saturating_sub(1);
        let choice = if depth == 0 { self.below(2) } else { self.below(8) };
        match choice {
            0 => Node::Number(self.of(&[0.0, 1.0, 2.0, 0.5, 3.25, 1e-7, 1e300])),
            1 => self.column(table, false).unwrap(),
            2 | 3 => {
                let operators = [
                    Infix::Plus,
                    Infix::Minus,
                    Infix::Times,
                    Infix::Over,
                    Infix::Modulo,
                    Infix::Power,
                ];
                let operator = self.of(&operators);
                Node::Infix(
                    operator,
                    Box::new(self.number(next, table)),
                    Box::new(self.number(next, table)),
                )
            }
            4 => Node::Prefix(
                self.of(&[Prefix::Minus, Prefix::Plus]),
                Box::new(self.number(next, table)),
            ),
            5 => {
                let (condition, yes) = (self.truth(next, table), self.number(next, table));
                Node::Conditional(Box::new([condition, yes, self.number(next, table)]))
            }
            6 => {
                let (name, count) = self.of(&[
                    ("abs", 1),
                    ("sqrt", 1),
                    ("sin", 1),
                    ("floor", 1),
                    ("sign", 1),
                    ("atan2", 2),
                    ("delta_phi", 2),
                    ("min", 3),
                    ("max", 2),
                ]);
                Node::Call(name, (0..count).map(|_| self.number(next, table)).collect())
            }
            _ => {
                let name = self.of(&["count", "sum", "smallest", "largest", "mean"]);
                self.reduce(name, next, name == "count")
            }
        }
    }

    fn truth(&mut self, depth: usize, table: Option<usize>) -> Node {
        let next = depth.saturating_sub(1);
        let choice = if depth == 0 { self.below(2) } else { self.below(9) };
        match choice {
            0 => Node::Truth(self.of(&[true, false])),
            1 => self.column(table, true).unwrap(),
            2 | 3 => {
                let operators = [
                    Infix::Less,
                    Infix::LessOrEqual,
                    Infix::Greater,
                    Infix::GreaterOrEqual,
                    Infix::Equal,
                    Infix::NotEqual,
                ];
                let operator = self.of(&operators);
                Node::Infix(
                    operator,
                    Box::new(self.number(next, table)),
                    Box::new(self.number(next, table)),
                )
            }
            4 => {
                let operator = self.of(&[Infix::And, Infix::Or, Infix::Equal, Infix::NotEqual]);
                Node::Infix(
                    operator,
                    Box::new(self.truth(next, table)),
                    Box::new(self.truth(next, table)),
                )
            }
            5 => Node::Prefix(Prefix::Not, Box::new(self.truth(next, table))),
            6 => {
                let (condition, yes) = (self.truth(next, table), self.truth(next, table));
                Node::Conditional(Box::new([condition, yes, self.truth(next, table)]))
            }
            7 => {
                let (name, count) = self.of(&[("isnan", 1), ("isfinite", 1), ("in", 3), ("between", 3)]);
                Node::Call(name, (0..count).map(|_| self.number(next, table)).collect())
            }
            _ => {
                let name = self.of(&["any", "all"]);
                self.reduce(name, next, true)
            }
        }
    }

    /// A reduction of a per-row operand.
    fn reduce(&mut self, name: &'static str, depth: usize, truth: bool) -> Node {
        let table = self.below(2);
        let column = Box::new(Node::Column([0, 3][table]));
        let more = Box::new(self.number(depth, Some(table)));
        let operator = if truth { Infix::Less } else { Infix::Plus };
        Node::Reduce(name, table, Box::new(Node::Infix(operator, column, more)))
    }
}

/// Prints an expression with either all possible parentheses or only the necessary ones.
fn show(node: &Node, strength: u8, all: bool) -> String {
    let any = |node: &Node| show(node, 0, all);
    let (own, text) = match node {
        Node::Number(number) => (u8::MAX, format!("{number:?}")),
        Node::Truth(truth) => (u8::MAX, truth.to_string()),
        Node::Column(slot) => (u8::MAX, COLUMNS[*slot].0.to_owned()),
        Node::Prefix(prefix, x) => (
            Prefix::STRENGTH,
            format!("{}{}", prefix.symbol(), show(x, Prefix::STRENGTH, all)),
        ),
        Node::Infix(operator, x, y) => {
            let own = operator.strength();
            let (left, right) = match operator {
                Infix::Power => (own + 1, Prefix::STRENGTH),
                _ if operator.compares() => (own + 1, own + 1),
                _ => (own, own + 1),
            };
            (
                own,
                format!("{} {} {}", show(x, left, all), operator.symbol(), show(y, right, all)),
            )
        }
        Node::Conditional(parts) => {
            let [condition, yes, no] = &**parts;
            let (condition, no) = (show(condition, CONDITIONAL + 1, all), show(no, CONDITIONAL, all));
            (CONDITIONAL, format!("{condition} ? {} : {no}", any(yes)))
        }
        Node::Call(name, arguments) => {
            let arguments: Vec<String> = arguments.iter().map(any).collect();
            (u8::MAX, format!("{name}({})", arguments.join(", ")))
        }
        Node::Reduce(name, _, x) => (u8::MAX, format!("{name}({})", any(x))),
    };
    if own < strength || (all && own < u8::MAX) {
        format!("({text})")
    } else {
        text
    }
}

/// Prints a tree in an unambiguous form.
fn outline(node: &Node) -> String {
    match node {
        Node::Prefix(prefix, x) => format!("[{} {}]", prefix.symbol(), outline(x)),
        Node::Infix(operator, x, y) => format!("[{} {} {}]", operator.symbol(), outline(x), outline(y)),
        Node::Conditional(parts) => format!("[? {}]", parts.each_ref().map(outline).join(" ")),
        Node::Call(name, arguments) => {
            format!(
                "[{name} {}]",
                arguments.iter().map(outline).collect::<Vec<_>>().join(" ")
            )
        }
        Node::Reduce(name, _, x) => format!("[{name} {}]", outline(x)),
        leaf => show(leaf, 0, false),
    }
}

fn outline_parsed(tree: &SyntaxTree) -> String {
    let mut outlines: Vec<String> = Vec::new();
    for node in &tree.nodes {
        let of = |id: &usize| outlines[*id].clone();
        let outline = match &node.kind {
            SyntaxKind::Number(number) => format!("{number:?}"),
            SyntaxKind::Truth(truth) => truth.to_string(),
            SyntaxKind::Name(name) => tree.names[*name].to_string(),
            SyntaxKind::Prefix(prefix, x) => format!("[{} {}]", prefix.symbol(), of(x)),
            SyntaxKind::Infix(operator, x, y) => format!("[{} {} {}]", operator.symbol(), of(x), of(y)),
            SyntaxKind::Conditional(x, y, z) => format!("[? {} {} {}]", of(x), of(y), of(z)),
            SyntaxKind::Call(function, arguments) => {
                format!(
                    "[{} {}]",
                    function.name(),
                    arguments.iter().map(of).collect::<Vec<_>>().join(" ")
                )
            }
        };
        outlines.push(outline);
    }
    outlines.pop().unwrap()
}

fn find(name: &Name) -> Result<BoundColumn, Unbound> {
    let slot = COLUMNS
        .iter()
        .position(|(known, ..)| *known == name.to_string())
        .unwrap();
    let (_, level, truth) = COLUMNS[slot];
    Ok(BoundColumn { slot, level, truth })
}

/// The words from which random input strings are built.
const WORDS: [&str; 16] = [
    "(", ")", "a", "1", "+", "?", ":", ",", "min(", "<", "!", "-", "**", "'", "c", "&&",
];

/// The bit pattern of a number. All NaNs get the same pattern, because it is unspecified which of two NaNs a sum
/// returns.
fn bits(number: f64) -> u64 {
    if number.is_nan() {
        f64::NAN.to_bits()
    } else {
        number.to_bits()
    }
}

fn expression() -> impl Strategy<Value = Node> {
    (prop::collection::vec(any::<u8>(), 0..150), any::<bool>(), 0..3usize).prop_map(|(bytes, truth, table)| {
        let mut choices = Choices(bytes.iter());
        let table = (table < 2).then_some(table);
        if truth {
            choices.truth(4, table)
        } else {
            choices.number(4, table)
        }
    })
}

fn events() -> impl Strategy<Value = Events> {
    let size = || prop_oneof![4 => 0..3usize, 2 => 3..40usize, 1 => 1000..1100usize];
    (prop::collection::vec((size(), size()), 0..12), any::<u64>()).prop_map(|(sizes, seed)| Events::new(&sizes, seed))
}

proptest! {
    #[test]
    fn parsing_is_the_reverse_of_printing(node in expression()) {
        for all in [false, true] {
            let parsed = Expression::parse(&show(&node, 0, all)).unwrap();
            prop_assert_eq!(outline_parsed(&parsed.tree), outline(&node));
        }
    }

    #[test]
    fn blocks_give_what_rows_give(node in expression(), events in events(), cut in 0.0..1.0f64) {
        let text = show(&node, 0, false);
        let mut program = Expression::parse(&text).unwrap().bind(&mut find).unwrap();
        let expected: Vec<u64> = events.values(&node, program.level()).into_iter().map(|value| match value {
            Value::Number(number) => bits(number),
            Value::Truth(truth) => bits(f64::from(truth)),
        }).collect();
        let mut out = Vec::new();
        program.evaluate(&events, &mut out);
        prop_assert_eq!(out.iter().copied().map(bits).collect::<Vec<_>>(), expected.clone(), "{}", text);

        // The result must not depend on how the events are divided.
        let cut = (cut * (events.events() + 1) as f64) as usize;
        let mut parts = Vec::new();
        for part in [0..cut, cut..events.events()] {
            program.evaluate(&events.part(part), &mut out);
            parts.extend(out.iter().copied().map(bits));
        }
        prop_assert_eq!(parts, expected, "{} in parts", text);
        if program.is_truth() {
            let mut truths = Vec::new();
            program.evaluate(&events, &mut out);
            program.evaluate_truth(&events, &mut truths);
            prop_assert_eq!(out, truths.into_iter().map(f64::from).collect::<Vec<_>>());
        }
    }

    #[test]
    fn no_text_is_too_strange(
        text in "[ -~µ≤]{0,40}",
        words in prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..20)
    ) {
        for text in [text, words.join(" ")] {
            match Expression::parse(&text).map(|expression| expression.bind(&mut |name| match name.path.as_str() {
                "a" | "c" => find(name).map_err(|_| Unbound::Unknown(String::new())),
                _ => Err(Unbound::Unknown(String::new())),
            })) {
                Err(error) | Ok(Err(error)) => prop_assert_eq!(error.to_string().lines().count(), 3),
                Ok(Ok(_)) => {}
            }
        }
    }
}
