//! The parser: recursive descent over bytes, with one order in force at a time.
//!
//! ```text
//! format   := item+
//! item     := (order | '(' number (',' number)* ')' | number | '&')* code name?
//! code     := letter | 'Z' real | 'T{' item* '}' | 'X{' item* ('->' item)? '}'
//! order    := '@' | '^' | '=' | '<' | '>' | '!'
//! name     := ':' anything but a colon ':'
//! ```
//!
//! ASCII white space is ignored everywhere but in names and inside a number. Prefixes may come in
//! any order and any number. They apply from left to right, each to what follows: `(2)(3)i` is
//! `(2,3)i`, `3(2)i` is `(3,2)i`, `<(3)i` is `(3)<i`, and the last of several orders wins.
//!
//! An order stays in force until the next one, *across* braces in both directions, as NumPy reads
//! it: in `T{<i:a:}i:b:` the second `i` is little-endian too. (`struct` allows one order only, at the
//! very start, where both rules agree.)
//!
//! `Z` before `e`, `f`, `d` or `g`, white space aside, makes a complex code. Any other `Z` is
//! ctypes' `wchar_t *`. ctypes always writes a name or an order between the two.
//!
//! What other parsers let pass is refused: an empty string, an unclosed or stray brace, a prefix
//! with nothing behind it. Depth, dimensions and sizes are bounded, so that no string exhausts stack
//! or memory.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::item::{Body, Code, Item, Prefix, Signature, Unfit};
use super::order::Order;
use super::parse_error::{Found, ParseError, ParseErrorKind as Kind};
use super::table::{self, Symbol};

/// Levels of `T{`, `X{` and `&` inside one another.
pub const MAX_DEPTH: usize = 64;

/// Dimensions inside one another, counts included; `PyBUF_MAX_NDIM`, which NumPy shares.
pub const MAX_DIMENSIONS: usize = 64;

pub(super) fn parse(source: &[u8]) -> Result<Body, ParseError> {
    let mut parser = Parser {
        source,
        at: 0,
        order: Order::default(),
        depth: 0,
        dimensions: 0,
    };
    let mut items = Vec::new();
    while parser.peek().is_some() {
        items.push(parser.item()?);
    }
    if items.is_empty() {
        return Err(parser.error(Kind::Empty));
    }
    Body::build(items, Order::default()).map_err(|unfit| parser.unfit(parser.at, unfit))
}

struct Parser<'s> {
    source: &'s [u8],
    at: usize,
    /// In force.
    order: Order,
    /// Open braces and pointers.
    depth: usize,
    /// Dimensions of everything that is open.
    dimensions: usize,
}

/// What has been read of an item before its code.
#[derive(Default)]
struct Prefixes {
    shape: Vec<usize>,
    count: Option<usize>,
    /// Whether nothing but white space has come since the count.
    after_count: bool,
}

impl Prefixes {
    /// A number that turns out not to stand before the code is one more dimension.
    fn shift_count(&mut self) {
        self.shape
            .extend(self.count.take().filter(|&count| count != 1));
    }
}

