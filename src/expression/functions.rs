//! The functions and constants of the expression language.

use super::edit_distance::edit_distance;
use super::kernels::{Binary, Unary};
use std::f64::consts::PI;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Unary(Unary),
    Binary(Binary),
    /// A binary function applied from left to right to two or more arguments.
    Many(Binary),
    IsNan,
    IsFinite,
    In,
    Between,
    Reduce(Reduce),
}

/// The reductions: functions that reduce the rows of a table to one value per event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reduce {
    Count,
    Sum,
    Any,
    All,
    Smallest,
    Largest,
    Mean,
}

/// The functions and their arguments, as shown in error messages. `…` stands for further arguments.
const FUNCTIONS: [(&str, &str, Function); 39] = [
    ("abs", "x", Function::Unary(Unary::Abs)),
    ("sqrt", "x", Function::Unary(Unary::Sqrt)),
    ("cbrt", "x", Function::Unary(Unary::Cbrt)),
    ("exp", "x", Function::Unary(Unary::Exp)),
    ("log", "x", Function::Unary(Unary::Log)),
    ("log10", "x", Function::Unary(Unary::Log10)),
    ("log2", "x", Function::Unary(Unary::Log2)),
    ("sin", "x", Function::Unary(Unary::Sin)),
    ("cos", "x", Function::Unary(Unary::Cos)),
    ("tan", "x", Function::Unary(Unary::Tan)),
    ("asin", "x", Function::Unary(Unary::Asin)),
    ("acos", "x", Function::Unary(Unary::Acos)),
    ("atan", "x", Function::Unary(Unary::Atan)),
    ("sinh", "x", Function::Unary(Unary::Sinh)),
    ("cosh", "x", Function::Unary(Unary::Cosh)),
    ("tanh", "x", Function::Unary(Unary::Tanh)),
    ("floor", "x", Function::Unary(Unary::Floor)),
    ("ceil", "x", Function::Unary(Unary::Ceil)),
    ("round", "x", Function::Unary(Unary::Round)),
    ("trunc", "x", Function::Unary(Unary::Trunc)),
    ("sign", "x", Function::Unary(Unary::Sign)),
    ("atan2", "y, x", Function::Binary(Binary::Atan2)),
    ("hypot", "x, y", Function::Binary(Binary::Hypot)),
    ("pow", "x, power", Function::Binary(Binary::Power)),
    ("delta_phi", "phi1, phi2", Function::Binary(Binary::DeltaPhi)),
    ("min", "x, y, …", Function::Many(Binary::Min)),
    ("max", "x, y, …", Function::Many(Binary::Max)),
    ("isnan", "x", Function::IsNan),
    ("isfinite", "x", Function::IsFinite),
    ("in", "x, value, …", Function::In),
    ("between", "x, low, high", Function::Between),
    ("count", "condition", Function::Reduce(Reduce::Count)),
    ("sum", "x", Function::Reduce(Reduce::Sum)),
    ("any", "condition", Function::Reduce(Reduce::Any)),
    ("all", "condition", Function::Reduce(Reduce::All)),
    ("smallest", "x", Function::Reduce(Reduce::Smallest)),
    ("largest", "x", Function::Reduce(Reduce::Largest)),
    ("mean", "x", Function::Reduce(Reduce::Mean)),
    // `ln` is an alias for `log`. It comes last in the table so that error messages use the name `log`.
    ("ln", "x", Function::Unary(Unary::Log)),
];

const CONSTANTS: [(&str, f64); 19] = [
    ("pi", PI),
    ("eV", 1e-6),
    ("keV", 1e-3),
    ("MeV", 1.0),
    ("GeV", 1e3),
    ("TeV", 1e6),
    ("um", 1e-3),
    ("mm", 1.0),
    ("cm", 10.0),
    ("m", 1e3),
    ("km", 1e6),
    ("ps", 1e-3),
    ("ns", 1.0),
    ("us", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("mrad", 1e-3),
    ("rad", 1.0),
    ("deg", PI / 180.0),
];

impl Function {
    /// Returns the function with this name or, if there is none, a hint for the error message.
    pub fn named(name: &str) -> Result<Self, String> {
        if let Some((_, _, function)) = FUNCTIONS.iter().find(|(known, ..)| *known == name) {
            return Ok(*function);
        }
        let close = FUNCTIONS
            .iter()
            .map(|(known, ..)| (edit_distance(known, &name.to_lowercase()), *known))
            .min();
        Err(match close {
            Some((0..=1, known)) => format!("did you mean `{known}`?"),
            Some((2, known)) if known.len() > 3 => format!("did you mean `{known}`?"),
            _ => {
                let all: Vec<&str> = FUNCTIONS.iter().map(|(known, ..)| *known).collect();
                format!("the functions are {}", all.join(", "))
            }
        })
    }

    fn row(self) -> (&'static str, &'static str) {
        let row = FUNCTIONS.iter().find(|(.., function)| *function == self);
        row.map_or(("", ""), |(name, arguments, _)| (*name, *arguments))
    }

    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// Returns an error if the function does not accept this number of arguments.
    pub fn refuses(self, count: usize) -> Option<String> {
        let (name, arguments) = self.row();
        let (least, more) = match arguments.strip_suffix(", …") {
            Some(least) => (least.split(',').count(), true),
            None => (arguments.split(',').count(), false),
        };
        if count == least || (more && count > least) {
            return None;
        }
        let plural = if least == 1 { "" } else { "s" };
        let or_more = if more { " or more" } else { "" };
        Some(format!(
            "`{name}` takes {least} argument{plural}{or_more}, not {count}; write `{name}({arguments})`"
        ))
    }
}

/// Returns the value of a constant or unit. The units MeV, mm, ns and rad have the value 1.
pub(super) fn constant(name: &str) -> Option<f64> {
    CONSTANTS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, value)| *value)
}
