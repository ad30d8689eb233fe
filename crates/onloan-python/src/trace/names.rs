//! Types and threads by number, with names that were taken when they were first seen: both may be gone when somebody asks.

use super::hash::{Map, place};

/// So many types and threads are told apart.
const MOST: usize = 1 << 16;

/// The type or thread beyond those that are told apart.
pub(super) const OTHER: u32 = 0;

/// A type that was acquired.
pub(super) struct Kind {
    pub(super) name: String,
    /// Its exports are told of releases through a slot that the ledger sees.
    pub(super) followed: bool,
    /// `tp_name`: where another type comes to lie at the same address, it has another one.
    label: usize,
}

/// Types that are found without a search: so many, each at a place of its own by its address.
const AT_HAND: usize = 64;

/// A type that was found lately.
#[derive(Clone, Copy)]
struct AtHand {
    address: usize,
    label: usize,
    index: u32,
    followed: bool,
}

impl AtHand {
    /// No type has this address.
    const NONE: AtHand = AtHand {
        address: 0,
        label: 0,
        index: 0,
        followed: false,
    };
}

/// Types by address.
pub(super) struct Kinds {
    kinds: Vec<Kind>,
    at_hand: [AtHand; AT_HAND],
    /// With the scan in which the address was last found to be that type's.
    by_address: Map<usize, (u32, u32)>,
    scan: u32,
}

impl Kinds {
    pub(super) const fn new() -> Kinds {
        Kinds {
            kinds: Vec::new(),
            at_hand: [AtHand::NONE; AT_HAND],
            by_address: Map::with_hasher(super::hash::Build::new()),
            scan: 0,
        }
    }

    #[inline]
    pub(super) fn find(&mut self, address: usize, label: usize) -> Option<(u32, bool)> {
        let known = &self.at_hand[place_at_hand(address)];
        if known.address == address && known.label == label {
            return Some((known.index, known.followed));
        }
        self.search(address, label)
    }

    #[cold]
    fn search(&mut self, address: usize, label: usize) -> Option<(u32, bool)> {
        let (index, scan) = *self.by_address.get(&address)?;
        let kind = &self.kinds[index as usize];
        if kind.label != label || scan != self.scan {
            return None;
        }
        self.at_hand[place_at_hand(address)] = AtHand {
            address,
            label,
            index,
            followed: kind.followed,
        };
        Some((index, kind.followed))
    }

    /// Tells what is at an address, at the moment.
    pub(super) fn add(&mut self, address: usize, label: usize, name: String, followed: bool) {
        if self.kinds.is_empty() {
            self.kinds.push(Kind {
                name: "(one of too many types)".to_owned(),
                followed: false,
                label: 0,
            });
        }
        let known = self.by_address.get(&address).map(|(index, _)| *index);
        let index = match known.filter(|known| self.kinds[*known as usize].name == name) {
            Some(known) => {
                let kind = &mut self.kinds[known as usize];
                kind.followed = followed;
                kind.label = label;
                known
            }
            None if self.kinds.len() < MOST => {
                self.kinds.push(Kind {
                    name,
                    followed,
                    label,
                });
                self.kinds.len() as u32 - 1
            }
            None => {
                self.kinds[OTHER as usize].label = label;
                OTHER
            }
        };
        self.by_address.insert(address, (index, self.scan));
        self.at_hand[place_at_hand(address)] = AtHand::NONE;
    }

    /// Some types may be gone, others may have come to their addresses, and slots may have been wrapped: all have to be told anew.
    pub(super) fn doubt(&mut self) {
        self.scan = self.scan.wrapping_add(1);
        self.at_hand = [AtHand::NONE; AT_HAND];
    }

    pub(super) fn name(&self, index: u32) -> &str {
        self.kinds
            .get(index as usize)
            .map_or("?", |kind| &kind.name)
    }
}

#[inline]
fn place_at_hand(address: usize) -> usize {
    place(address, AT_HAND.ilog2())
}

/// A thread that acquired.
struct Thread {
    ident: u64,
    name: String,
}

/// Threads by the number of their thread state, which no two ever have.
pub(super) struct Threads {
    threads: Vec<Thread>,
    by_number: Map<u64, u32>,
    last: (u64, u32),
}

impl Threads {
    pub(super) const fn new() -> Threads {
        Threads {
            threads: Vec::new(),
            by_number: Map::with_hasher(super::hash::Build::new()),
            last: (u64::MAX, 0),
        }
    }

    #[inline]
    pub(super) fn find(&mut self, number: u64) -> Option<u32> {
        if self.last.0 == number {
            return Some(self.last.1);
        }
        self.search(number)
    }

    #[cold]
    fn search(&mut self, number: u64) -> Option<u32> {
        let index = *self.by_number.get(&number)?;
        self.last = (number, index);
        Some(index)
    }

    pub(super) fn add(&mut self, number: u64, ident: u64, name: String) {
        // C code that makes a thread state for each call would fill the table with one thread.
        let known = self
            .threads
            .iter()
            .rposition(|thread| thread.ident == ident && thread.name == name);
        let index = known.unwrap_or_else(|| {
            if self.threads.len() < MOST {
                self.threads.push(Thread { ident, name });
            }
            self.threads.len() - 1
        });
        if self.by_number.len() >= MOST {
            self.by_number.clear();
        }
        self.by_number.insert(number, index as u32);
        self.last = (number, index as u32);
    }

    pub(super) fn name(&self, index: u32) -> &str {
        self.threads
            .get(index as usize)
            .map_or("?", |thread| &thread.name)
    }
}
