//! `#[exporter]`: parse → validate → expand. After a mistake the block is given back as it was, so that the author sees one message; but for
//! one to which `#[pymethods]` would object too.

mod expand;
mod parse;
mod validate;

use proc_macro2::TokenStream;
use quote::quote;

pub(crate) fn exporter(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let source = match syn::parse2::<parse::Source>(arguments) {
        Ok(source) => source,
        Err(error) => return beside(&error, &item),
    };
    match validate::methods(item.clone()) {
        Ok(methods) => expand::expand(&source, methods),
        Err(validate::Wrong::Use(error)) => beside(&error, &item),
        Err(validate::Wrong::Block(error)) => error.to_compile_error(),
    }
}

/// The message, and the item without us.
fn beside(error: &syn::Error, item: &TokenStream) -> TokenStream {
    let message = error.to_compile_error();
    quote!(#message #item)
}
