//! The block behind a cell: the state, the facts that go into a `Py_buffer`, and the storage.
//!
//! # Who owns it
//!
//! ```text
//!   ExportCell ──▶ ┌─ Block<S> ───────────────┐ ◀── Py_buffer.internal, one for each export
//!   (the handle)   │ Header: state, facts,    │ ◀── the borrow of each guard
//!                  │         duties           │
//!                  │ storage: Option<S>       │ ──▶ the memory that is lent
//!                  └──────────────────────────┘
//! ```
//!
//! The block is on the heap and never moves. It is freed by whoever is last: the handle's drop if nothing is out, else the last release
//! (`Duty::Free`). So a release needs nothing but `internal`: not the Python object, no borrow of it, no field of its class.
//!
//! # Invariants
//!
//! - `ATTACHED`: who changes the state holds a `Python` token. On builds with a global lock that serializes all changes (`Serialized`); on
//!   free-threaded builds the state is `Concurrent`, and the token is not needed for that.
//! - `COUNTED`: facts are read only by who is counted (or has the duty `busy`), and written only by who alone is inside: the maker of the block, the
//!   holder of the write guard, or the holder of `busy` before anybody is counted.
//! - `BUSY`: the storage is borrowed exclusively, moved or dropped only by the holder of the write guard or of `busy`, and by the latter only
//!   when no reader and no export is out.

use std::cell::UnsafeCell;
use std::ffi::{c_char, c_int, c_void};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use onloan_core::layout::{Layout, LayoutError, Order};
use onloan_core::request::{Answers, Grant, Offer};
use onloan_core::state::{Kind, State, Traits, Word};
use pyo3::prelude::*;

use super::duties::{Duties, Hooks};
use crate::storage::{FormatText, Region, RegionMut, Storage};

#[cfg(not(Py_GIL_DISABLED))]
pub(crate) type BuildMode = onloan_core::state::Serialized;
#[cfg(Py_GIL_DISABLED)]
pub(crate) type BuildMode = onloan_core::state::Concurrent;

/// What the slots need to know of a cell, whatever its storage.
#[repr(C, align(8))]
pub(crate) struct Header {
    pub(crate) state: State<BuildMode>,
    facts: UnsafeCell<Facts>,
    pub(crate) duties: &'static Duties,
    /// A consumer who cannot use the layout gets a contiguous copy.
    pub(crate) contiguous_copies: bool,
    /// The ledger is told of each export. Changed only under a write guard, which writes it into the facts.
    pub(crate) registered: AtomicBool,
}

/// In `Py_buffer.internal`: the author wants to hear of this release.
pub(crate) const TOLD: usize = 1;
/// In `Py_buffer.internal`: leads to a [`CopyLoan`](super::CopyLoan), not to the block.
pub(crate) const COPY: usize = 2;
/// In `Py_buffer.internal`: leads to the ticket of an export that the ledger was told of. In the facts: the ledger is to be told.
pub(crate) const REGISTERED: usize = 4;
/// The flags in `Py_buffer.internal`.
pub(crate) const TAGS: usize = TOLD | COPY | REGISTERED;

// So that `internal` has room for the flags.
const _: () = assert!(align_of::<Header>() > TAGS && align_of::<super::CopyLoan>() > TAGS);

/// What goes into a `Py_buffer`, ready to be stored, in the order in which it is stored.
#[repr(C)]
pub(crate) struct Facts {
    /// What is granted on the short way.
    pub(crate) answers: Answers,
    pub(crate) offer: Offer,
    pub(crate) buf: *mut c_void,
    pub(crate) len: isize,
    pub(crate) itemsize: isize,
    pub(crate) suboffsets: *mut isize,
    /// With which the release finds its way: the block, [`TOLD`] if the author wants to hear of each release, and [`REGISTERED`].
    pub(crate) internal: *mut c_void,
    /// By [`Grant::index`].
    pub(crate) granted: [Granted; Grant::COUNT],
    /// If the memory is contiguous, with the strides that say so also where an axis has one item only (RULES E-27).
    pub(crate) layout: Layout,
    /// The same in Fortran order, where that has other strides.
    pub(crate) fortran: Option<Box<Layout>>,
    pub(crate) text: FormatText,
    /// Nobody changes the memory while it is exported: it is read-only, and Rust holds it as `&[T]`.
    pub(crate) steady: bool,
}

