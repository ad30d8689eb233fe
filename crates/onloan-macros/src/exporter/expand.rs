//! What `#[exporter]` becomes: two methods for PyO3 to make slots of, and the way from the class to its cell.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ItemImpl, parse_quote};

use super::parse::Source;

pub(super) fn expand(source: &Source, mut methods: ItemImpl) -> TokenStream {
    let class = methods.self_ty.clone();
    methods.items.push(parse_quote! {
        #[doc(hidden)]
        unsafe fn __getbuffer__(
            slf: &::onloan::__private::pyo3::Bound<'_, Self>,
            view: *mut ::onloan::__private::pyo3::ffi::Py_buffer,
            flags: ::core::ffi::c_int,
        ) -> ::onloan::__private::pyo3::PyResult<()> {
            // SAFETY: PyO3 calls this from the slot of the class, with what CPython gave it.
            unsafe { ::onloan::__private::getbuffer_plain::<Self>(slf, view, flags) }
        }
    });
    methods.items.push(parse_quote! {
        #[doc(hidden)]
        unsafe fn __releasebuffer__(
            slf: &::onloan::__private::pyo3::Bound<'_, Self>,
            view: *mut ::onloan::__private::pyo3::ffi::Py_buffer,
        ) {
            // SAFETY: PyO3 calls this from the slot of the class, with what CPython gave it.
            unsafe { ::onloan::__private::releasebuffer_plain(slf.as_any(), view) }
        }
    });
    // Spanned so that a wrong field or a wrong type is reported at the author's word.
    let (is_field, lender) = match source {
        // Taken out by a pattern, which runs no code: `self.ids` could go through a `Deref` of the author's.
        Source::Field(path) if path.len() == 1 => (
            true,
            quote_spanned! {path.span()=> {
                let Self { #path: __lent, .. } = self;
                ::onloan::__private::Export::lender(__lent)
            }},
        ),
        Source::Field(path) => (
            false,
            quote_spanned!(path.span()=> ::onloan::__private::Export::lender(&self.#path)),
        ),
        Source::Method(method) => (
            false,
            quote_spanned!(method.span()=> ::onloan::__private::given(self, Self::#method)),
        ),
    };
    quote! {
        #methods

        const _: () = {
            impl ::onloan::__private::ExporterClass for #class {
                const FIELD: bool = #is_field;

                #[inline]
                fn lender(&self) -> ::core::option::Option<::onloan::__private::Lender<'_>> {
                    #lender
                }

                fn slots() -> &'static ::onloan::__private::Slots {
                    static SLOTS: ::onloan::__private::Slots = ::onloan::__private::Slots::new();
                    &SLOTS
                }
            }
        };
    }
}
