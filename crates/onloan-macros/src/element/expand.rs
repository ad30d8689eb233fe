//! The impls, and the checks that only the compiler can make.
//!
//! `unsafe` has the macro's own span throughout, never the author's: so it does not count as theirs, and `#![forbid(unsafe_code)]` holds.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Ident, Type};

use super::validate::{Element, Layout, NamedField};

pub(super) fn expand(element: &Element) -> TokenStream {
    let Element {
        ident,
        krate,
        layout,
    } = element;
    let module = quote!(#krate::element);
    let (body, types) = match layout {
        Layout::Record(fields) => (
            record(ident, &module, fields),
            fields.iter().map(|field| &field.ty).collect(),
        ),
        Layout::Transparent(ty) => (transparent(ident, &module, ty), vec![ty]),
    };
    let constants = constants(&module, layout);
    quote! {
        const _: () = {
            #body

            const _: () = #module::__private::check_copy::<#ident>();

            // SAFETY: every field is an element, and by the checks above each begins where the one before it ends, from the first byte of
            // the struct to the last. The format names them in that order; that of a transparent struct is its field's.
            #[automatically_derived]
            unsafe impl #module::Element for #ident
            where
                for<'any> Self: #module::__private::IfCopy<'any>,
                #(for<'any> #types: #module::__private::IfElement<'any>,)*
            {
                #constants
            }

            // SAFETY: the struct is nothing but its fields, and any bytes are a value of each.
            #[automatically_derived]
            unsafe impl #module::AnyBits for #ident
            where
                for<'any> Self: #module::__private::IfCopy<'any>,
                #(for<'any> #types: #module::__private::IfAnyBits<'any>,)*
            {
            }
        };
    }
}

/// The struct's description and the checks on it.
fn record(ident: &Ident, module: &TokenStream, fields: &[NamedField]) -> TokenStream {
    let private = quote!(#module::__private);
    let struct_name = ident.to_string();
    let each_field = fields.iter().map(
        |NamedField {
             member, ty, name, ..
         }| {
            quote!(#private::Field::new::<#ty>(#name, ::core::mem::offset_of!(#ident, #member)))
        },
    );
    let checks = fields.iter().enumerate().map(|(index, field)| {
        let end = check(field.span, &quote!(#private::check_end::<#ident>(#index)));
        let name = field
            .name_given_at
            .map(|span| check(span, &quote!(#private::check_name::<#ident>(#index))));
        quote!(#end #name)
    });
    quote! {
        impl #private::Struct for #ident {
            const NAME: &'static ::core::primitive::str = #struct_name;
            const FIELDS: &'static [#private::Field] = &[#(#each_field),*];
        }

        #(#checks)*
    }
}

/// Evaluates `call`. Its panic points at the caller of `check`, all of whose tokens are at `span`.
fn check(span: Span, call: &TokenStream) -> TokenStream {
    let check = quote_spanned!(span=> check());
    quote! {
        const _: () = {
            #[track_caller]
            const fn check() {
                #call
            }
            #check
        };
    }
}

fn transparent(ident: &Ident, module: &TokenStream, ty: &Type) -> TokenStream {
    quote! {
        const _: () = #module::__private::check_element::<#ty>();
        const _: () = #module::__private::check_size::<#ident, #ty>();
    }
}

fn constants(module: &TokenStream, layout: &Layout) -> TokenStream {
    let str = quote!(&'static ::core::primitive::str);
    let c_str = quote!(&'static ::core::ffi::CStr);
    let shape = quote!(&'static [::core::primitive::usize]);
    match layout {
        Layout::Record(_) => quote! {
            type Item = Self;
            const SHAPE: #shape = &[];
            const FORMAT: #c_str = <Self as #module::__private::StructText>::FORMAT;
            const FIELD: #str = <Self as #module::__private::StructText>::FIELD;
        },
        Layout::Transparent(ty) => quote! {
            type Item = <#ty as #module::Element>::Item;
            const SHAPE: #shape = <#ty as #module::Element>::SHAPE;
            const FORMAT: #c_str = <#ty as #module::Element>::FORMAT;
            const FIELD: #str = <#ty as #module::Element>::FIELD;
        },
    }
}
