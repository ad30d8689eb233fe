//! What the items of a view are: a native letter, which is read without anything being worked out, or any other format.

use std::ffi::{CStr, CString};
use std::sync::{Arc, OnceLock};

use onloan::format::{Code, FlatField, Format, Kind, Order, Plan};

use super::native::{Native, NativeCode};

/// The format of a view.
#[derive(Clone)]
pub(super) enum Item {
    /// One letter of native order and size, as memoryview knows them: `B`, `@i`.
    Native(&'static Native),
    /// Whatever else an exporter may say.
    Other(Arc<Other>),
}

/// A format that has to be worked out.
pub(super) struct Other {
    text: CString,
    itemsize: usize,
    known: OnceLock<Option<Known>>,
}

struct Known {
    plan: Plan,
    compares: bool,
}

impl Item {
    /// The format that an exporter gave for items of `itemsize` bytes.
    #[inline]
    pub(super) fn of(text: &CStr, itemsize: usize) -> Item {
        match Native::find(text.to_bytes()) {
            Some(native) if native.size() == itemsize => Item::Native(native),
            _ => Item::Other(Arc::new(Other {
                text: text.to_owned(),
                itemsize,
                known: OnceLock::new(),
            })),
        }
    }

    /// The format as its exporter wrote it.
    #[inline]
    pub(super) fn text(&self) -> &CStr {
        match self {
            Item::Native(native) => native.text(),
            Item::Other(other) => &other.text,
        }
    }

    /// For messages, and for `format`.
    pub(super) fn name(&self) -> String {
        self.text().to_string_lossy().into_owned()
    }

    #[inline]
    pub(super) fn native(&self) -> Option<NativeCode> {
        match self {
            Item::Native(native) => Some(native.code()),
            Item::Other(_) => None,
        }
    }

    /// Bytes of one unit, as memoryview sees it: `B`, `b` or `c`.
    pub(super) fn is_byte(&self) -> bool {
        matches!(
            self.native(),
            Some(NativeCode::UnsignedByte | NativeCode::SignedByte | NativeCode::Char)
        )
    }

    /// How an item is read and written; `None` if the format is none, or one of items of another size.
    pub(super) fn plan(&self) -> Option<&Plan> {
        match self {
            Item::Native(native) => Some(native.plan()),
            Item::Other(other) => other.known().map(|known| &known.plan),
        }
    }

    /// Whether there are references to Python objects in an item.
    pub(super) fn holds_objects(&self) -> bool {
        let object = |field: &FlatField| field.scalar.kind() == Kind::Object;
        self.plan()
            .is_some_and(|plan| plan.fields().iter().any(object))
    }

    /// Whether `==` looks at the values. memoryview does so for what the module `struct` knows and takes everything else for different, even from
    /// itself: structures with names, text, pointers, objects.
    pub(super) fn compares(&self) -> bool {
        match self {
            Item::Native(_) => true,
            Item::Other(other) => other.known().is_some_and(|known| known.compares),
        }
    }

    /// Whether items may be copied as they are to items of the other format.
    pub(super) fn is_like(&self, other: &Item) -> bool {
        if let (Item::Native(one), Item::Native(two)) = (self, other) {
            return one.code() == two.code();
        }
        let bare = |item: &Item| {
            let text = item.text().to_bytes();
            text.strip_prefix(b"@").unwrap_or(text).to_vec()
        };
        if bare(self) == bare(other) {
            return true;
        }
        match (self.plan(), other.plan()) {
            (Some(one), Some(two)) => one.same_representation(two),
            _ => false,
        }
    }
}

impl Other {
    fn known(&self) -> Option<&Known> {
        let work_out = || {
            let format = Format::parse_bytes(self.text.to_bytes()).ok()?;
            Some(Known {
                plan: format.plan_for(self.itemsize).ok()?,
                compares: format.items().iter().all(compares),
            })
        };
        self.known.get_or_init(work_out).as_ref()
    }
}

/// One item that has a value of its own, and no name to be minded.
fn compares(item: &onloan::format::Item) -> bool {
    let Code::Plain(symbol) = item.code() else {
        return false;
    };
    let by_value = match symbol.kind() {
        Kind::Text { .. } | Kind::Object | Kind::Bits { .. } => false,
        Kind::Pointer => symbol.text() == "P" && item.order() == Order::Native,
        _ => true,
    };
    by_value && item.name().is_none()
}
