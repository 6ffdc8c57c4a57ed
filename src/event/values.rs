//! Element types and column values.

use super::texts::Texts;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The type of a column's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum ElementType {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F32,
    F64,
    /// UTF-8 strings of any length.
    Text,
}

/// A number type, or `bool`, that a column can hold.
///
/// Implemented for `bool`, `i8` to `i64`, `u8` to `u64`, `f32` and `f64`.
pub trait Element: Copy + Default + PartialEq + fmt::Debug + Send + Sync + 'static + sealed::Sealed {
    /// The corresponding [`ElementType`].
    const TYPE: ElementType;
    /// The missing value: NaN for floating-point types, otherwise zero or `false`.
    const MISSING: Self;

    /// Converts to `f64`: `false` is 0 and `true` is 1; integers beyond 2⁵³ are rounded.
    fn to_f64(self) -> f64;

    #[doc(hidden)]
    fn slice(values: &Values) -> Option<&[Self]>;
    #[doc(hidden)]
    fn vec(values: &mut Values) -> Option<&mut Vec<Self>>;
    #[doc(hidden)]
    fn as_bytes(elements: &[Self]) -> &[u8];
    #[doc(hidden)]
    fn extend_from_bytes(elements: &mut Vec<Self>, bytes: &[u8]) -> bool;
    /// Appends `count` elements, whose bytes are written by `fill`. Returns `false` if the bytes are not valid
    /// elements.
    #[doc(hidden)]
    fn extend_with<E>(
        elements: &mut Vec<Self>,
        count: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<bool, E>;
}

mod sealed {
    pub trait Sealed {}
}