/// The fields that depend on the request, and one that stands between them.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Granted {
    pub(crate) readonly: c_int,
    pub(crate) ndim: c_int,
    pub(crate) format: *mut c_char,
    /// Into the layout; NULL where there is no axis.
    pub(crate) shape: *mut isize,
    pub(crate) strides: *mut isize,
}

impl Granted {
    const NOTHING: Granted = Granted {
        readonly: 1,
        ndim: 1,
        format: ptr::null_mut(),
        shape: ptr::null_mut(),
        strides: ptr::null_mut(),
    };

    /// Of all fields those that a grant gives; `fortran` are the strides in Fortran order. Who does not ask for the shape gets bytes in a
    /// row, hence at most one dimension.
    fn of(self, fortran: *mut isize, grant: Grant) -> Granted {
        let mut granted = self;
        if grant.fortran() {
            granted.strides = fortran;
        }
        if !grant.format() {
            granted.format = ptr::null_mut();
        }
        if !grant.shape() {
            (granted.shape, granted.ndim) = (ptr::null_mut(), self.ndim.min(1));
        }
        if !grant.strides() {
            granted.strides = ptr::null_mut();
        }
        granted
    }
}

impl Facts {
    /// Facts of no memory, until it is described.
    fn nothing() -> Facts {
        let layout = Layout::vector(0, 1)
            .unwrap_or_else(|error| unreachable!("no bytes have no layout: {error}"));
        let offer = Offer::of(&layout, true);
        Facts {
            answers: offer.answers(),
            offer,
            buf: ptr::null_mut(),
            len: 0,
            itemsize: 1,
            suboffsets: ptr::null_mut(),
            internal: ptr::null_mut(),
            granted: [Granted::NOTHING; Grant::COUNT],
            layout,
            fortran: None,
            text: FormatText::Constant(c"B"),
            steady: false,
        }
    }

    /// Takes the facts of `region`. Called where the facts will stay: the pointers lead into `self`.
    fn describe(&mut self, region: Region<'_>, readonly: bool, internal: *mut c_void) {
        self.internal = internal;
        self.buf = region.address().cast();
        self.steady = readonly && region.is_steady();
        let layout;
        (layout, self.text) = region.into_parts();
        let order = match layout.is_c_contiguous() {
            true => Order::C,
            false => Order::F,
        };
        self.layout = layout.canonical(order);
        let fortran = self.layout.canonical(Order::F);
        let other = fortran.strides() != self.layout.strides();
        self.fortran = other.then(|| Box::new(fortran));
        self.offer = Offer::of(&self.layout, readonly);
        // The ledger is told on the way of what is refused: so nobody else has to ask whether it is to be told.
        self.answers = match internal.addr() & REGISTERED {
            0 => self.offer.answers(),
            _ => Answers::NONE,
        };
        self.len = self.layout.nbytes().cast_signed();
        self.itemsize = self.layout.itemsize().cast_signed();
        let all = Granted {
            readonly: readonly.into(),
            // At most `MAX_NDIM`.
            ndim: self.layout.ndim() as c_int,
            format: self.text.as_c_str().as_ptr().cast_mut(),
            shape: axes(self.layout.shape()),
            strides: axes(self.layout.strides()),
        };
        let fortran = match &self.fortran {
            None => all.strides,
            Some(layout) => axes(layout.strides()),
        };
        self.granted = std::array::from_fn(|index| all.of(fortran, Grant::from_index(index)));
        self.suboffsets = axes(self.layout.suboffsets().unwrap_or_default());
    }
}

