//! The ledger: what is out, where it was acquired, and how much of it there was.
//!
//! Everything is behind one lock, and nothing here calls Python. What has to be asked of Python (the name of a type, of a thread, the line of a new stack)
//! is [missing](Missing) first, is found out by the caller without the lock, and is brought along in another try.

use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::ffi::{self, Py_buffer};

use super::again::Again;
use super::lock::Lock;
use super::names::{Kinds, Threads};
use super::reader::{Reader, Stack};
use super::recent::Recent;
use super::records::{End, Ended, Number, Record, Records};
use super::stacks::{self, Frame, Stacks};
use super::timeline::{Sample, Timeline};

/// The one ledger of the process.
pub(super) static LEDGER: Lock<Ledger> = Lock::new(Ledger::new());

/// Counts acquisitions; goes on over restarts. Changed under the ledger's lock only.
pub(super) static SEQUENCE: AtomicU64 = AtomicU64::new(0);

/// All that is kept.
pub(super) struct Ledger {
    pub(super) records: Records,
    pub(super) recent: Recent,
    pub(super) stacks: Stacks,
    again: Again,
    pub(super) kinds: Kinds,
    pub(super) threads: Threads,
    pub(super) timeline: Timeline,
    pub(super) live_bytes: u64,
    pub(super) unmatched: u64,
    pub(super) dropped: u64,
}

/// What the caller of [`Ledger::acquire`] has to find out first.
pub(super) enum Missing {
    Kind,
    Thread,
    Stack,
}

/// An acquisition.
pub(super) struct Acquired<'a> {
    /// Where the view lies.
    pub(super) place: usize,
    pub(super) view: &'a Py_buffer,
    pub(super) flags: i32,
    /// What says which export it is: `Py_buffer.internal`, or the registered cell.
    pub(super) internal: usize,
    /// A registered cell tells of it.
    pub(super) registered: bool,
    /// By another interpreter.
    pub(super) foreign: bool,
    pub(super) time: u32,
    /// The exporter's type: its address and its `tp_name`.
    pub(super) kind: (usize, usize),
    /// The number of the thread state.
    pub(super) thread: u64,
    /// Filled by the ledger if it has a reader, unless the stack is recognised.
    pub(super) stack: Stack,
}

impl Ledger {
    pub(super) const fn new() -> Ledger {
        Ledger {
            records: Records::new(),
            recent: Recent::new(),
            stacks: Stacks::new(),
            again: Again::new(),
            kinds: Kinds::new(),
            threads: Threads::new(),
            timeline: Timeline::new(),
            live_bytes: 0,
            unmatched: 0,
            dropped: 0,
        }
    }

