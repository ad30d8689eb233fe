//! The macros of onloan, to be used through the crate `onloan`.
//!
//! Each macro is a pipeline of files in the directory of its name: parse, validate, expand. This file has the entry points and what
//! an author reads about them.

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

mod element;
mod exporter;

/// Makes a struct an element: an item that a buffer can lend, with named fields.
///
/// ```
/// # use onloan_core::element::{self, Padding};
/// # use onloan_macros::Element;
/// #[derive(Clone, Copy, Element)]
/// # #[element(crate = onloan_core)]
/// #[repr(C)]
/// struct Sample {
///     id: u32,
///     _padding: Padding<4>,
///     value: f64,
///     #[element(name = "peak to peak")]
///     span: [i16; 4],
/// }
///
/// # #[cfg(target_endian = "little")]
/// assert_eq!(
///     <Sample as element::Element>::FORMAT,
///     c"T{<I:id:4x<d:value:(4)<h:peak to peak:}"
/// );
/// ```
///
/// # The struct
///
/// - It is `Copy` and `#[repr(C)]`, also `#[repr(C, packed)]`; every field is an `Element`. It has no parameters.
/// - No byte lies between its fields or after them without a name or a `Padding<N>`: such bytes would be uninitialised. The
///   error says where to put which `Padding`.
/// - A field's name in the format is its own, or for a tuple struct `f0`, `f1`, …; `#[element(name = "…")]` gives it another. A name is not
///   empty and has no colon. `Padding` has no name.
/// - A `#[repr(transparent)]` struct with one field is lent as that field: `struct Celsius(f32)` as `f`.
///
/// The struct is also `AnyBits`, so that its memory can be lent writable, exactly when all of its fields are. A consumer of writable memory
/// may put any bytes into any field, private ones too: do not derive this for a struct that keeps a promise about its fields.
///
/// `#[element(crate = path)]` on the struct names the crate `onloan` where it is not at `::onloan`.
#[proc_macro_derive(Element, attributes(element))]
pub fn derive_element(input: TokenStream) -> TokenStream {
    element::derive(&parse_macro_input!(input as DeriveInput)).into()
}

/// Makes a class lend the memory of a cell: `bf_getbuffer` and `bf_releasebuffer`, without `unsafe`.
///
/// It stands above `#[pymethods]` and names the field that holds the `ExportCell`:
///
/// ```ignore
/// #[pyclass(frozen)]
/// struct Tokens {
///     ids: ExportCell<Vec<u32>>,
/// }
///
/// #[exporter(ids)]
/// #[pymethods]
/// impl Tokens { /* … */ }
/// ```
///
/// | written | lends |
/// |---|---|
/// | `#[exporter(ids)]` | the field; also `0` of a tuple struct, `inner.ids`, an `Option<ExportCell<…>>`, an `Arc<ExportCell<…>>` |
/// | `#[exporter(via = active)]` | what the method `fn active(&self) -> &dyn Export` (or `Option<&dyn Export>`) gives at each request: to choose between several |
///
/// A class without `frozen` works too: the request borrows it for a moment, and is refused while a method with `&mut self` runs. The release needs
/// no borrow. Python subclasses, and Rust classes that extend this one, lend the same memory.
#[proc_macro_attribute]
pub fn exporter(arguments: TokenStream, item: TokenStream) -> TokenStream {
    exporter::exporter(arguments.into(), item.into()).into()
}
