//! Every interleaving of the users of one cell, in both build modes.
//!
//! Run by `cargo xtask test`, or by hand: `RUSTFLAGS="--cfg loom" cargo test -p onloan-core --release --test loom`.
//!
//! The model is a cell as `onloan` builds it: the state beside a storage. Loom's `UnsafeCell` reports two users who must not meet;
//! counters report a duty that is done twice, never, or after the block was freed.
#![cfg(loom)]

use loom::cell::UnsafeCell;
use loom::sync::{Arc, Mutex};
use loom::thread;
use onloan_core::state::{
    Concurrent, Duty, Entered, Kind, Left, Mode, Serialized, State, Traits, Word,
};
// Counters are plain: they are looked at, not raced on, and would only multiply the interleavings.
use std::sync::atomic::{AtomicUsize, Ordering};

/// CPython's global lock, or nothing on free-threaded builds.
trait Build: Mode {
    const GLOBAL_LOCK: bool;
}
impl Build for Serialized {
    const GLOBAL_LOCK: bool = true;
}
impl Build for Concurrent {
    const GLOBAL_LOCK: bool = false;
}

struct Cell<M: Build> {
    state: State<M>,
    global_lock: Mutex<()>,
    storage: UnsafeCell<u32>,
    first: AtomicUsize,
    last: AtomicUsize,
    opened: AtomicUsize,
    closed: AtomicUsize,
    handed_over: AtomicUsize,
    freed: AtomicUsize,
}

impl<M: Build> Cell<M> {
    fn new(kind: Kind, traits: Traits) -> Arc<Cell<M>> {
        let zero = || AtomicUsize::new(0);
        Arc::new(Cell {
            state: State::new(Word::new(kind, traits).described()),
            global_lock: Mutex::new(()),
            storage: UnsafeCell::new(0),
            first: zero(),
            last: zero(),
            opened: zero(),
            closed: zero(),
            handed_over: zero(),
            freed: zero(),
        })
    }

    /// One transition while attached. The lock is given up between transitions, as a hook that runs Python would.
    fn attached<R>(&self, step: impl FnOnce(&State<M>) -> R) -> R {
        let _lock = M::GLOBAL_LOCK.then(|| self.global_lock.lock().unwrap());
        step(&self.state)
    }

    fn look(&self) {
        assert_eq!(
            self.freed.load(Ordering::SeqCst),
            0,
            "used after it was freed"
        );
        self.storage.with(|storage| {
            // SAFETY: who looks is counted (the model's premise): nobody changes it, which loom checks.
            let seen = unsafe { *storage };
            assert!(seen < 100);
        });
    }

    fn change(&self) {
        assert_eq!(
            self.freed.load(Ordering::SeqCst),
            0,
            "changed after it was freed"
        );
        // SAFETY: who changes is alone (the model's premise), which loom checks.
        self.storage.with_mut(|storage| unsafe { *storage += 1 });
    }

    fn export(&self) -> bool {
        match self.attached(|state| state.attempt(Word::export)) {
            Err(_) => false,
            Ok(Entered::Counted) => true,
            Ok(Entered::MustOpen { first }) => {
                self.look();
                self.opened.fetch_add(1, Ordering::SeqCst);
                self.first.fetch_add(usize::from(first), Ordering::SeqCst);
                self.attached(|state| state.apply(|word| (word.opened(), ())));
                true
            }
        }
    }

    fn export_that_fails_to_open(&self) -> bool {
        match self.attached(|state| state.attempt(Word::export)) {
            Err(_) => false,
            Ok(Entered::Counted) => true,
            Ok(Entered::MustOpen { .. }) => {
                self.settle();
                false
            }
        }
    }

    fn release(&self) {
        match self.attached(|state| state.apply(Word::release)) {
            Left::Quiet => {}
            Left::Unmatched => panic!("a release without its export"),
            Left::MustSettle { last } => {
                self.look();
                self.last.fetch_add(usize::from(last), Ordering::SeqCst);
                self.settle();
            }
        }
    }

    fn settle(&self) {
        loop {
            match self.attached(|state| state.apply(Word::settle)) {
                Duty::HandOver => {
                    self.change();
                    self.handed_over.fetch_add(1, Ordering::SeqCst);
                    self.attached(|state| state.apply(|word| (word.handed_over(), ())));
                }
                Duty::Close => {
                    self.change();
                    self.closed.fetch_add(1, Ordering::SeqCst);
                }
                Duty::Free => return self.free(),
                Duty::Done => return,
            }
        }
    }

    fn free(&self) {
        self.change();
        assert_eq!(self.freed.fetch_add(1, Ordering::SeqCst), 0, "freed twice");
    }

    fn read(&self) -> bool {
        match self.attached(|state| state.attempt(Word::read)) {
            Err(_) => false,
            Ok(Entered::Counted) => true,
            Ok(Entered::MustOpen { .. }) => {
                self.look();
                self.opened.fetch_add(1, Ordering::SeqCst);
                self.attached(|state| state.apply(|word| (word.opened_to_read(), ())));
                true
            }
        }
    }

