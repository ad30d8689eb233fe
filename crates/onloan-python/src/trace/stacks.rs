//! Where acquisitions come from: stacks, each kept once, and the sites that their innermost frames are.
//!
//! A frame is a code object and a place in it; its line is worked out for a report only. A new stack takes a reference to each of its code objects,
//! so that an address stays the name of its code; they are handed out to be dropped when the ledger is emptied, outside of its lock.

use super::hash::{Map, mix};

/// Deepest stack that can be asked for.
pub(super) const DEEPEST: usize = 64;
/// So many frames are kept at most, in all stacks together.
const MOST_FRAMES: usize = 1 << 20;
/// So many stacks are kept at most; of further ones the innermost frame only, of as many again.
const MOST_STACKS: usize = 1 << 16;
/// So many sites are kept at most.
const MOST_SITES: usize = 1 << 16;

const NONE: u32 = u32::MAX;
/// The stack of which nothing is known.
pub(super) const UNKNOWN: u32 = NONE;

/// A place in a code object: addresses of the code object, and from there to the instruction.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) code: usize,
    pub(super) offset: usize,
}

impl Frame {
    /// The hash of a stack with one frame more, which begins with 0.
    #[inline]
    pub(super) fn join(self, hash: u64) -> u64 {
        super::hash::join(hash, self.code.wrapping_add(self.offset))
    }
}

/// Hash of a stack, from that of its frames, and of the type that was acquired there.
#[inline]
pub(super) fn hash_with(frames: u64, kind: u32) -> u64 {
    mix(frames, kind as usize)
}

/// The same from the frames themselves.
pub(super) fn hash(frames: &[Frame], kind: u32) -> u64 {
    let joined = frames.iter().fold(0, |hash, frame| frame.join(hash));
    hash_with(joined, kind)
}

/// Whether two stacks are the same. Asked when their hashes are: so all frames are compared at once, without looking for the first that differs.
#[inline]
fn same(one: &[Frame], other: &[Frame]) -> bool {
    let differ = |differ, (one, other): (&Frame, &Frame)| {
        differ | (one.code ^ other.code) | (one.offset ^ other.offset)
    };
    one.len() == other.len() && one.iter().zip(other).fold(0, differ) == 0
}

struct Stack {
    hash: u64,
    start: u32,
    depth: u32,
    kind: u32,
    site: u32,
    next: u32,
}

/// A line that acquires exports of a type, and what became of them.
#[derive(Clone, Copy, Default)]
pub(super) struct Site {
    pub(super) code: usize,
    pub(super) line: u32,
    pub(super) kind: u32,
    pub(super) acquired: u64,
    pub(super) released: u64,
    pub(super) live: u64,
    pub(super) live_bytes: u64,
    pub(super) peak_bytes: u64,
}

/// The stacks and the sites.
pub(super) struct Stacks {
    heads: Vec<u32>,
    stacks: Vec<Stack>,
    frames: Vec<Frame>,
    sites: Vec<Site>,
    by_line: Map<(usize, u32, u32), u32>,
    /// Acquisitions whose stack found no room.
    pub(super) dropped: u64,
}

impl Stacks {
    pub(super) const fn new() -> Stacks {
        Stacks {
            heads: Vec::new(),
            stacks: Vec::new(),
            frames: Vec::new(),
            sites: Vec::new(),
            by_line: Map::with_hasher(super::hash::Build::new()),
            dropped: 0,
        }
    }

    /// The stack with these frames, if it is known. `hash` is that of both.
    #[inline]
    pub(super) fn find(&self, hash: u64, frames: &[Frame], kind: u32) -> Option<u32> {
        let mut index = *self.heads.get(self.head(hash))?;
        while index != NONE {
            let stack = &self.stacks[index as usize];
            if stack.hash == hash && stack.kind == kind && same(self.frames_of(index), frames) {
                return Some(index);
            }
            index = stack.next;
        }
        None
    }

    #[inline]
    fn head(&self, hash: u64) -> usize {
        (hash >> 20) as usize & self.heads.len().wrapping_sub(1)
    }

    #[inline]
    pub(super) fn frames_of(&self, index: u32) -> &[Frame] {
        let stack = &self.stacks[index as usize];
        &self.frames[stack.start as usize..][..stack.depth as usize]
    }

    /// Room for a stack of this depth?
    pub(super) fn has_room(&self, depth: usize) -> bool {
        let most = if depth <= 1 {
            2 * MOST_STACKS
        } else {
            MOST_STACKS
        };
        self.stacks.len() < most && self.frames.len() + depth <= MOST_FRAMES + MOST_STACKS
    }

    /// Adds a stack that is not known; its innermost frame is in this line. The caller has taken a reference to each code object for it.
    pub(super) fn add(&mut self, hash: u64, frames: &[Frame], kind: u32, line: u32) -> u32 {
        if self.stacks.len() >= self.heads.len() {
            self.grow();
        }
        let site = self.site(frames.first().map_or(0, |frame| frame.code), line, kind);
        let index = self.stacks.len() as u32;
        let head = self.head(hash);
        self.stacks.push(Stack {
            hash,
            start: self.frames.len() as u32,
            depth: frames.len() as u32,
            kind,
            site,
            next: self.heads[head],
        });
        self.frames.extend_from_slice(frames);
        self.heads[head] = index;
        index
    }

