//! What to expand to after a mistake: the message, and impls that keep the rest of the author's crate from repeating it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput};

use super::parse;

pub(super) fn expand(input: &DeriveInput, mistakes: &syn::Error) -> TokenStream {
    let messages = mistakes.to_compile_error();
    // With parameters or a path that was not understood, the impls would bring mistakes of their own.
    let (Data::Struct(_), true, Ok(krate)) = (
        &input.data,
        input.generics.params.is_empty(),
        parse::krate(&input.attrs),
    ) else {
        return messages;
    };
    let ident = &input.ident;
    quote! {
        #messages

        // SAFETY: none is needed, for this never runs: the messages above end the compilation.
        #[automatically_derived]
        unsafe impl #krate::element::Element for #ident {
            type Item = Self;
            const SHAPE: &'static [::core::primitive::usize] = &[];
            const FORMAT: &'static ::core::ffi::CStr = c"";
            const FIELD: &'static ::core::primitive::str = "";
        }

        // SAFETY: as above.
        #[automatically_derived]
        unsafe impl #krate::element::AnyBits for #ident {}
    }
}