impl Parser<'_> {
    fn item(&mut self) -> Result<Item, ParseError> {
        let mut item = self.unnamed_item()?;
        if self.peek() == Some(b':') {
            item = item.with_name(self.name()?);
        }
        Ok(item)
    }

    /// Prefixes and code. A pointer's name stands behind its target but is the pointer's.
    fn unnamed_item(&mut self) -> Result<Item, ParseError> {
        self.peek();
        let start = self.at;
        let mut prefixes = Prefixes::default();
        let code_byte = loop {
            let byte = self.peek().ok_or_else(|| self.unexpected("a type code"))?;
            if let Some(order) = Order::from_byte(byte) {
                self.at += 1;
                self.order = order;
            } else if byte == b'(' {
                prefixes.shift_count();
                self.shape(&mut prefixes.shape)?;
            } else if byte.is_ascii_digit() {
                if prefixes.after_count {
                    return Err(self.unexpected("a type code; white space may not split a number"));
                }
                prefixes.shift_count();
                prefixes.count = Some(self.number()?);
                prefixes.after_count = true;
                continue;
            } else {
                break byte;
            }
            prefixes.after_count = false;
        };
        let prefix = Prefix {
            count: prefixes.count.unwrap_or(1),
            order: self.order,
            shape: prefixes.shape,
        };
        let inside = prefix.shape.len() + usize::from(prefix.count != 1);
        self.dimensions += inside;
        if self.dimensions > MAX_DIMENSIONS {
            return Err(self.error_at(start, Kind::TooManyDimensions));
        }
        let code_at = self.at;
        let code = match code_byte {
            b'&' => self.pointer()?,
            b'T' => self.structure()?,
            b'X' => self.function()?,
            _ => self.plain(&prefix)?,
        };
        self.dimensions -= inside;
        Item::build(prefix, code).map_err(|unfit| {
            let sizeless = unfit == Unfit::NoStandardSize;
            self.unfit(if sizeless { code_at } else { start }, unfit)
        })
    }

    fn plain(&mut self, prefix: &Prefix) -> Result<Code, ParseError> {
        let start = self.at;
        let first = self.source[start];
        self.at += 1;
        let complex = match self.peek() {
            Some(part) if first == b'Z' => Symbol::find(&[first, part]),
            _ => None,
        };
        let symbol = if let Some(symbol) = complex {
            self.at += 1;
            symbol
        } else {
            self.at = start + 1;
            Symbol::find(&[first])
                .ok_or_else(|| self.error_at(start, Kind::Unexpected("a type code")))?
        };
        if matches!(symbol.kind(), table::Kind::Bits { .. }) {
            if !(1..=64).contains(&prefix.count) {
                return Err(self.error_at(start, Kind::BitFieldWidth));
            }
            if !prefix.shape.is_empty() {
                return Err(self.error_at(start, Kind::BitFieldAddress));
            }
        }
        Ok(Code::Plain(symbol))
    }

    fn pointer(&mut self) -> Result<Code, ParseError> {
        self.enter()?;
        self.at += 1;
        self.peek();
        let start = self.at;
        let target = self.unnamed_item()?;
        self.depth -= 1;
        match target.code() {
            Code::Plain(symbol) if matches!(symbol.kind(), table::Kind::Bits { .. }) => {
                Err(self.error_at(start, Kind::BitFieldAddress))
            }
            _ => Ok(Code::Pointer(Box::new(target))),
        }
    }

    fn structure(&mut self) -> Result<Code, ParseError> {
        let opened = self.at;
        let opening = self.order;
        self.open_brace()?;
        let items = self.items_until(b"}", opened)?;
        let body = Body::build(items, opening).map_err(|unfit| self.unfit(opened, unfit))?;
        self.close_brace(opened)?;
        Ok(Code::Struct(body))
    }

    fn function(&mut self) -> Result<Code, ParseError> {
        let opened = self.at;
        self.open_brace()?;
        let arguments = self.items_until(b"}-", opened)?;
        let mut result = None;
        if self.peek() == Some(b'-') {
            self.at += 1;
            if self.source.get(self.at) != Some(&b'>') {
                return Err(self.unexpected("`>` of `->`"));
            }
            self.at += 1;
            result = Some(Box::new(self.item()?));
        }
        self.close_brace(opened)?;
        Ok(Code::Function(Signature {
            arguments,
            result,
            closing: self.order,
        }))
    }

    fn items_until(&mut self, ends: &[u8], opened: usize) -> Result<Vec<Item>, ParseError> {
        let mut items = Vec::new();
        loop {
            match self.peek() {
                None => {
                    return Err(self.error(Kind::Unclosed {
                        closer: '}',
                        opened,
                    }));
                }
                Some(byte) if ends.contains(&byte) => return Ok(items),
                Some(_) => items.push(self.item()?),
            }
        }
    }

    fn open_brace(&mut self) -> Result<(), ParseError> {
        self.enter()?;
        self.at += 1;
        if self.peek() != Some(b'{') {
            return Err(self.unexpected("`{` behind `T` or `X`"));
        }
        self.at += 1;
        Ok(())
    }

    fn close_brace(&mut self, opened: usize) -> Result<(), ParseError> {
        match self.peek() {
            Some(b'}') => {
                self.at += 1;
                self.depth -= 1;
                Ok(())
            }
            None => Err(self.error(Kind::Unclosed {
                closer: '}',
                opened,
            })),
            Some(_) => Err(self.unexpected("`}`; a function has one result")),
        }
    }

    fn enter(&mut self) -> Result<(), ParseError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(Kind::TooDeep));
        }
        Ok(())
    }

    fn shape(&mut self, shape: &mut Vec<usize>) -> Result<(), ParseError> {
        let opened = self.at;
        loop {
            self.at += 1;
            match self.peek() {
                Some(byte) if byte.is_ascii_digit() => shape.push(self.number()?),
                None => {
                    return Err(self.error(Kind::Unclosed {
                        closer: ')',
                        opened,
                    }));
                }
                Some(_) => return Err(self.unexpected("a number")),
            }
            match self.peek() {
                Some(b',') => {}
                Some(b')') => {
                    self.at += 1;
                    return Ok(());
                }
                None => {
                    return Err(self.error(Kind::Unclosed {
                        closer: ')',
                        opened,
                    }));
                }
                Some(_) => return Err(self.unexpected("`,` or `)`")),
            }
        }
    }

    fn number(&mut self) -> Result<usize, ParseError> {
        let start = self.at;
        let mut number = 0_usize;
        while let Some(digit) = self
            .source
            .get(self.at)
            .filter(|byte| byte.is_ascii_digit())
        {
            number = number
                .checked_mul(10)
                .and_then(|tens| tens.checked_add(usize::from(digit - b'0')))
                .filter(|&number| isize::try_from(number).is_ok())
                .ok_or_else(|| self.error_at(start, Kind::NumberTooLarge))?;
            self.at += 1;
        }
        Ok(number)
    }

    fn name(&mut self) -> Result<Arc<str>, ParseError> {
        let opened = self.at;
        let rest = &self.source[opened + 1..];
        let Some(length) = rest.iter().position(|&byte| byte == b':') else {
            self.at = self.source.len();
            return Err(self.error(Kind::Unclosed {
                closer: ':',
                opened,
            }));
        };
        self.at = opened + length + 2;
        match core::str::from_utf8(&rest[..length]) {
            Ok(name) => Ok(name.into()),
            Err(error) => Err(self.error_at(opened + 1 + error.valid_up_to(), Kind::NameNotUtf8)),
        }
    }

    /// The next byte that counts.
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.source.get(self.at)?;
            // C's isspace, which struct uses; Rust's is_ascii_whitespace leaves out the vertical tab.
            if !matches!(byte, b' ' | b'\t'..=b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    fn unexpected(&self, expected: &'static str) -> ParseError {
        self.error(Kind::Unexpected(expected))
    }

    fn unfit(&self, position: usize, unfit: Unfit) -> ParseError {
        let kind = match unfit {
            Unfit::TooLarge => Kind::TooLarge,
            Unfit::Hollow => Kind::Hollow,
            Unfit::NoStandardSize => Kind::NoStandardSize,
        };
        self.error_at(position, kind)
    }

    fn error(&self, kind: Kind) -> ParseError {
        self.error_at(self.at, kind)
    }

    fn error_at(&self, position: usize, kind: Kind) -> ParseError {
        let rest = self.source.get(position..).unwrap_or_default();
        let character = rest.utf8_chunks().next();
        let found = match (
            rest.first(),
            character.and_then(|chunk| chunk.valid().chars().next()),
        ) {
            (None, _) => Found::End,
            (Some(_), Some(character)) => Found::Char(character),
            (Some(&byte), None) => Found::Byte(byte),
        };
        ParseError {
            position,
            found,
            kind,
        }
    }
}