    fn end_read(&self) {
        match self.attached(|state| state.apply(Word::end_read)) {
            Left::Quiet => {}
            Left::Unmatched => panic!("a read guard dropped twice"),
            Left::MustSettle { .. } => self.settle(),
        }
    }

    fn write(&self) -> bool {
        self.attached(|state| state.attempt(|word| word.write().map(|word| (word, ()))))
            .is_ok()
    }

    fn end_write(&self) {
        self.attached(|state| state.apply(|word| (word.end_write(true), ())));
    }

    fn take(&self) -> bool {
        if self
            .attached(|state| state.attempt(|word| word.take().map(|word| (word, ()))))
            .is_err()
        {
            return false;
        }
        self.change();
        self.handed_over.fetch_add(1, Ordering::SeqCst);
        self.attached(|state| state.apply(|word| (word.handed_over(), ())));
        self.settle();
        true
    }

    fn promise(&self) -> bool {
        match self.attached(|state| state.attempt(Word::promise)) {
            Err(_) => false,
            Ok(due) => {
                if due {
                    self.settle();
                }
                true
            }
        }
    }

    fn put(&self) -> bool {
        if self
            .attached(|state| state.attempt(|word| word.put().map(|word| (word, ()))))
            .is_err()
        {
            return false;
        }
        self.change();
        self.attached(|state| state.apply(|word| (word.put_in(true), ())));
        self.settle();
        true
    }

    /// As `Drop` of the handle does: without the global lock where nobody can be inside.
    fn drop_handle(&self) {
        let word = self.state.load();
        if word.exports() == 0 && !word.is_busy() {
            return self.free();
        }
        if self.attached(|state| state.apply(Word::orphan)) {
            self.free();
        }
    }
}

fn count(counter: &AtomicUsize) -> usize {
    counter.load(Ordering::SeqCst)
}

const PLAIN: Traits = Traits {
    notify: false,
    lazy: false,
};
const NOTIFY: Traits = Traits {
    notify: true,
    lazy: false,
};
const LAZY: Traits = Traits {
    notify: false,
    lazy: true,
};
const BOTH: Traits = Traits {
    notify: true,
    lazy: true,
};

/// Runs `others` on a thread each and `here` on this one, in every order.
fn model<M: Build + Send + Sync>(
    kind: Kind,
    traits: Traits,
    before: fn(&Cell<M>),
    others: &'static [fn(&Cell<M>)],
    here: fn(&Cell<M>),
    after: fn(&Cell<M>),
) {
    let mut builder = loom::model::Builder::new();
    // Two threads: every interleaving. Three: all with at most three preemptions, which is where such bugs live.
    builder.preemption_bound = (others.len() > 1).then_some(3);
    builder.check(move || {
        let cell = Cell::<M>::new(kind, traits);
        before(&cell);
        let threads: Vec<_> = others
            .iter()
            .map(|other| {
                let cell = Arc::clone(&cell);
                thread::spawn(move || other(&cell))
            })
            .collect();
        here(&cell);
        for thread in threads {
            thread.join().unwrap();
        }
        after(&cell);
    });
}

fn nothing<M: Build>(_: &Cell<M>) {}

fn export_look_release<M: Build>(cell: &Cell<M>) {
    if cell.export() {
        cell.look();
        cell.release();
    }
}

fn write_and_end<M: Build>(cell: &Cell<M>) {
    if cell.write() {
        cell.change();
        cell.end_write();
    }
}

fn read_and_end<M: Build>(cell: &Cell<M>) {
    if cell.read() {
        cell.look();
        cell.end_read();
    }
}

fn is_idle_and_whole<M: Build>(cell: &Cell<M>) {
    let word = cell.state.load();
    assert_eq!(
        (
            word.exports(),
            word.readers(),
            word.is_writing(),
            word.is_busy()
        ),
        (0, 0, false, false),
        "{word:?}"
    );
    assert_eq!(count(&cell.freed), 0);
    assert_eq!(
        count(&cell.first),
        count(&cell.last),
        "first exports and last releases pair up"
    );
}

fn lazy_storage_is_closed_again<M: Build>(cell: &Cell<M>) {
    is_idle_and_whole(cell);
    assert_eq!(count(&cell.opened), count(&cell.closed));
}

fn is_freed<M: Build>(cell: &Cell<M>) {
    assert_eq!(count(&cell.freed), 1, "{:?}", cell.state.load());
}

fn is_handed_over_once<M: Build>(cell: &Cell<M>) {
    assert_eq!(count(&cell.handed_over), 1);
    assert!(cell.state.load().is_taken());
    assert!(!cell.state.load().is_busy());
}

