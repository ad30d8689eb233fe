//! Formats of one code, without a tree: what most buffers have.

use super::order::Order;
use super::plan::Scalar;
use super::table::{Kind, Symbol};

impl Scalar {
    /// The scalar that an item of format `text` is, where that is a code with or without an order and
    /// nothing else: `d`, `<i`, `@Zf`. Allocates nothing.
    ///
    /// `None` for anything else, which may well be a scalar too (`1d`): then [`Format::parse`] knows.
    ///
    /// ```
    /// use onloan_core::format::{Endian, Kind, Scalar};
    ///
    /// let big = Scalar::of_code(b">d").unwrap();
    /// assert_eq!((big.kind(), big.size(), big.endian()), (Kind::Float, 8, Endian::Big));
    /// ```
    ///
    /// [`Format::parse`]: super::Format::parse
    #[must_use]
    pub fn of_code(text: &[u8]) -> Option<Self> {
        let (order, code) = match text.split_first() {
            Some((first, rest)) => match Order::from_byte(*first) {
                Some(order) => (order, rest),
                None => (Order::default(), text),
            },
            None => return None,
        };
        let symbol = Symbol::find(code)?;
        match symbol.kind() {
            // Padding is no value; a bit field fills no byte.
            Kind::Opaque | Kind::Bits { .. } => None,
            kind => Some(Self::new(kind, symbol.size(order)?, order.endian())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{Format, Reading};
    use std::format;
    use std::string::String;

    fn by_the_grammar(text: &str) -> Option<Scalar> {
        Format::parse(text)
            .ok()?
            .plan(Reading::Unpadded)
            .as_scalar()
    }

    #[test]
    fn a_single_code_is_what_the_grammar_makes_of_it() {
        let letters = || (0x21..0x7f_u8).map(char::from);
        let mut found = 0;
        for order in ["", "@", "=", "<", ">", "!", "^", "?", "@@"] {
            let one = letters().map(String::from);
            let two = letters().map(|part| format!("Z{part}"));
            for code in one.chain(two) {
                let text = format!("{order}{code}");
                if let Some(scalar) = Scalar::of_code(text.as_bytes()) {
                    assert_eq!(Some(scalar), by_the_grammar(&text), "{text}");
                    found += 1;
                }
            }
        }
        // 33 codes that are values, less `n` and `N` under the four orders of standard sizes.
        assert_eq!(found, 7 * 33 - 4 * 2);
    }

    #[test]
    fn what_is_more_than_a_code_is_left_to_the_grammar() {
        for text in [
            "", "<", "2d", "1d", "d:x:", "dd", "T{d}", "&d", " d", "x", "t", "é",
        ] {
            assert_eq!(Scalar::of_code(text.as_bytes()), None, "{text:?}");
        }
    }
}
