//! The parser: builds the syntax tree of an expression.

use super::error::ExpressionError;
use super::functions::Function;
use super::lexer::{Token, tokens};
use super::name::Name;
use super::syntax_tree::{CONDITIONAL, Infix, NodeId, Prefix, SyntaxKind, SyntaxTree};
use std::collections::HashMap;
use std::ops::Range;

/// The maximum nesting depth. The parser recurses once per level.
const DEEPEST: usize = 200;
/// The maximum length of an expression in bytes. This limit bounds the memory used for evaluation.
const LONGEST: usize = 1 << 16;

pub(super) fn parse(text: &str) -> Result<SyntaxTree, ExpressionError> {
    if text.len() > LONGEST {
        let message = format!(
            "the expression is too long: {} bytes, where {LONGEST} are allowed; define parts of it as columns first",
            text.len()
        );
        return Err(ExpressionError::new(text, 0..0, message));
    }
    let mut parser = Parser {
        text,
        tokens: tokens(text)?,
        next: 0,
        depth: 0,
        tree: SyntaxTree::default(),
        names: HashMap::new(),
    };
    if *parser.peek() == Token::End {
        return Err(parser.error(0..0, "the expression is empty"));
    }
    parser.expression(0)?;
    let span = parser.span();
    let message = match parser.peek() {
        Token::End => return Ok(parser.tree),
        Token::Symbol(")") => "this parenthesis is not opened".to_owned(),
        Token::Symbol(",") => "commas separate the arguments of a function, and this is not in one".to_owned(),
        Token::Symbol(":") => "there is no `?` for this `:`; write `condition ? value : otherwise`".to_owned(),
        Token::Symbol(symbol) => format!("an operator is missing before this `{symbol}`"),
        Token::Number(_) | Token::Name(_) => "an operator is missing before this".to_owned(),
    };
    Err(parser.error(span, message))
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(Token, Range<usize>)>,
    next: usize,
    depth: usize,
    tree: SyntaxTree,
    names: HashMap<Name, usize>,
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        &self.tokens[self.next].0
    }

    fn span(&self) -> Range<usize> {
        self.tokens[self.next].1.clone()
    }

    fn take(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Token::Symbol(found) if *found == symbol);
        self.next += usize::from(found);
        found
    }

    fn error(&self, span: Range<usize>, message: impl Into<String>) -> ExpressionError {
        ExpressionError::new(self.text, span, message)
    }

    /// Parses an operand and any subsequent operators that bind at least as tightly as `strength`.
    fn expression(&mut self, strength: u8) -> Result<NodeId, ExpressionError> {
        if self.depth == DEEPEST {
            let message =
                format!("this is nested more than {DEEPEST} levels deep; define parts of it as columns first");
            return Err(self.error(self.span(), message));
        }
        self.depth += 1;
        let mut left = self.operand()?;
        // The comparison operator, if the left side is an unparenthesised comparison.
        let mut compared = None;
        while let Token::Symbol(symbol) = *self.peek() {
            if symbol == "?" && CONDITIONAL >= strength {
                left = self.conditional(left)?;
                continue;
            }
            let Some(operator) = Infix::of(symbol).filter(|operator| operator.strength() >= strength) else {
                break;
            };
            self.next += 1;
            let right = match operator {
                // The exponent may start with a sign, and powers are right-associative.
                Infix::Power => self.expression(Prefix::STRENGTH)?,
                _ => self.expression(operator.strength() + 1)?,
            };
            if let Some(first) = compared.filter(|first: &Infix| first.strength() == operator.strength()) {
                return Err(self.chained(left, first, operator, right));
            }
            compared = operator.compares().then_some(operator);
            let span = self.tree.span(left).start..self.tree.span(right).end;
            left = self.tree.push(SyntaxKind::Infix(operator, left, right), span);
        }
        self.depth -= 1;
        Ok(left)
    }

    fn conditional(&mut self, condition: NodeId) -> Result<NodeId, ExpressionError> {
        let question = self.span();
        self.next += 1;
        let yes = self.expression(0)?;
        if !self.take(":") {
            return Err(self.error(question, "this `?` has no `:`; write `condition ? value : otherwise`"));
        }
        let no = self.expression(CONDITIONAL)?;
        let span = self.tree.span(condition).start..self.tree.span(no).end;
        Ok(self.tree.push(SyntaxKind::Conditional(condition, yes, no), span))
    }

    fn operand(&mut self) -> Result<NodeId, ExpressionError> {
        let span = self.span();
        let token = self.peek().clone();
        self.next += 1;
        match token {
            Token::Number(number) => Ok(self.tree.push(SyntaxKind::Number(number), span)),
            Token::Name(name) => self.named(name, span),
            Token::Symbol("(") => {
                let inner = self.expression(0)?;
                self.close(span.clone())?;
                self.tree.nodes[inner].span = span.start..self.tokens[self.next - 1].1.end;
                Ok(inner)
            }
            Token::Symbol(symbol) => match Prefix::of(symbol) {
                Some(prefix) => {
                    let operand = self.expression(Prefix::STRENGTH)?;
                    let span = span.start..self.tree.span(operand).end;
                    Ok(self.tree.push(SyntaxKind::Prefix(prefix, operand), span))
                }
                None => Err(self.error(span, format!("a value is missing before this `{symbol}`"))),
            },
            Token::End => Err(self.error(span, "the expression ends where a value should follow")),
        }
    }

    fn named(&mut self, name: Name, span: Range<usize>) -> Result<NodeId, ExpressionError> {
        match name.word() {
            Some("true") => return Ok(self.tree.push(SyntaxKind::Truth(true), span)),
            Some("false") => return Ok(self.tree.push(SyntaxKind::Truth(false), span)),
            Some(word) if *self.peek() == Token::Symbol("(") => {
                let function = Function::named(word)
                    .map_err(|hint| self.error(span.clone(), format!("there is no function `{word}`; {hint}")))?;
                return self.call(function, span);
            }
            _ => {}
        }
        let names = &mut self.tree.names;
        let index = *self.names.entry(name).or_insert_with_key(|name| {
            names.push(name.clone());
            names.len() - 1
        });
        Ok(self.tree.push(SyntaxKind::Name(index), span))
    }

    fn call(&mut self, function: Function, name: Range<usize>) -> Result<NodeId, ExpressionError> {
        let open = self.span();
        self.next += 1;
        let mut arguments = Vec::new();
        if !self.take(")") {
            loop {
                arguments.push(self.expression(0)?);
                if !self.take(",") {
                    break;
                }
            }
            self.close(open)?;
        }
        let span = name.start..self.tokens[self.next - 1].1.end;
        match function.refuses(arguments.len()) {
            Some(message) => Err(self.error(span, message)),
            None => Ok(self.tree.push(SyntaxKind::Call(function, arguments), span)),
        }
    }

    fn close(&mut self, open: Range<usize>) -> Result<(), ExpressionError> {
        if self.take(")") {
            return Ok(());
        }
        match self.peek() {
            Token::End => Err(self.error(open, "this parenthesis is not closed")),
            Token::Symbol(",") => Err(self.error(
                self.span(),
                "commas separate the arguments of a function, and this is not in one",
            )),
            _ => Err(self.error(
                self.span(),
                "an operator or a closing parenthesis is missing before this",
            )),
        }
    }

    /// Returns the error for chained comparisons.
    fn chained(&self, left: NodeId, second: Infix, third: Infix, right: NodeId) -> ExpressionError {
        let SyntaxKind::Infix(_, a, b) = self.tree.nodes[left].kind else {
            unreachable!("a comparison has two operands")
        };
        let (a, b, c) = (self.tree.span(a), self.tree.span(b), self.tree.span(right));
        let span = a.start..c.end;
        let [a, b, c] = [a, b, c].map(|span| &self.text[span]);
        let (second, third) = (second.symbol(), third.symbol());
        let hint = if span.len() < 60 {
            format!("`{a} {second} {b} && {b} {third} {c}`")
        } else {
            "`1 < x && x < 2` for `1 < x < 2`".to_owned()
        };
        self.error(span, format!("comparisons cannot be chained; write {hint}"))
    }
}
