//! Byte-pair encoding: bytes become tokens by merging neighbours, the most frequent pairs of the training text first.
//!
//! The vocabulary has them in that order, so that an id is also a rank:
//!
//! ```text
//!   tokens   0:"l" 1:"o" 2:"w" 3:"e" 4:"r" 5:"er" 6:"lo" 7:"low" 8:"lower"
//!
//!   lower  ─▶  l o w e r  ─▶  l o w er  ─▶  lo w er  ─▶  low er  ─▶  lower
//!                                5            6           7           8
//! ```
//!
//! Looking for the lowest rank after each merge takes quadratic time. Here the pairs wait in a heap, and the tokens are a list in
//! which a merge unlinks one; a pair whose tokens have been merged with others meanwhile is recognised when its turn comes.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// The tokens, each with its id.
pub(crate) struct Vocabulary {
    tokens: Vec<Box<[u8]>>,
    ids: HashMap<Box<[u8]>, u32>,
    longest: usize,
}

/// Why tokens make no vocabulary.
pub(crate) enum Unusable {
    Empty { id: usize },
    Twice { id: usize, first: u32 },
    TooMany,
}

/// A byte without a token.
pub(crate) struct Unknown {
    pub(crate) byte: u8,
    pub(crate) position: usize,
}

impl Vocabulary {
    /// Tokens in the order of their ids.
    pub(crate) fn new<T: AsRef<[u8]>>(list: &[T]) -> Result<Vocabulary, Unusable> {
        let mut tokens = Vec::with_capacity(list.len());
        let mut ids = HashMap::with_capacity(list.len());
        for (place, token) in list.iter().enumerate() {
            let token: Box<[u8]> = token.as_ref().into();
            let id = u32::try_from(place).map_err(|_| Unusable::TooMany)?;
            if token.is_empty() {
                return Err(Unusable::Empty { id: place });
            }
            if let Some(first) = ids.insert(token.clone(), id) {
                return Err(Unusable::Twice { id: place, first });
            }
            tokens.push(token);
        }
        let longest = tokens.iter().map(|token| token.len()).max().unwrap_or(0);
        Ok(Vocabulary {
            tokens,
            ids,
            longest,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The bytes of a token.
    pub(crate) fn token(&self, id: u32) -> Option<&[u8]> {
        self.tokens.get(id as usize).map(AsRef::as_ref)
    }

    fn id(&self, bytes: &[u8]) -> Option<u32> {
        if bytes.len() > self.longest {
            return None;
        }
        self.ids.get(bytes).copied()
    }

    /// Adds the ids of `text` to `ids`.
    pub(crate) fn encode(&self, text: &[u8], ids: &mut Vec<u32>) -> Result<(), Unknown> {
        if let Some(position) = text.iter().position(|byte| self.id(&[*byte]).is_none()) {
            let byte = text[position];
            return Err(Unknown { byte, position });
        }
        let mut parts = Parts::bytes(text.len());
        let mut pairs = BinaryHeap::new();
        let consider = |pairs: &mut BinaryHeap<_>, pair: Option<(usize, usize)>| {
            if let Some((start, end)) = pair
                && let Some(rank) = self.id(&text[start..end])
            {
                // Of equal ranks the leftmost comes first.
                pairs.push(Reverse((rank, start, end)));
            }
        };
        for start in 0..text.len() {
            consider(&mut pairs, parts.pair_at(start));
        }
        while let Some(Reverse((_, start, end))) = pairs.pop() {
            if parts.pair_at(start) == Some((start, end)) {
                parts.merge(start);
                consider(&mut pairs, parts.pair_at(start));
                consider(&mut pairs, parts.pair_before(start));
            }
        }
        ids.extend(
            parts
                .ranges()
                .filter_map(|(start, end)| self.id(&text[start..end])),
        );
        Ok(())
    }
}

/// A text cut into parts, each known by its start.
struct Parts {
    /// Where the part that starts here ends; 0 where none starts.
    end: Vec<usize>,
    /// Where the part that ends here starts.
    start: Vec<usize>,
}

impl Parts {
    /// Each byte a part.
    fn bytes(count: usize) -> Parts {
        Parts {
            end: (1..=count).collect(),
            start: (0..=count).map(|end| end.saturating_sub(1)).collect(),
        }
    }

    fn end(&self, start: usize) -> Option<usize> {
        self.end.get(start).copied().filter(|end| *end > 0)
    }

    /// The part that starts here, together with the next one.
    fn pair_at(&self, start: usize) -> Option<(usize, usize)> {
        Some((start, self.end(self.end(start)?)?))
    }

    /// The part that ends where this one starts, together with this one.
    fn pair_before(&self, start: usize) -> Option<(usize, usize)> {
        if start == 0 {
            return None;
        }
        self.pair_at(self.start[start])
    }

    /// Makes one part of the pair at `start`.
    fn merge(&mut self, start: usize) {
        if let Some((_, end)) = self.pair_at(start) {
            let middle = self.end[start];
            self.end[middle] = 0;
            self.end[start] = end;
            self.start[end] = start;
        }
    }

    /// All parts, from left to right.
    fn ranges(&self) -> impl Iterator<Item = (usize, usize)> {
        let starts = 0..self.end.len();
        starts.filter_map(|start| Some((start, self.end(start)?)))
    }
}