/// One number an axis, as a `Py_buffer` wants them: NULL where there is no axis.
pub(super) fn axes(dims: &[isize]) -> *mut isize {
    if dims.is_empty() {
        ptr::null_mut()
    } else {
        dims.as_ptr().cast_mut()
    }
}

/// How a storage shows its memory: exclusively where consumers may write.
pub(crate) enum Show<S> {
    Shared,
    Exclusive(fn(&mut S) -> RegionMut<'_>),
}

/// A layout that the author has fixed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) placed: Option<Placed>,
    /// How the items are spelled, and how many bytes they have then.
    pub(crate) format: Option<(FormatText, usize)>,
}

/// Where the items lie, in bytes from the start of the memory.
#[derive(Clone, Debug)]
pub(crate) enum Placed {
    /// As this layout says.
    At(usize, Box<Layout>),
    /// In this shape, the storage's own unless one is given, and with these strides: of a lazy storage, whose items have no size before they
    /// are made.
    Shaped(usize, Option<Vec<isize>>, Option<Vec<isize>>),
    /// In a row, as many as there is room for whenever the memory is described.
    Row(usize),
}

impl Plan {
    /// The memory as it is to be lent.
    pub(crate) fn place<'a>(&self, region: Region<'a>) -> Result<Region<'a>, LayoutError> {
        let itemsize = match &self.format {
            Some((_, itemsize)) => *itemsize,
            None => region.layout().itemsize(),
        };
        let (offset, layout) = match &self.placed {
            None => return Ok(region),
            Some(Placed::At(offset, layout)) => (*offset, Layout::clone(layout)),
            Some(Placed::Shaped(offset, shape, strides)) => {
                let shape = shape.as_deref().unwrap_or(region.layout().shape());
                let layout = match strides {
                    None => Layout::c_order(shape, itemsize),
                    Some(strides) => Layout::strided(shape, strides, itemsize),
                };
                (*offset, layout?)
            }
            Some(Placed::Row(offset)) => {
                let room = region.size().saturating_sub(*offset);
                let items = room.checked_div(itemsize).unwrap_or(0);
                (*offset, Layout::vector(items, itemsize)?)
            }
        };
        let region = region.laid_out(offset, layout, itemsize)?;
        Ok(match &self.format {
            Some((text, _)) => region.spelled(text.clone()),
            None => region,
        })
    }
}

/// A header, and what the header's duties need to know.
#[repr(C)]
pub(crate) struct Block<S: Storage> {
    pub(crate) header: Header,
    /// `None` while taken.
    pub(crate) storage: UnsafeCell<Option<S>>,
    pub(crate) show: Show<S>,
    /// Changed only under a write guard.
    pub(crate) plan: UnsafeCell<Plan>,
    pub(crate) hooks: Option<Box<Hooks<S>>>,
    /// To whom the storage is promised.
    promise: Mutex<Option<Promise<S>>>,
}

// Shared by the handle, its guards and the exports that are out. Said here, so that a guard that is taken to another thread is refused
// for the `Python` token in it, which is the reason.
// SAFETY: `facts` is reached only through unsafe methods, whose callers keep `COUNTED`; the rest is `Sync`.
unsafe impl Sync for Header {}
// SAFETY: `storage` and `plan` are reached only in unsafe blocks that keep `BUSY`; the storage is `Sync`, as are the hooks.
unsafe impl<S: Storage> Sync for Block<S> {}

