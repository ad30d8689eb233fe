//! The fields of a plan in one flat list, for whoever shows or picks them.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::plan::{Node, Plan, Scalar};

/// One scalar of an item, however deep it lies, with all its repetitions.
///
/// An array of structures gives one `FlatField` for each scalar in the structure, with the array's shape
/// and its strides: in `T{(2)T{i:x:i:y:}:points:}` the field `points.y` is at 4, shape (2), strides (8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlatField {
    /// The names from the outside inwards, joined by dots. A field without a name goes by its position
    /// among its siblings, from 0. Empty where the item is a single value.
    pub path: String,
    /// Bytes from the start of the item to the first of them.
    pub offset: usize,
    /// How to read one of them.
    pub scalar: Scalar,
    /// The extents of all arrays around it, outermost first; empty for a single value.
    pub shape: Vec<usize>,
    /// Bytes from one to the next along each extent.
    pub strides: Vec<usize>,
}

impl Plan {
    /// All scalars of an item, in the order of the format. Padding is what none of them covers.
    ///
    /// Each path repeats the names around it, so long names around many members make a long list.
    #[must_use]
    pub fn fields(&self) -> Vec<FlatField> {
        let mut found = Vec::new();
        let around = Around {
            offset: self.offset(),
            ..Around::default()
        };
        collect(self.root(), around, &mut found);
        found
    }
}

/// Where a node lies: a [`FlatField`] that does not know its scalar yet.
#[derive(Clone, Default)]
struct Around {
    path: String,
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
}

fn collect(node: &Node, mut around: Around, found: &mut Vec<FlatField>) {
    match node {
        Node::Scalar(scalar) => found.push(FlatField {
            path: around.path,
            offset: around.offset,
            scalar: *scalar,
            shape: around.shape,
            strides: around.strides,
        }),
        Node::Array(array) => {
            around.shape.extend(array.shape());
            around.strides.extend(array.strides());
            collect(array.element(), around, found);
        }
        Node::Record(record) => {
            for (position, field) in record.fields().iter().enumerate() {
                let name = field
                    .name()
                    .map_or_else(|| position.to_string(), String::from);
                let path = if around.path.is_empty() {
                    name
                } else {
                    format!("{}.{name}", around.path)
                };
                let inside = Around {
                    path,
                    offset: around.offset + field.offset(),
                    ..around.clone()
                };
                collect(field.node(), inside, found);
            }
        }
    }
}
