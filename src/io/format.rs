//! The layout of event files: names, attributes and types.

use crate::event::{ColumnType, ElementType};
use crate::files::hdf5_node::{Node, text};
use hdf5::types::{FloatSize, IntSize, TypeDescriptor};
use hdf5::{Dataset, Group};

/// The value of an event file's `format` attribute.
pub(super) const FORMAT: &str = "gaudi-mpi events";
/// The format version of the files that are written, which is also the latest version that can be read.
pub(super) const FORMAT_VERSION: u32 = 1;
/// The group of file records, with one row for each file that a job read.
pub(crate) const RECORDS: &str = "FileRecords";

/// Writes the attributes that make a group the root of an event file, including the number of events.
pub(super) fn describe_events(root: Group, events: u64) -> hdf5::Result<()> {
    let root = Node::of(root);
    root.text("format", FORMAT)?;
    root.attribute("format_version", &FORMAT_VERSION)?;
    root.attribute("events", &events)
}

/// Writes the attributes of a column.
pub(super) fn describe_column(dataset: &Dataset, kind: &ColumnType) -> hdf5::Result<()> {
    if !kind.unit.is_empty() {
        text(dataset, "unit", &kind.unit)?;
    }
    kind.target
        .as_ref()
        .map_or(Ok(()), |target| text(dataset, "target", target))
}

/// The column element type for this HDF5 type, or `None` if the HDF5 type is not supported.
pub(super) fn element(descriptor: &TypeDescriptor) -> Option<ElementType> {
    Some(match descriptor {
        TypeDescriptor::Boolean => ElementType::Bool,
        TypeDescriptor::Integer(IntSize::U1) => ElementType::I8,
        TypeDescriptor::Integer(IntSize::U2) => ElementType::I16,
        TypeDescriptor::Integer(IntSize::U4) => ElementType::I32,
        TypeDescriptor::Integer(IntSize::U8) => ElementType::I64,
        TypeDescriptor::Unsigned(IntSize::U1) => ElementType::U8,
        TypeDescriptor::Unsigned(IntSize::U2) => ElementType::U16,
        TypeDescriptor::Unsigned(IntSize::U4) => ElementType::U32,
        TypeDescriptor::Unsigned(IntSize::U8) => ElementType::U64,
        TypeDescriptor::Float(FloatSize::U4) => ElementType::F32,
        TypeDescriptor::Float(FloatSize::U8) => ElementType::F64,
        TypeDescriptor::VarLenUnicode | TypeDescriptor::VarLenAscii => ElementType::Text,
        _ => return None,
    })
}

/// The HDF5 type used to write columns of this element type.
pub(super) fn descriptor(element: ElementType) -> TypeDescriptor {
    match element {
        ElementType::Bool => TypeDescriptor::Boolean,
        ElementType::I8 => TypeDescriptor::Integer(IntSize::U1),
        ElementType::I16 => TypeDescriptor::Integer(IntSize::U2),
        ElementType::I32 => TypeDescriptor::Integer(IntSize::U4),
        ElementType::I64 => TypeDescriptor::Integer(IntSize::U8),
        ElementType::U8 => TypeDescriptor::Unsigned(IntSize::U1),
        ElementType::U16 => TypeDescriptor::Unsigned(IntSize::U2),
        ElementType::U32 => TypeDescriptor::Unsigned(IntSize::U4),
        ElementType::U64 => TypeDescriptor::Unsigned(IntSize::U8),
        ElementType::F32 => TypeDescriptor::Float(FloatSize::U4),
        ElementType::F64 => TypeDescriptor::Float(FloatSize::U8),
        ElementType::Text => TypeDescriptor::VarLenUnicode,
    }
}
