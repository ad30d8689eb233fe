//! What `#[exporter]` stands above.

use proc_macro2::{Span, TokenStream};
use syn::spanned::Spanned;
use syn::{Error, ImplItem, ItemImpl};

const ABOVE: &str =
    "`#[exporter]` stands above `#[pymethods]`, to which it adds the slots of the buffer protocol";

/// What is wrong with the item below.
pub(super) enum Wrong {
    /// It could stand there without us.
    Use(Error),
    /// It is no block for `#[pymethods]`, which would say so too.
    Block(Error),
}

impl From<Error> for Wrong {
    fn from(error: Error) -> Wrong {
        Wrong::Use(error)
    }
}

/// A block of methods with `#[pymethods]` still to be expanded, and without slots of its own.
pub(super) fn methods(item: TokenStream) -> Result<ItemImpl, Wrong> {
    let methods: ItemImpl = syn::parse2(item)
        .map_err(|_| Error::new(Span::call_site(), format!("{ABOVE}, on an `impl` block")))?;
    if let Some((_, of, _)) = &methods.trait_ {
        return Err(Wrong::Block(Error::new(
            of.span(),
            format!("{ABOVE}: this is the implementation of a trait"),
        )));
    }
    if !methods.generics.params.is_empty() {
        return Err(Wrong::Block(Error::new(
            methods.generics.span(),
            "a Python class has no parameters",
        )));
    }
    let named = |name: &str| {
        methods.attrs.iter().find(|attribute| {
            let last = attribute.path().segments.last();
            last.is_some_and(|segment| segment.ident == name)
        })
    };
    if let Some(another) = named("exporter") {
        return Err(Wrong::Use(Error::new(
            another.path().span(),
            "a class lends one cell at a time: there is an `#[exporter]` already",
        )));
    }
    if named("pymethods").is_none() {
        return Err(Wrong::Use(Error::new(
            Span::call_site(),
            format!("{ABOVE}; there is none below it"),
        )));
    }
    for item in &methods.items {
        if let ImplItem::Fn(method) = item
            && (method.sig.ident == "__getbuffer__" || method.sig.ident == "__releasebuffer__")
        {
            let message = format!(
                "`#[exporter]` writes `{0}`: remove this one",
                method.sig.ident
            );
            return Err(Wrong::Use(Error::new(method.sig.ident.span(), message)));
        }
    }
    Ok(methods)
}