/// The values of a column.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Values {
    Bool(Vec<bool>),
    I8(Vec<i8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    U64(Vec<u64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    Text(Texts),
}

/// The borrowed values of a column of numbers or booleans. For text columns, see [`Texts`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Slice<'a> {
    Bool(&'a [bool]),
    I8(&'a [i8]),
    I16(&'a [i16]),
    I32(&'a [i32]),
    I64(&'a [i64]),
    U8(&'a [u8]),
    U16(&'a [u16]),
    U32(&'a [u32]),
    U64(&'a [u64]),
    F32(&'a [f32]),
    F64(&'a [f64]),
}

/// Evaluates `$do` for booleans and numbers of any type, and `$otherwise` for strings.
macro_rules! each_type {
    ($values:expr, $v:ident => $do:expr, $text:ident => $otherwise:expr) => {
        match $values {
            $crate::event::Values::Bool($v) => $do,
            $crate::event::Values::I8($v) => $do,
            $crate::event::Values::I16($v) => $do,
            $crate::event::Values::I32($v) => $do,
            $crate::event::Values::I64($v) => $do,
            $crate::event::Values::U8($v) => $do,
            $crate::event::Values::U16($v) => $do,
            $crate::event::Values::U32($v) => $do,
            $crate::event::Values::U64($v) => $do,
            $crate::event::Values::F32($v) => $do,
            $crate::event::Values::F64($v) => $do,
            $crate::event::Values::Text($text) => $otherwise,
        }
    };
}
pub(crate) use each_type;

macro_rules! as_number {
    ($number:expr) => {
        $number as f64
    };
}

macro_rules! as_truth {
    ($truth:expr) => {
        f64::from(u8::from($truth))
    };
}

macro_rules! elements {
    ($($type:ty, $variant:ident, $missing:expr, $checked:ident, $number:ident, $with:ident);+ $(;)?) => {$(
        impl sealed::Sealed for $type {}

        impl Element for $type {
            const TYPE: ElementType = ElementType::$variant;
            const MISSING: Self = $missing;

            #[inline]
            fn to_f64(self) -> f64 {
                $number!(self)
            }

            #[inline]
            fn slice(values: &Values) -> Option<&[Self]> {
                match values {
                    Values::$variant(elements) => Some(elements),
                    _ => None,
                }
            }

            #[inline]
            fn vec(values: &mut Values) -> Option<&mut Vec<Self>> {
                match values {
                    Values::$variant(elements) => Some(elements),
                    _ => None,
                }
            }

            fn as_bytes(elements: &[Self]) -> &[u8] {
                bytemuck::cast_slice(elements)
            }

            fn extend_from_bytes(elements: &mut Vec<Self>, bytes: &[u8]) -> bool {
                $checked(elements, bytes)
            }

            fn extend_with<E>(
                elements: &mut Vec<Self>,
                count: usize,
                fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
            ) -> Result<bool, E> {
                $with(elements, count, fill)
            }
        }

        impl From<Vec<$type>> for Values {
            fn from(elements: Vec<$type>) -> Self {
                Values::$variant(elements)
            }
        }
    )+};
}

elements! {
    bool, Bool, false, extend_bools, as_truth, bools_with;
    i8, I8, 0, extend_numbers, as_number, numbers_with;
    i16, I16, 0, extend_numbers, as_number, numbers_with;
    i32, I32, 0, extend_numbers, as_number, numbers_with;
    i64, I64, 0, extend_numbers, as_number, numbers_with;
    u8, U8, 0, extend_numbers, as_number, numbers_with;
    u16, U16, 0, extend_numbers, as_number, numbers_with;
    u32, U32, 0, extend_numbers, as_number, numbers_with;
    u64, U64, 0, extend_numbers, as_number, numbers_with;
    f32, F32, f32::NAN, extend_numbers, as_number, numbers_with;
    f64, F64, f64::NAN, extend_numbers, as_number, numbers_with;
}

/// Appends numbers given as bytes in this machine's byte order. Returns `false` if the bytes do not form a whole number
/// of elements.
fn extend_numbers<T: bytemuck::Pod>(elements: &mut Vec<T>, bytes: &[u8]) -> bool {
    let size = size_of::<T>();
    if !bytes.len().is_multiple_of(size) {
        return false;
    }
    let before = elements.len();
    elements.resize(before + bytes.len() / size, T::zeroed());
    bytemuck::cast_slice_mut(&mut elements[before..]).copy_from_slice(bytes);
    true
}

/// Appends numbers whose bytes are written by `fill`.
fn numbers_with<T: bytemuck::Pod, E>(
    elements: &mut Vec<T>,
    count: usize,
    fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
) -> Result<bool, E> {
    let before = elements.len();
    elements.resize(before + count, T::zeroed());
    fill(bytemuck::cast_slice_mut(&mut elements[before..])).map(|()| true)
}

/// Appends booleans whose bytes are written by `fill`. Returns `false` if a byte is neither 0 nor 1.
fn bools_with<E>(
    elements: &mut Vec<bool>,
    count: usize,
    fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
) -> Result<bool, E> {
    let mut bytes = vec![0; count];
    fill(&mut bytes)?;
    Ok(extend_bools(elements, &bytes))
}

/// Appends booleans given as bytes. Returns `false` if a byte is neither 0 nor 1.
fn extend_bools(elements: &mut Vec<bool>, bytes: &[u8]) -> bool {
    let Ok(bools) = bytemuck::checked::try_cast_slice(bytes) else {
        return false;
    };
    elements.extend_from_slice(bools);
    true
}

impl ElementType {
    /// All element types.
    pub const ALL: [ElementType; 12] = [
        Self::Bool,
        Self::I8,
        Self::I16,
        Self::I32,
        Self::I64,
        Self::U8,
        Self::U16,
        Self::U32,
        Self::U64,
        Self::F32,
        Self::F64,
        Self::Text,
    ];

    /// The name of the type in Rust, or `text`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Text => "text",
        }
    }

    /// The size of an element in bytes; `None` for strings.
    pub fn size(self) -> Option<usize> {
        match self {
            Self::Bool | Self::I8 | Self::U8 => Some(1),
            Self::I16 | Self::U16 => Some(2),
            Self::I32 | Self::U32 | Self::F32 => Some(4),
            Self::I64 | Self::U64 | Self::F64 => Some(8),
            Self::Text => None,
        }
    }
}

impl fmt::Display for ElementType {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Values {
    /// An empty list of values of the given type.
    pub fn empty(element: ElementType) -> Self {
        match element {
            ElementType::Bool => Values::Bool(Vec::new()),
            ElementType::I8 => Values::I8(Vec::new()),
            ElementType::I16 => Values::I16(Vec::new()),
            ElementType::I32 => Values::I32(Vec::new()),
            ElementType::I64 => Values::I64(Vec::new()),
            ElementType::U8 => Values::U8(Vec::new()),
            ElementType::U16 => Values::U16(Vec::new()),
            ElementType::U32 => Values::U32(Vec::new()),
            ElementType::U64 => Values::U64(Vec::new()),
            ElementType::F32 => Values::F32(Vec::new()),
            ElementType::F64 => Values::F64(Vec::new()),
            ElementType::Text => Values::Text(Texts::default()),
        }
    }

    /// The type of the elements.
    pub fn element(&self) -> ElementType {
        fn of<T: Element>(_: &[T]) -> ElementType {
            T::TYPE
        }
        each_type!(self, values => of(values), _texts => ElementType::Text)
    }

    /// The number of values.
    pub fn len(&self) -> usize {
        each_type!(self, values => values.len(), texts => texts.len())
    }

    /// Returns whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes all values but keeps the allocated memory.
    pub fn clear(&mut self) {
        each_type!(self, values => values.clear(), texts => texts.clear())
    }

    /// Appends [missing values](Element::MISSING), or empty strings, until there are `length` values.
    pub fn fill_up(&mut self, length: usize) {
        fn fill<T: Element>(values: &mut Vec<T>, length: usize) {
            if values.len() < length {
                values.resize(length, T::MISSING);
            }
        }
        each_type!(self, values => fill(values, length), texts => texts.fill_up(length))
    }

    /// Borrows the values. Returns `None` if they are strings.
    pub fn slice(&self) -> Option<Slice<'_>> {
        Some(match self {
            Values::Bool(values) => Slice::Bool(values),
            Values::I8(values) => Slice::I8(values),
            Values::I16(values) => Slice::I16(values),
            Values::I32(values) => Slice::I32(values),
            Values::I64(values) => Slice::I64(values),
            Values::U8(values) => Slice::U8(values),
            Values::U16(values) => Slice::U16(values),
            Values::U32(values) => Slice::U32(values),
            Values::U64(values) => Slice::U64(values),
            Values::F32(values) => Slice::F32(values),
            Values::F64(values) => Slice::F64(values),
            Values::Text(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_back() {
        let mut back = vec![1.5f32];
        assert!(f32::extend_from_bytes(&mut back, f32::as_bytes(&[-0.0, f32::MAX])));
        assert_eq!(back, [1.5, -0.0, f32::MAX]);
        assert!(!f32::extend_from_bytes(&mut back, &[0; 7]));
        let mut truths = Vec::new();
        assert!(bool::extend_from_bytes(&mut truths, &[1, 0]));
        assert_eq!(truths, [true, false]);
        assert!(!bool::extend_from_bytes(&mut truths, &[2]));
    }

    #[test]
    fn types_agree_with_values() {
        for element in ElementType::ALL {
            let mut values = Values::empty(element);
            assert_eq!(values.element(), element);
            values.fill_up(3);
            assert_eq!(values.len(), 3);
        }
    }
}
