//! A sub-range of a shared owner.

use std::ops::{Deref, Range};
use std::sync::Arc;

use onloan_core::element::Element;

use super::{Region, Storage};

/// Some elements of a slice that others share: a token stream cut into documents, a message cut into fields.
///
/// ```
/// use std::sync::Arc;
/// use onloan::Part;
///
/// let stream: Arc<[u32]> = Arc::from([1, 2, 3, 4, 5]);
/// let document = Part::new(stream, 1..3).unwrap();
/// assert_eq!(*document, [2, 3]);
/// ```
#[derive(Clone, Debug)]
pub struct Part<T> {
    owner: Arc<[T]>,
    range: Range<usize>,
}

impl<T> Part<T> {
    /// The elements of `owner` in `range`; `None` if they are not all there.
    #[must_use]
    pub fn new(owner: Arc<[T]>, range: Range<usize>) -> Option<Part<T>> {
        owner.get(range.clone())?;
        Some(Part { owner, range })
    }

    /// Whom the elements belong to.
    #[must_use]
    pub fn owner(&self) -> &Arc<[T]> {
        &self.owner
    }
}

impl<T> Deref for Part<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.owner[self.range.clone()]
    }
}

impl<T: Element> Storage for Part<T> {
    fn region(&self) -> Region<'_> {
        Region::of(self)
    }
}
