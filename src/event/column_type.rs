//! The types of tables and columns, without their values.

use super::values::{Element, ElementType, Values};
use serde::{Deserialize, Serialize};

/// The number of rows per event in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rows {
    /// Exactly one, as in a header or a summary.
    One,
    /// Any number, including zero, as for tracks or particles.
    Many,
}

/// The name and type of a column.
///
/// ```
/// use gaudi_mpi::event::{ColumnType, ElementType};
///
/// let px = ColumnType::new::<f64>("px").unit("MeV");
/// assert_eq!((px.element, px.unit.as_str()), (ElementType::F64, "MeV"));
/// let vertex = ColumnType::reference("vertex", "Rec/Vertex/Primary");
/// assert_eq!(vertex.element, ElementType::I32);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnType {
    /// The column's name within its table.
    pub name: String,
    /// The type of the elements.
    pub element: ElementType,
    /// The unit of the values, for example `MeV`; empty for pure numbers.
    pub unit: String,
    /// For a reference column, the path of the table that the references point to. References are `i32`: the index of a
    /// row within the event, or −1 for none.
    pub target: Option<String>,
}

impl ColumnType {
    /// A column with elements of type `T`.
    pub fn new<T: Element>(name: &str) -> Self {
        Self::of(name, T::TYPE)
    }

    /// A column of references to rows of the table `target`.
    pub fn reference(name: &str, target: &str) -> Self {
        Self {
            target: Some(target.to_string()),
            ..Self::new::<i32>(name)
        }
    }

    /// A text column.
    pub fn text(name: &str) -> Self {
        Self::of(name, ElementType::Text)
    }

    fn of(name: &str, element: ElementType) -> Self {
        Self {
            name: name.to_string(),
            element,
            unit: String::new(),
            target: None,
        }
    }

    /// Sets the unit.
    pub fn unit(mut self, unit: &str) -> Self {
        self.unit = unit.to_string();
        self
    }

    /// A single missing value: −1 for references, NaN for floating-point numbers, otherwise zero or an empty string.
    pub(crate) fn missing(&self) -> Values {
        if self.target.is_some() {
            return Values::I32(vec![-1]);
        }
        let mut values = Values::empty(self.element);
        values.fill_up(1);
        values
    }
}