pub(crate) type Promise<S> = Box<dyn FnOnce(Python<'_>, S) -> PyResult<()> + Send>;

impl<S: Storage> Block<S> {
    /// A block on the heap, described if its memory is there already.
    pub(crate) fn new(
        storage: S,
        kind: Kind,
        show: Show<S>,
        plan: Plan,
        hooks: Option<Box<Hooks<S>>>,
        contiguous_copies: bool,
    ) -> Result<NonNull<Block<S>>, LayoutError> {
        let traits = Traits {
            lazy: storage.is_lazy(),
            notify: hooks.as_ref().is_some_and(|hooks| hooks.at_the_ends()),
        };
        let word = Word::new(kind, traits);
        let mut block = Box::new(Block {
            header: Header {
                state: State::new(word),
                facts: UnsafeCell::new(Facts::nothing()),
                duties: Duties::of::<S>(),
                contiguous_copies,
                registered: AtomicBool::new(false),
            },
            storage: UnsafeCell::new(Some(storage)),
            show,
            plan: UnsafeCell::new(plan),
            hooks,
            promise: Mutex::new(None),
        });
        if !traits.lazy {
            // SAFETY: nobody else knows of the block yet (`COUNTED`, `BUSY`).
            unsafe { block.describe() }?;
            block.header.state = State::new(word.described());
        }
        Ok(NonNull::from(Box::leak(block)))
    }

    /// Describes the memory as it is now.
    ///
    /// # Safety
    /// The caller may write the facts (`COUNTED`), and borrow the storage as `show` says: exclusively (`BUSY`), or shared.
    pub(crate) unsafe fn describe(&self) -> Result<(), LayoutError> {
        // SAFETY: granted by the caller; `plan` changes only under a write guard.
        let plan = unsafe { &*self.plan.get() };
        let mut region = match &self.show {
            Show::Shared => {
                // SAFETY: granted by the caller.
                match unsafe { &*self.storage.get() } {
                    Some(storage) => storage.region(),
                    None => return Ok(()),
                }
            }
            Show::Exclusive(show) => {
                // SAFETY: granted by the caller.
                match unsafe { &mut *self.storage.get() } {
                    Some(storage) => show(storage).into_region(),
                    None => return Ok(()),
                }
            }
        };
        region = plan.place(region)?;
        // SAFETY: granted by the caller.
        let facts = unsafe { &mut *self.header.facts.get() };
        let told = self
            .hooks
            .as_ref()
            .is_some_and(|hooks| hooks.release.is_some());
        let internal = ptr::from_ref(self).cast_mut().cast::<c_void>();
        let mut tag = if told { TOLD } else { 0 };
        if self.header.is_registered() {
            tag |= REGISTERED;
        }
        let internal = internal.wrapping_byte_add(tag);
        facts.describe(region, matches!(self.show, Show::Shared), internal);
        Ok(())
    }

    /// The storage, for readers.
    ///
    /// # Safety
    /// While the reference lives nobody has the storage exclusively, and no consumer may write to it.
    pub(crate) unsafe fn shared(&self) -> Option<&S> {
        // SAFETY: granted by the caller.
        unsafe { &*self.storage.get() }.as_ref()
    }

    /// Notes who will receive the storage; `false` if somebody else will.
    pub(crate) fn expect(&self, receiver: Promise<S>) -> bool {
        let mut promise = self.promise.lock().unwrap_or_else(PoisonError::into_inner);
        let free = promise.is_none();
        if free {
            *promise = Some(receiver);
        }
        free
    }

    /// Who receives the storage; he is told once.
    pub(crate) fn receiver(&self) -> Option<Promise<S>> {
        self.promise
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Frees the block.
    ///
    /// # Safety
    /// Nobody else can reach the block any more.
    pub(crate) unsafe fn free(block: NonNull<Block<S>>) {
        // SAFETY: made by `Box::leak` in `new`; the caller is the last.
        drop(unsafe { Box::from_raw(block.as_ptr()) });
    }
}

impl Header {
    pub(crate) fn is_registered(&self) -> bool {
        self.registered.load(Ordering::Relaxed)
    }

    /// Where the ledger has this cell; 0 if it is not registered.
    pub(crate) fn in_ledger(&self) -> usize {
        if self.is_registered() {
            ptr::from_ref(self).addr()
        } else {
            0
        }
    }

    /// The facts.
    ///
    /// # Safety
    /// The caller is counted, or holds `busy` or the write guard (`COUNTED`), while the reference lives.
    #[inline]
    pub(crate) unsafe fn facts(&self) -> &Facts {
        // SAFETY: granted by the caller.
        unsafe { &*self.facts.get() }
    }
}
