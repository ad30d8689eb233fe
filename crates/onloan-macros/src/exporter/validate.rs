//! What `#[exporter]` stands above.

use proc_macro2::{Span, TokenStream};
use syn::spanned::Spanned;
use syn::{Error, ImplItem, ItemImpl};

const ABOVE: &str =
    "`#[exporter]` stands above `#[pymethods]`, to which it adds the slots of the buffer protocol";

/// A block of methods with `#[pymethods]` still to be expanded, and without slots of its own.
pub(super) fn methods(item: TokenStream) -> syn::Result<ItemImpl> {
    let methods: ItemImpl = syn::parse2(item)
        .map_err(|_| Error::new(Span::call_site(), format!("{ABOVE}, on an `impl` block")))?;
    if let Some((_, of, _)) = &methods.trait_ {
        return Err(Error::new(
            of.span(),
            format!("{ABOVE}: this is the implementation of a trait"),
        ));
    }
    if !methods.generics.params.is_empty() {
        return Err(Error::new(
            methods.generics.span(),
            "a Python class has no parameters",
        ));
    }
    let pymethods = |path: &syn::Path| {
        path.segments
            .last()
            .is_some_and(|segment| segment.ident == "pymethods")
    };
    if !methods
        .attrs
        .iter()
        .any(|attribute| pymethods(attribute.path()))
    {
        return Err(Error::new(
            Span::call_site(),
            format!("{ABOVE}; there is none below it"),
        ));
    }
    for item in &methods.items {
        if let ImplItem::Fn(method) = item
            && (method.sig.ident == "__getbuffer__" || method.sig.ident == "__releasebuffer__")
        {
            let message = format!(
                "`#[exporter]` writes `{0}`: remove this one",
                method.sig.ident
            );
            return Err(Error::new(method.sig.ident.span(), message));
        }
    }
    Ok(methods)
}
