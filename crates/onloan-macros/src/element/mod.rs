//! `#[derive(Element)]`: from the author's struct to the two constants of `onloan::element::Element`.
//!
//! ```text
//!     tokens ──parse──▶ Declaration ──validate──▶ Record | Transparent ──expand──▶ impls and checks
//!                            └────────── mistakes ──────────▶ fallback: compile_error! and a stand-in
//! ```
//!
//! A macro sees names and tokens, and no types. What can be told from tokens is refused here, at the token: the kind of item, its `repr`,
//! its attributes, the fields' names. What needs types is left to the compiler, in code that is spanned like the author's field:
//! whether each field is an element, and whether anything lies between two of them.

mod expand;
mod fallback;
mod parse;
mod validate;

use proc_macro2::TokenStream;
use syn::DeriveInput;

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    match parse::Declaration::new(input).and_then(|declaration| validate::validate(&declaration)) {
        Ok(element) => expand::expand(&element),
        Err(mistakes) => fallback::expand(input, &mistakes),
    }
}
