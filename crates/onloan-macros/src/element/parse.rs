//! The author's item as data: fields and what the attributes say. Refuses what has no meaning anywhere.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::{
    Attribute, Data, DeriveInput, Fields, Generics, Ident, LitStr, Member, Path, Type, parse_quote,
};

/// A struct as it was written.
pub(super) struct Declaration<'a> {
    pub(super) ident: &'a Ident,
    pub(super) generics: &'a Generics,
    pub(super) repr: Vec<Repr>,
    /// The crate that has the `element` module.
    pub(super) krate: Path,
    pub(super) fields: Vec<Field<'a>>,
}

/// One word of `#[repr(…)]`.
pub(super) struct Repr {
    pub(super) word: String,
    pub(super) span: Span,
}

/// A field as it was written.
pub(super) struct Field<'a> {
    /// `a` or `0`.
    pub(super) member: Member,
    pub(super) ty: &'a Type,
    /// The token that stands for the field in a message.
    pub(super) span: Span,
    /// `name = "…"`.
    pub(super) given_name: Option<LitStr>,
}

impl<'a> Declaration<'a> {
    pub(super) fn new(input: &'a DeriveInput) -> syn::Result<Self> {
        let fields = match &input.data {
            Data::Struct(data) => &data.fields,
            Data::Enum(data) => {
                return Err(syn::Error::new(
                    data.enum_token.span,
                    "an element must be a struct: not every number is a variant of an enum; \
                     lend the number, and convert it where it is read",
                ));
            }
            Data::Union(data) => {
                return Err(syn::Error::new(
                    data.union_token.span,
                    "an element must be a struct: format strings have no word for a union; \
                     lend its bytes as `FixedBytes<N>`",
                ));
            }
        };
        let mut mistakes = Mistakes::default();
        let krate = mistakes.take(krate(&input.attrs)).unwrap_or_else(onloan);
        let repr = mistakes.take(repr(&input.attrs)).unwrap_or_default();
        let fields = declared_fields(fields, &mut mistakes);
        mistakes.none()?;
        Ok(Self {
            ident: &input.ident,
            generics: &input.generics,
            repr,
            krate,
            fields,
        })
    }
}

impl Field<'_> {
    /// The name in the format: the given one, the field's own, or for the third of a tuple struct `f2`, as NumPy has it.
    pub(super) fn name(&self) -> String {
        match (&self.given_name, &self.member) {
            (Some(name), _) => name.value(),
            (None, Member::Named(ident)) => ident.unraw().to_string(),
            (None, Member::Unnamed(index)) => format!("f{}", index.index),
        }
    }
}

fn declared_fields<'a>(fields: &'a Fields, mistakes: &mut Mistakes) -> Vec<Field<'a>> {
    fields
        .iter()
        .zip(fields.members())
        .map(|(field, member)| Field {
            span: match &member {
                Member::Named(ident) => ident.span(),
                Member::Unnamed(_) => syn::spanned::Spanned::span(&field.ty),
            },
            member,
            ty: &field.ty,
            given_name: mistakes.take(given_name(&field.attrs)).flatten(),
        })
        .collect()
}

fn onloan() -> Path {
    parse_quote!(::onloan)
}

/// `#[element(crate = path)]` on the struct, or `::onloan`.
pub(super) fn krate(attrs: &[Attribute]) -> syn::Result<Path> {
    let mut krate = None;
    each_argument(attrs, |argument| {
        if !argument.path.is_ident("crate") {
            return Err(argument
                .error("unknown argument: a struct takes `crate = path`, a field `name = \"…\"`"));
        }
        let path = argument.value()?.call(Path::parse_mod_style)?;
        set_once(&mut krate, path, argument)
    })?;
    Ok(krate.unwrap_or_else(onloan))
}

/// `#[element(name = "…")]` on a field.
fn given_name(attrs: &[Attribute]) -> syn::Result<Option<LitStr>> {
    let mut name = None;
    each_argument(attrs, |argument| {
        if !argument.path.is_ident("name") {
            return Err(argument.error("unknown argument: a field takes `name = \"…\"`"));
        }
        let text = argument.value()?.parse()?;
        set_once(&mut name, text, argument)
    })?;
    Ok(name)
}

fn each_argument(
    attrs: &[Attribute],
    mut argument: impl FnMut(&ParseNestedMeta<'_>) -> syn::Result<()>,
) -> syn::Result<()> {
    attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("element"))
        .try_for_each(|attribute| attribute.parse_nested_meta(|meta| argument(&meta)))
}

fn set_once<T>(slot: &mut Option<T>, value: T, argument: &ParseNestedMeta<'_>) -> syn::Result<()> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(argument.error("given twice")),
    }
}

/// The words of all `#[repr(…)]`. The compiler checks them; here only the words count.
fn repr(attrs: &[Attribute]) -> syn::Result<Vec<Repr>> {
    let mut words = Vec::new();
    for attribute in attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("repr"))
    {
        attribute.parse_nested_meta(|meta| {
            if let Some(word) = meta.path.get_ident() {
                words.push(Repr {
                    word: word.to_string(),
                    span: word.span(),
                });
            }
            if meta.input.peek(syn::token::Paren) {
                let size;
                syn::parenthesized!(size in meta.input);
                size.parse::<proc_macro2::TokenStream>()?;
            }
            Ok(())
        })?;
    }
    Ok(words)
}

/// Mistakes met so far: one look shows them all.
#[derive(Default)]
pub(super) struct Mistakes(Option<syn::Error>);

impl Mistakes {
    pub(super) fn add(&mut self, mistake: syn::Error) {
        match &mut self.0 {
            None => self.0 = Some(mistake),
            Some(mistakes) => mistakes.combine(mistake),
        }
    }

    fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|mistake| self.add(mistake)).ok()
    }

    pub(super) fn none(self) -> syn::Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}
