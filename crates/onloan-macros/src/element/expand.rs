//! The impls, and the checks that only the compiler can make.
//!
//! `unsafe` has the macro's own span throughout, never the author's: so it does not count as theirs, and `#![forbid(unsafe_code)]` holds.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Ident, Type};

use super::validate::{Element, Layout, NamedField};

pub(super) fn expand(element: &Element) -> TokenStream {
    let Element {
        ident,
        krate,
        layout,
        fields,
    } = element;
    let module = quote!(#krate::element);
    let types = fields.iter().map(|field| &field.ty);
    let any_bits_types = types.clone();
    let same_fields = same_fields(ident, fields);
    let (checks, constants) = match layout {
        Layout::Record => record(ident, &module, fields),
        Layout::Transparent => transparent(ident, &module, &fields[0].ty),
    };
    quote! {
        const _: () = {
            #same_fields
            #checks
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
                #(for<'any> #any_bits_types: #module::__private::IfAnyBits<'any>,)*
            {
            }
        };
    }
}

/// Another attribute macro may have changed the struct after it was read here: these must be its fields, all of them, of these types.
fn same_fields(ident: &Ident, fields: &[NamedField]) -> TokenStream {
    let members = fields.iter().map(|field| &field.member);
    let types = fields.iter().map(|field| &field.ty);
    let bindings: Vec<Ident> = (0..fields.len())
        .map(|index| format_ident!("__field{index}"))
        .collect();
    quote! {
        const _: fn(#ident) = |#ident { #(#members: #bindings),* }| {
            #(let _: #types = #bindings;)*
        };
    }
}

/// The struct's description, the checks on it, and the constants that follow from it.
fn record(
    ident: &Ident,
    module: &TokenStream,
    fields: &[NamedField],
) -> (TokenStream, TokenStream) {
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
    let checks = quote! {
        impl #private::Struct for #ident {
            const NAME: &'static ::core::primitive::str = #struct_name;
            const FIELDS: &'static [#private::Field] = &[#(#each_field),*];
        }

        #(#checks)*
    };
    let constants = quote! {
        type Item = Self;
        const SHAPE: &'static [::core::primitive::usize] = &[];
        const FORMAT: &'static ::core::ffi::CStr = <Self as #private::StructText>::FORMAT;
        const FIELD: &'static ::core::primitive::str = <Self as #private::StructText>::FIELD;
    };
    (checks, constants)
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

/// The checks on a struct that is its only field, and the field's constants.
fn transparent(ident: &Ident, module: &TokenStream, ty: &Type) -> (TokenStream, TokenStream) {
    let checks = quote! {
        const _: () = #module::__private::check_element::<#ty>();
        const _: () = #module::__private::check_size::<#ident, #ty>();
    };
    let constants = quote! {
        type Item = <#ty as #module::Element>::Item;
        const SHAPE: &'static [::core::primitive::usize] = <#ty as #module::Element>::SHAPE;
        const FORMAT: &'static ::core::ffi::CStr = <#ty as #module::Element>::FORMAT;
        const FIELD: &'static ::core::primitive::str = <#ty as #module::Element>::FIELD;
    };
    (checks, constants)
}
