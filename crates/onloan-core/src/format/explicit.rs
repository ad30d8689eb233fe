//! Padding made visible: a format that every reader sizes alike.
//!
//! ```text
//! bi     →  b3xi            start padding
//! ib     →  ib3x            trailing padding, in the padded reading
//! ib     →  ^ib             no trailing padding, in the unpadded reading: `@` would add it for some
//! ```

use alloc::vec::Vec;

use super::Format;
use super::item::{Body, Code, Item, Prefix};
use super::order::Order;
use super::place::{Cursor, Reading};
use super::table::Symbol;

impl Format {
    /// The same layout with all padding written out, so that no two readers disagree about it: for
    /// exporters, and for showing where the holes are. Names, values and offsets stay.
    ///
    /// `@` becomes `^` where `reading` is the unpadded one and the padded one would differ.
    /// `struct` does not know `^`.
    ///
    /// # Panics
    /// Never: what fills holes adds neither bytes nor anything else that is bounded.
    #[must_use]
    pub fn with_explicit_padding(&self, reading: Reading) -> Self {
        let filler = Filler {
            reading,
            loosen: reading == Reading::Unpadded && self.is_ambiguous(),
        };
        let items = filler.body(self.body(), Order::default());
        items
            .and_then(Self::from_items)
            .unwrap_or_else(|| unreachable!("filling the holes of `{self}` made it larger"))
    }
}

struct Filler {
    reading: Reading,
    loosen: bool,
}

impl Filler {
    fn body(&self, body: &Body, opening: Order) -> Option<Vec<Item>> {
        let mut cursor = Cursor::new(self.reading);
        let mut order = self.order(opening);
        let mut items = Vec::new();
        let fill = |items: &mut Vec<Item>, bytes: usize, order: Order| {
            if bytes > 0 {
                items.push(padding(bytes, order)?);
            }
            Some(())
        };
        for item in body.items() {
            let free = cursor.settled()?;
            let place = cursor.place(item)?;
            fill(&mut items, place.offset.saturating_sub(free), order)?;
            items.push(self.item(item)?);
            order = self.order(item.closing());
        }
        let size = cursor.finish(body.closing())?;
        fill(&mut items, size - cursor.settled()?, order)?;
        Some(items)
    }

    fn item(&self, item: &Item) -> Option<Item> {
        let code = match item.code() {
            Code::Struct(body) => {
                let opening = self.order(item.order());
                let items = self.body(body, item.order())?;
                Code::Struct(Body::build(items, opening).ok()?)
            }
            // What a pointer points to is no part of the item.
            other => other.clone(),
        };
        let prefix = Prefix {
            shape: item.shape().into(),
            order: self.order(item.order()),
            count: item.count(),
        };
        let filled = Item::build(prefix, code).ok()?;
        Some(match item.shared_name() {
            Some(name) => filled.with_name(name),
            None => filled,
        })
    }

    fn order(&self, order: Order) -> Order {
        if self.loosen && order == Order::Native {
            Order::NativeUnaligned
        } else {
            order
        }
    }
}

fn padding(bytes: usize, order: Order) -> Option<Item> {
    let prefix = Prefix {
        shape: Vec::new(),
        order,
        count: bytes,
    };
    Item::build(prefix, Code::Plain(Symbol::find(b"x")?)).ok()
}
