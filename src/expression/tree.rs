//! A parsed expression.

use super::functions::Function;
use super::name::Name;
use std::ops::Range;

/// The nodes of an expression, operands before what they are operands of, so that no walk over them needs recursion.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    pub nodes: Vec<Node>,
    /// All names, each once.
    pub names: Vec<Name>,
}

/// The place of a node among the nodes.
pub(super) type Id = usize;

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub kind: Kind,
    /// The bytes of the text it comes from.
    pub span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Number(f64),
    Truth(bool),
    /// One of the tree's names.
    Name(usize),
    Prefix(Prefix, Id),
    Infix(Infix, Id, Id),
    Conditional(Id, Id, Id),
    Call(Function, Vec<Id>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prefix {
    Minus,
    Plus,
    Not,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Infix {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Times,
    Over,
    Modulo,
    Power,
}

impl Prefix {
    pub fn of(symbol: &str) -> Option<Self> {
        Some(match symbol {
            "-" => Self::Minus,
            "+" => Self::Plus,
            "!" => Self::Not,
            _ => return None,
        })
    }

    pub fn symbol(self) -> &'static str {
        match self {
            Self::Minus => "-",
            Self::Plus => "+",
            Self::Not => "!",
        }
    }
}

impl Infix {
    pub fn of(symbol: &str) -> Option<Self> {
        Some(match symbol {
            "||" => Self::Or,
            "&&" => Self::And,
            "==" => Self::Equal,
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            "+" => Self::Plus,
            "-" => Self::Minus,
            "*" => Self::Times,
            "/" => Self::Over,
            "%" => Self::Modulo,
            "**" | "^" => Self::Power,
            _ => return None,
        })
    }

    pub fn symbol(self) -> &'static str {
        match self {
            Self::Or => "||",
            Self::And => "&&",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Times => "*",
            Self::Over => "/",
            Self::Modulo => "%",
            Self::Power => "**",
        }
    }

    /// How tightly it binds: as in C, and powers tighter than any.
    pub fn strength(self) -> u8 {
        match self {
            Self::Or => 2,
            Self::And => 3,
            Self::Equal | Self::NotEqual => 4,
            Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual => 5,
            Self::Plus | Self::Minus => 6,
            Self::Times | Self::Over | Self::Modulo => 7,
            Self::Power => 9,
        }
    }

    pub fn compares(self) -> bool {
        matches!(self.strength(), 4 | 5)
    }
}

impl Prefix {
    /// How tightly a prefix binds: less than a power, as in Python, so that -x**2 is negative.
    pub const STRENGTH: u8 = 8;
}

/// How tightly `?` binds.
pub(super) const CONDITIONAL: u8 = 1;

impl Tree {
    pub fn push(&mut self, kind: Kind, span: Range<usize>) -> Id {
        self.nodes.push(Node { kind, span });
        self.nodes.len() - 1
    }

    pub fn span(&self, id: Id) -> Range<usize> {
        self.nodes[id].span.clone()
    }
}
