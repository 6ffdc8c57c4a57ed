//! The syntax tree of a parsed expression.

use super::functions::Function;
use super::name::Name;
use std::ops::Range;

/// The nodes of an expression. Operands come before their operators, so traversal needs no recursion.
#[derive(Clone, Debug, Default)]
pub(super) struct SyntaxTree {
    pub nodes: Vec<SyntaxNode>,
    /// The distinct names in the expression.
    pub names: Vec<Name>,
}

/// The index of a node.
pub(super) type NodeId = usize;

#[derive(Clone, Debug)]
pub(super) struct SyntaxNode {
    pub kind: SyntaxKind,
    /// The node's byte range in the text.
    pub span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum SyntaxKind {
    Number(f64),
    Truth(bool),
    /// The index of a name in the tree's list of names.
    Name(usize),
    Prefix(Prefix, NodeId),
    Infix(Infix, NodeId, NodeId),
    Conditional(NodeId, NodeId, NodeId),
    Call(Function, Vec<NodeId>),
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

    /// The precedence, as in C, except that powers bind more tightly than all other operators.
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
    /// The precedence of prefix operators: lower than that of powers, as in Python, so `-x**2` means `-(x**2)`.
    pub const STRENGTH: u8 = 8;
}

/// The precedence of the conditional operator `? :`.
pub(super) const CONDITIONAL: u8 = 1;

impl SyntaxTree {
    pub fn push(&mut self, kind: SyntaxKind, span: Range<usize>) -> NodeId {
        self.nodes.push(SyntaxNode { kind, span });
        self.nodes.len() - 1
    }

    pub fn span(&self, id: NodeId) -> Range<usize> {
        self.nodes[id].span.clone()
    }
}
