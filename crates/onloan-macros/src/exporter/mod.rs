//! `#[exporter]`: parse → validate → expand. After a mistake the block is given back as it was, so that the author sees one message.

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
        Err(error) => beside(&error, &item),
    }
}

/// The message, and the item without us.
fn beside(error: &syn::Error, item: &TokenStream) -> TokenStream {
    let message = error.to_compile_error();
    quote!(#message #item)
}