    /// Whether the view was filled by an exporter that the asked one has asked in turn; then that one is on record, and knows now who was asked.
    #[inline]
    pub(super) fn relabel(
        &mut self,
        view: usize,
        before: u64,
        asked: usize,
        kind: (usize, usize),
    ) -> Result<bool, Missing> {
        match self.records.of_view(view) {
            Some(record) if record.sequence > before => {
                if record.exporter != asked {
                    let (kind, _) = self.kinds.find(kind.0, kind.1).ok_or(Missing::Kind)?;
                    record.asked = asked;
                    record.asked_kind = kind;
                }
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Records an acquisition, unless something is missing. Without a reader the stack is read already. The number of its record, if a registered cell
    /// has told of it and it is kept.
    #[inline]
    pub(super) fn acquire(
        &mut self,
        acquired: &mut Acquired<'_>,
        reader: Option<Reader>,
    ) -> Result<Option<Number>, Missing> {
        let (address, label) = acquired.kind;
        let (kind, followed) = self.kinds.find(address, label).ok_or(Missing::Kind)?;
        let thread = self.threads.find(acquired.thread).ok_or(Missing::Thread)?;
        let stack = self.stack(&mut acquired.stack, reader, kind)?;
        let sequence = SEQUENCE.load(Ordering::Relaxed) + 1;
        SEQUENCE.store(sequence, Ordering::Relaxed);
        let view = acquired.view;
        let record = Record {
            view: acquired.place,
            exporter: view.obj.expose_provenance(),
            buf: view.buf.addr(),
            len: usize::try_from(view.len).unwrap_or(0),
            internal: acquired.internal,
            registered: acquired.registered,
            ndim: view.ndim,
            flags: acquired.flags,
            foreign: acquired.foreign,
            time: acquired.time,
            sequence,
            kind,
            thread,
            stack,
            ..Record::EMPTY
        };
        let followed = followed || record.registered;
        let kept = followed && self.records.add(&record);
        self.stacks.acquired(stack, record.len, kept);
        if !followed {
            self.recent.add(&record);
            return Ok(None);
        }
        if !kept {
            self.dropped += 1;
            return Ok(None);
        }
        self.live_bytes += record.len as u64;
        self.sample(record.time);
        Ok(record.registered.then(|| self.records.newest(record.view)))
    }

    #[inline]
    fn stack(
        &mut self,
        stack: &mut Stack,
        reader: Option<Reader>,
        kind: u32,
    ) -> Result<u32, Missing> {
        if let Some(reader) = reader {
            if let Some(stack) = reader.recognised(&self.again, kind) {
                return Ok(stack);
            }
            reader.read(stack);
        }
        self.read(stack, kind)
    }

    fn read(&mut self, stack: &Stack, kind: u32) -> Result<u32, Missing> {
        let frames = stack.frames();
        let hash = stacks::hash_with(stack.hash(), kind);
        if let Some(number) = self.stacks.find(hash, frames, kind) {
            stack.keep(&mut self.again, kind, number);
            return Ok(number);
        }
        if self.stacks.has_room(frames.len()) {
            return Err(Missing::Stack);
        }
        self.without_stack(frames, kind)
    }

    /// No room for more stacks: the innermost frame has to do, or none.
    #[cold]
    fn without_stack(&mut self, frames: &[Frame], kind: u32) -> Result<u32, Missing> {
        self.stacks.dropped += 1;
        let innermost = &frames[..frames.len().min(1)];
        let hash = stacks::hash(innermost, kind);
        match self.stacks.find(hash, innermost, kind) {
            Some(stack) => Ok(stack),
            None if self.stacks.has_room(1) => Err(Missing::Stack),
            None => Ok(stacks::UNKNOWN),
        }
    }

    /// Adds a stack whose innermost frame is in this line, unless it is known or does not fit. So many of the caller's references to its code
    /// objects are the ledger's then, from the innermost on.
    pub(super) fn learn_stack(&mut self, frames: &[Frame], kind: u32, line: u32) -> usize {
        let mut frames = frames;
        if !self.stacks.has_room(frames.len()) {
            frames = &frames[..frames.len().min(1)];
            if !self.stacks.has_room(1) {
                return 0;
            }
        }
        let hash = stacks::hash(frames, kind);
        if self.stacks.find(hash, frames, kind).is_some() {
            return 0;
        }
        self.stacks.add(hash, frames, kind, line);
        frames.len()
    }

    /// Takes a release down.
    #[inline]
    pub(super) fn release(&mut self, ended: &Ended, time: u32) {
        match self.records.end(ended) {
            End::Of(past) => {
                self.stacks.released(past.stack, past.len);
                self.live_bytes = self.live_bytes.saturating_sub(past.len as u64);
                self.sample(time);
            }
            End::Left => {}
            // A cell knows that it has lent this: the record was dropped, and that was counted.
            End::Unknown => self.unmatched += u64::from(ended.by_cell.is_none()),
        }
    }

    #[inline]
    fn sample(&mut self, time: u32) {
        self.timeline.add(Sample {
            time,
            bytes: self.live_bytes,
            count: self.records.len() as u64,
        });
    }

    /// Forgets all but what registered cells have out. Returns what was there before, to be dropped without the lock: with a reference to the code
    /// object of each frame.
    ///
    /// # Safety
    /// Attached.
    pub(super) unsafe fn renew(&mut self) -> Ledger {
        let mut old = mem::replace(self, Ledger::new());
        // Names only; which slots are wrapped is asked anew.
        self.kinds = mem::replace(&mut old.kinds, Kinds::new());
        self.kinds.doubt();
        self.threads = mem::replace(&mut old.threads, Threads::new());
        self.records = mem::replace(&mut old.records, Records::new());
        self.records.forget_others();
        for record in self.records.iter_mut() {
            let (stack, added) = self.stacks.adopt(&old.stacks, record.stack, record.len);
            if added > 0 {
                for frame in self.stacks.frames_of(stack) {
                    let code = std::ptr::with_exposed_provenance_mut(frame.code);
                    // SAFETY: attached (granted by the caller); the old stacks have a reference.
                    unsafe { ffi::Py_IncRef(code) };
                }
            }
            record.stack = stack;
            self.live_bytes += record.len as u64;
        }
        old
    }

    /// The bytes that the ledger keeps.
    pub(super) fn bytes(&self) -> usize {
        self.records.bytes() + self.recent.bytes() + self.stacks.bytes() + self.again.bytes()
    }
}