    fn site(&mut self, code: usize, line: u32, kind: u32) -> u32 {
        if let Some(site) = self.by_line.get(&(code, line, kind)) {
            return *site;
        }
        if self.sites.len() >= MOST_SITES {
            return NONE;
        }
        let index = self.sites.len() as u32;
        self.sites.push(Site {
            code,
            line,
            kind,
            ..Site::default()
        });
        self.by_line.insert((code, line, kind), index);
        index
    }

    #[cold]
    fn grow(&mut self) {
        let heads = (self.heads.len() * 2).max(256);
        self.heads.clear();
        self.heads.resize(heads, NONE);
        for index in 0..self.stacks.len() {
            let head = self.head(self.stacks[index].hash);
            self.stacks[index].next = self.heads[head];
            self.heads[head] = index as u32;
        }
    }

    /// Takes over a stack of other stacks with an export that comes from there and is out. The number that it has here, and how many frames
    /// were added, to whose code objects a reference is needed.
    pub(super) fn adopt(&mut self, others: &Stacks, index: u32, bytes: usize) -> (u32, usize) {
        let Some(stack) = others.stacks.get(index as usize) else {
            return (UNKNOWN, 0);
        };
        let frames = others.frames_of(index);
        let (own, added) = match self.find(stack.hash, frames, stack.kind) {
            Some(own) => (own, 0),
            None => {
                let line = others
                    .sites
                    .get(stack.site as usize)
                    .map_or(0, |site| site.line);
                (self.add(stack.hash, frames, stack.kind, line), frames.len())
            }
        };
        self.acquired(own, bytes, true);
        (own, added)
    }

    /// Counts an acquisition; of what is not `followed` it is not known for how long.
    #[inline]
    pub(super) fn acquired(&mut self, stack: u32, bytes: usize, followed: bool) {
        let site = self
            .stacks
            .get(stack as usize)
            .map_or(NONE, |stack| stack.site);
        if let Some(site) = self.sites.get_mut(site as usize) {
            site.acquired += 1;
            if followed {
                site.live += 1;
                site.live_bytes += bytes as u64;
                site.peak_bytes = site.peak_bytes.max(site.live_bytes);
            }
        }
    }

    /// Counts a release.
    #[inline]
    pub(super) fn released(&mut self, stack: u32, bytes: usize) {
        let site = self
            .stacks
            .get(stack as usize)
            .map_or(NONE, |stack| stack.site);
        if let Some(site) = self.sites.get_mut(site as usize) {
            site.released += 1;
            site.live = site.live.saturating_sub(1);
            site.live_bytes = site.live_bytes.saturating_sub(bytes as u64);
        }
    }

    pub(super) fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// The site that a stack belongs to.
    pub(super) fn site_of(&self, stack: u32) -> Option<usize> {
        let site = self.stacks.get(stack as usize)?.site as usize;
        (site < self.sites.len()).then_some(site)
    }

    /// The code objects of all frames, with a reference each: to be dropped by the caller.
    pub(super) fn into_codes(self) -> impl Iterator<Item = usize> {
        self.frames.into_iter().map(|frame| frame.code)
    }

    pub(super) fn bytes(&self) -> usize {
        self.heads.capacity() * size_of::<u32>()
            + self.stacks.capacity() * size_of::<Stack>()
            + self.frames.capacity() * size_of::<Frame>()
            + self.sites.capacity() * (size_of::<Site>() + size_of::<(usize, u32, u32, u32)>() * 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(numbers: &[usize]) -> Vec<Frame> {
        let frame = |number: &usize| Frame {
            code: number * 64,
            offset: 200,
        };
        numbers.iter().map(frame).collect()
    }

    #[test]
    fn a_stack_is_kept_once_and_found_by_its_frames_and_type() {
        let mut stacks = Stacks::new();
        let mut added = Vec::new();
        for number in 1..2000 {
            let frames = frames(&[number, number + 1]);
            let hash = hash(&frames, 3);
            assert_eq!(stacks.find(hash, &frames, 3), None);
            added.push((stacks.add(hash, &frames, 3, 7), frames));
        }
        for (index, frames) in added {
            assert_eq!(stacks.find(hash(&frames, 3), &frames, 3), Some(index));
            assert_eq!(stacks.find(hash(&frames, 4), &frames, 4), None);
        }
    }

    #[test]
    fn a_site_is_a_line_and_a_type_whatever_calls_it() {
        let mut stacks = Stacks::new();
        let (one, other) = (frames(&[1, 2]), frames(&[1, 3]));
        let one = stacks.add(hash(&one, 1), &one, 1, 7);
        let other = stacks.add(hash(&other, 1), &other, 1, 7);
        stacks.acquired(one, 100, true);
        stacks.acquired(other, 10, true);
        stacks.released(one, 100);
        stacks.acquired(one, 5, false);
        let [site] = stacks.sites() else {
            panic!("one site");
        };
        assert_eq!((site.acquired, site.released, site.live), (3, 1, 1));
        assert_eq!((site.live_bytes, site.peak_bytes), (10, 110));
    }
}
