//! Whether the declaration can be an element, as far as tokens tell.

use onloan_core::format::Format;
use proc_macro2::Span;
use syn::{GenericParam, Ident, Member, Path, Type};

use super::parse::{Declaration, Mistakes};

/// A declaration without mistakes. There is at least one field.
pub(super) struct Element {
    pub(super) ident: Ident,
    pub(super) krate: Path,
    pub(super) layout: Layout,
    pub(super) fields: Vec<NamedField>,
}

/// How it is lent.
pub(super) enum Layout {
    /// `repr(C)`: as a structure.
    Record,
    /// `repr(transparent)`: as its only field.
    Transparent,
}

/// A field under the name that it has in the format.
pub(super) struct NamedField {
    pub(super) member: Member,
    pub(super) ty: Type,
    pub(super) span: Span,
    pub(super) name: String,
    /// Where the author gave another name than the field's own.
    pub(super) name_given_at: Option<Span>,
}

pub(super) fn validate(declaration: &Declaration<'_>) -> syn::Result<Element> {
    let mut mistakes = Mistakes::default();
    refuse_parameters(declaration, &mut mistakes);
    let transparent = declaration
        .repr
        .iter()
        .find(|repr| repr.word == "transparent");
    let layout = if let Some(transparent) = transparent {
        require_only_field(declaration, transparent.span, &mut mistakes);
        Layout::Transparent
    } else {
        require_repr_c(declaration, &mut mistakes);
        Layout::Record
    };
    let fields = named_fields(declaration, &mut mistakes);
    mistakes.none()?;
    Ok(Element {
        ident: declaration.ident.clone(),
        krate: declaration.krate.clone(),
        layout,
        fields,
    })
}

fn refuse_parameters(declaration: &Declaration<'_>, mistakes: &mut Mistakes) {
    for parameter in &declaration.generics.params {
        mistakes.add(match parameter {
            GenericParam::Lifetime(parameter) => syn::Error::new_spanned(
                &parameter.lifetime,
                "an element holds no references: Python may keep the memory for as long as it likes",
            ),
            GenericParam::Type(parameter) => syn::Error::new_spanned(&parameter.ident, WITHOUT_PARAMETERS),
            GenericParam::Const(parameter) => syn::Error::new_spanned(&parameter.ident, WITHOUT_PARAMETERS),
        });
    }
    if let (true, Some(clause)) = (
        declaration.generics.params.is_empty(),
        &declaration.generics.where_clause,
    ) {
        mistakes.add(syn::Error::new(clause.where_token.span, WITHOUT_PARAMETERS));
    }
}

const WITHOUT_PARAMETERS: &str = "an element's layout is checked where it is declared: \
                                  derive `Element` for a struct without parameters";

fn require_repr_c(declaration: &Declaration<'_>, mistakes: &mut Mistakes) {
    if declaration.repr.iter().any(|repr| repr.word == "C") {
        return;
    }
    let at = declaration
        .repr
        .first()
        .map_or(declaration.ident.span(), |repr| repr.span);
    mistakes.add(syn::Error::new(
        at,
        "an element needs `#[repr(C)]`: otherwise the compiler chooses the order of its fields",
    ));
}

/// One field stands for the whole of a transparent struct.
fn require_only_field(declaration: &Declaration<'_>, transparent: Span, mistakes: &mut Mistakes) {
    let count = declaration.fields.len();
    if count > 1 {
        mistakes.add(syn::Error::new(
            transparent,
            format!("a transparent element is lent as its only field, and this struct has {count} fields"),
        ));
    }
    for name in declaration
        .fields
        .iter()
        .filter_map(|field| field.given_name.as_ref())
    {
        mistakes.add(syn::Error::new(
            name.span(),
            "a transparent element is lent as its only field, and has no field names: leave `name` out",
        ));
    }
}

fn named_fields(declaration: &Declaration<'_>, mistakes: &mut Mistakes) -> Vec<NamedField> {
    if declaration.fields.is_empty() {
        mistakes.add(syn::Error::new(
            declaration.ident.span(),
            "an element has at least one byte, and this struct has no fields",
        ));
    }
    let mut named: Vec<NamedField> = Vec::new();
    for field in &declaration.fields {
        let name = field.name();
        let name_given_at = field.given_name.as_ref().map(syn::LitStr::span);
        let at = name_given_at.unwrap_or(field.span);
        if let Some(reason) = refused_name(&name) {
            mistakes.add(syn::Error::new(at, reason));
        }
        if named.iter().any(|other| other.name == name) {
            mistakes.add(syn::Error::new(
                at,
                format!("two fields are called `{name}`"),
            ));
        }
        named.push(NamedField {
            member: field.member.clone(),
            ty: field.ty.clone(),
            span: field.span,
            name,
            name_given_at,
        });
    }
    named
}

/// Why a format string cannot hold this name between its two colons.
fn refused_name(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("a field needs a name")
    } else if name.contains(char::is_control) {
        Some("a name cannot have control characters")
    } else if !is_read_back(name) {
        Some("a name stands between colons in the format, so it cannot have one")
    } else {
        None
    }
}

/// Whether the grammar finds this name in a format that has it.
fn is_read_back(name: &str) -> bool {
    let format = Format::parse(&format!("B:{name}:"));
    format.is_ok_and(|format| matches!(format.items(), [item] if item.name() == Some(name)))
}