macro_rules! in_both_modes {
    ($($(#[$doc:meta])* $name:ident: $kind:expr, $traits:expr, $before:expr, $others:expr, $here:expr, $after:expr;)*) => {
        mod serialized {
            use super::*;
            $($(#[$doc])* #[test] fn $name() { model::<Serialized>($kind, $traits, $before, &$others, $here, $after); })*
        }
        mod concurrent {
            use super::*;
            $($(#[$doc])* #[test] fn $name() { model::<Concurrent>($kind, $traits, $before, &$others, $here, $after); })*
        }
    };
}

in_both_modes! {
    exports_from_three_threads_all_come_back: Kind::Writable, PLAIN, nothing,
        [export_look_release, export_look_release], export_look_release, is_idle_and_whole;
    a_writer_never_meets_an_export: Kind::Writable, PLAIN, nothing,
        [export_look_release], |cell| { write_and_end(cell); write_and_end(cell); }, is_idle_and_whole;
    a_writer_never_meets_a_reader: Kind::ReadOnly, PLAIN, nothing,
        [read_and_end, write_and_end], read_and_end, is_idle_and_whole;
    readers_and_read_only_exports_meet_freely: Kind::ReadOnly, PLAIN, nothing,
        [export_look_release, read_and_end], |cell| { assert!(cell.read()); cell.look(); cell.end_read(); }, is_idle_and_whole;
    an_exclusive_export_meets_nobody: Kind::Exclusive, PLAIN, nothing,
        [|cell| if cell.export() { cell.change(); cell.release(); }, |cell| if cell.export() { cell.change(); cell.release(); }],
        |cell| if cell.read() { cell.look(); cell.end_read(); }, is_idle_and_whole;
    first_export_and_last_release_are_told_in_pairs: Kind::Writable, NOTIFY, nothing,
        [export_look_release, export_look_release], nothing, is_idle_and_whole;
    a_lazy_storage_is_opened_and_closed_in_pairs: Kind::ReadOnly, LAZY, nothing,
        [export_look_release, read_and_end], nothing, lazy_storage_is_closed_again;
    a_lazy_storage_with_hooks_settles_once: Kind::ReadOnly, BOTH, |cell| assert!(cell.export()),
        [|cell| cell.release(), read_and_end], nothing, is_idle_and_whole;
    a_failed_opening_leaves_the_cell_usable: Kind::ReadOnly, LAZY, nothing,
        [|cell| if cell.export_that_fails_to_open() { cell.release(); }, export_look_release], nothing, lazy_storage_is_closed_again;
    the_block_outlives_its_handle_until_the_last_release: Kind::Writable, PLAIN,
        |cell| { assert!(cell.export()); assert!(cell.export()); },
        [|cell| { cell.look(); cell.release(); }, |cell| { cell.look(); cell.release(); }], Cell::drop_handle, is_freed;
    an_orphaned_lazy_storage_is_closed_and_freed_once: Kind::ReadOnly, BOTH,
        |cell| { assert!(cell.export()); assert!(cell.export()); },
        [|cell| cell.release(), |cell| cell.release()], Cell::drop_handle, is_freed;
    taking_back_succeeds_only_when_nobody_is_inside: Kind::Writable, PLAIN, nothing,
        [export_look_release], |cell| { while !cell.take() { loom::thread::yield_now(); } }, is_handed_over_once;
    a_promised_storage_is_handed_over_at_the_last_release: Kind::Writable, PLAIN, |cell| { assert!(cell.export()); assert!(cell.export()); },
        [|cell| cell.release(), |cell| cell.release()], |cell| assert!(cell.promise()), is_handed_over_once;
    a_promised_storage_waits_for_readers_too: Kind::ReadOnly, PLAIN, |cell| { assert!(cell.export()); assert!(cell.read()); },
        [|cell| cell.release(), |cell| { cell.look(); cell.end_read(); }], |cell| assert!(cell.promise()), is_handed_over_once;
    a_promise_is_kept_although_the_handle_is_gone: Kind::Writable, PLAIN, |cell| { assert!(cell.export()); assert!(cell.promise()); },
        [|cell| cell.release()], Cell::drop_handle,
        |cell| { is_freed(cell); assert_eq!(count(&cell.handed_over), 1); };
    a_storage_is_taken_by_one_of_two: Kind::Writable, PLAIN, nothing,
        [|cell| { cell.take(); }, |cell| { cell.take(); }], nothing, is_handed_over_once;
    a_storage_is_not_both_taken_and_promised: Kind::ReadOnly, PLAIN, nothing,
        [|cell| { cell.promise(); }, read_and_end], |cell| { cell.take(); },
        |cell| assert!(count(&cell.handed_over) == 1 && cell.state.load().is_taken());
    a_storage_is_put_by_one_of_two_and_lent_again: Kind::Writable, PLAIN, |cell| assert!(cell.take()),
        [|cell| { cell.put(); }, export_look_release], |cell| { cell.put(); },
        |cell| { is_idle_and_whole(cell); assert!(!cell.state.load().is_taken()); assert!(cell.export()); };
    a_writer_keeps_the_storage_from_being_taken: Kind::Writable, PLAIN, nothing,
        [write_and_end, |cell| { cell.take(); }], export_look_release,
        |cell| assert!(count(&cell.handed_over) <= 1 && !cell.state.load().is_busy());
}
