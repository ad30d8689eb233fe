//! What stands in the parentheses.

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, Member, Token};

/// Where the cell is found.
pub(super) enum Source {
    /// `ids`, `0`, `inner.ids`: a field.
    Field(Punctuated<Member, Token![.]>),
    /// `via = method`: what a method without arguments gives.
    Method(Ident),
}

const USAGE: &str = "name the field that holds the `ExportCell`, as in `#[exporter(ids)]`, or a method that gives one, as in \
                     `#[exporter(via = active)]`";

impl Parse for Source {
    fn parse(input: ParseStream<'_>) -> syn::Result<Source> {
        if input.is_empty() {
            return Err(Error::new(input.span(), USAGE));
        }
        if input.peek(Ident) && input.peek2(Token![=]) {
            let key: Ident = input.parse()?;
            if key != "via" {
                return Err(Error::new(
                    key.span(),
                    format!("`{key}` is not an argument of `#[exporter]`: {USAGE}"),
                ));
            }
            let equals = input.parse::<Token![=]>()?;
            let method: Ident = input.parse().map_err(|error| {
                // At the end of what there is, which is nowhere.
                let place = if input.is_empty() {
                    equals.span
                } else {
                    error.span()
                };
                Error::new(place, "name a method, as in `via = active`")
            })?;
            end(input)?;
            return Ok(Source::Method(method));
        }
        let field = Punctuated::parse_separated_nonempty(input)
            .map_err(|error| Error::new(error.span(), USAGE))?;
        end(input)?;
        Ok(Source::Field(field))
    }
}

fn end(input: ParseStream<'_>) -> syn::Result<()> {
    if input.is_empty() {
        return Ok(());
    }
    let more =
        "a class lends one cell at a time: to choose between several, name a method with `via = …`";
    let comma = input.span();
    let second = match input.parse::<Option<Token![,]>>()? {
        Some(_) if !input.is_empty() => input.span(),
        _ => comma,
    };
    Err(Error::new(second, more))
}
