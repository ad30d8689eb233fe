//! The state table, read literally, and random lives of a cell held against it.
#![cfg(not(loom))]

use onloan_core::state::{Blocked, Duty, Entered, Kind, Left, Traits, Word};
use proptest::prelude::*;

fn entered(word: Word) -> Word {
    match word.export() {
        Ok((word, Entered::Counted)) => word,
        Ok((word, Entered::MustOpen { .. })) => word.opened(),
        Err(blocked) => panic!("{blocked} at {word:?}"),
    }
}

fn reading(word: Word) -> Word {
    match word.read() {
        Ok((word, Entered::Counted)) => word,
        Ok((word, Entered::MustOpen { .. })) => word.opened_to_read(),
        Err(blocked) => panic!("{blocked} at {word:?}"),
    }
}

const KINDS: [Kind; 3] = [Kind::ReadOnly, Kind::Writable, Kind::Exclusive];

/// The rows of the table: name, how to get there, and what read guard, write guard, export and taking back answer.
#[test]
fn every_row_of_the_table_answers_as_it_is_written() {
    type Row = (&'static str, fn(Word) -> Word, fn(Kind) -> [bool; 4]);
    let rows: [Row; 4] = [
        ("idle", |word| word, |_| [true; 4]),
        (
            "read guards out",
            |word| reading(reading(word)),
            |kind| [true, false, kind == Kind::ReadOnly, false],
        ),
        (
            "write guard out",
            |word| word.write().unwrap(),
            |_| [false; 4],
        ),
        ("exports out", entered, |kind| match kind {
            Kind::ReadOnly => [true, false, true, false],
            Kind::Writable => [false, false, true, false],
            Kind::Exclusive => [false, false, false, false],
        }),
    ];
    for kind in KINDS {
        for (name, arrive, expected) in rows {
            let word = arrive(Word::new(kind, Traits::default()));
            let seen = [
                word.read().is_ok(),
                word.write().is_ok(),
                word.export().is_ok(),
                word.take().is_ok(),
            ];
            assert_eq!(
                seen,
                expected(kind),
                "{kind:?}, {name}: read guard, write guard, export, take"
            );
        }
    }
}

#[test]
fn a_refusal_says_how_many_stand_in_the_way() {
    let mut word = Word::new(Kind::Writable, Traits::default());
    for _ in 0..3 {
        word = entered(word);
    }
    assert_eq!(word.write().unwrap_err(), Blocked::Exported { exports: 3 });
    assert_eq!(word.write().unwrap_err().to_string(), "3 exports are out");
    let word = reading(Word::new(Kind::Writable, Traits::default()));
    assert_eq!(word.export().unwrap_err(), Blocked::Reading { readers: 1 });
}

#[test]
fn a_write_guard_makes_the_description_of_the_memory_stale() {
    let word = entered(Word::new(Kind::Writable, Traits::default()));
    let (word, _) = word.release();
    assert_eq!(
        word.export().unwrap().1,
        Entered::Counted,
        "described once, exported again without work"
    );
    let word = word.write().unwrap().end_write(false);
    assert_eq!(word.export().unwrap().1, Entered::MustOpen { first: false });
    let word = word.write().unwrap().end_write(true);
    assert_eq!(
        word.export().unwrap().1,
        Entered::Counted,
        "the writer described it himself"
    );
}

#[test]
fn only_a_lazy_storage_cannot_be_described_beforehand() {
    let plain = Word::new(Kind::ReadOnly, Traits::default()).described();
    assert_eq!(plain.export().unwrap().1, Entered::Counted);
    let lazy = Word::new(
        Kind::ReadOnly,
        Traits {
            lazy: true,
            notify: false,
        },
    )
    .described();
    assert_eq!(lazy.export().unwrap().1, Entered::MustOpen { first: false });
}

#[test]
fn a_release_without_its_export_changes_nothing() {
    let word = Word::new(Kind::Writable, Traits::default());
    assert_eq!(word.release(), (word, Left::Unmatched));
    assert_eq!(word.end_read(), (word, Left::Unmatched));
}

#[test]
fn counting_stops_before_it_overflows() {
    let mut word = Word::new(Kind::ReadOnly, Traits::default());
    for _ in 0..Word::MAX_READERS {
        word = reading(word);
    }
    assert_eq!(word.read(), Err(Blocked::Full));
    assert_eq!(word.readers(), Word::MAX_READERS);
}

#[test]
fn a_promised_storage_lets_nobody_else_in() {
    let word = entered(Word::new(Kind::ReadOnly, Traits::default()));
    let (word, due) = word.promise().unwrap();
    assert!(!due);
    for refused in [
        word.export().err(),
        word.read().err(),
        word.write().err(),
        word.take().err(),
        word.promise().err(),
    ] {
        assert_eq!(refused, Some(Blocked::Promised));
    }
}

#[test]
fn a_storage_can_be_put_only_where_one_was_taken() {
    let word = Word::new(Kind::Writable, Traits::default());
    assert_eq!(word.put(), Err(Blocked::Occupied));
    let taken = word.take().unwrap().handed_over().settle().0;
    assert_eq!(taken.export().err(), Some(Blocked::Taken));
    let full = taken.put().unwrap().put_in(false).settle().0;
    assert!(full.export().is_ok());
}

#[test]
fn a_look_stands_beside_exports_of_every_kind_and_beside_readers() {
    for kind in KINDS {
        let (word, entered) = entered(Word::new(kind, Traits::default())).look().unwrap();
        assert_eq!(
            (word.exports(), word.readers(), entered),
            (1, 1, Entered::Counted),
            "{kind:?}"
        );
    }
    let reading = reading(Word::new(Kind::ReadOnly, Traits::default()));
    assert!(reading.look().is_ok());
}

#[test]
fn a_look_never_describes_writable_memory_beside_a_reader() {
    let stale = Word::new(Kind::Writable, Traits::default())
        .write()
        .unwrap()
        .end_write(false);
    assert_eq!(stale.look().unwrap().1, Entered::MustOpen { first: false });
    assert_eq!(reading(stale).look(), Err(Blocked::Reading { readers: 1 }));
}

/// The slow obvious model: who is inside, as separate numbers.
#[derive(Debug, Default)]
struct Naive {
    exports: u64,
    readers: u32,
    writing: bool,
    taken: bool,
    promised: bool,
    open: bool,
    opened: u32,
    closed: u32,
    handed_over: u32,
}

impl Naive {
    fn idle(&self) -> bool {
        self.exports == 0 && self.readers == 0 && !self.writing && !self.taken && !self.promised
    }

    fn unused(&mut self, traits: Traits) {
        if self.exports > 0 || self.readers > 0 {
            return;
        }
        if traits.lazy && self.open {
            self.open = false;
            self.closed += 1;
        }
        if self.promised {
            (self.promised, self.taken, self.open) = (false, true, false);
            self.handed_over += 1;
        }
    }

    fn enter(&mut self) {
        if !self.open {
            self.open = true;
            self.opened += 1;
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Export,
    Release,
    Read,
    EndRead,
    Write,
    EndWrite,
    Take,
    Promise,
    Put,
    Look,
}

struct Life {
    word: Word,
    handed_over: u32,
    closed: u32,
    first: u32,
    last: u32,
}

impl Life {
    fn settle(&mut self) {
        loop {
            let (word, duty) = self.word.settle();
            self.word = word;
            match duty {
                Duty::HandOver => {
                    self.handed_over += 1;
                    self.word = self.word.handed_over();
                }
                Duty::Close => self.closed += 1,
                Duty::Free => panic!("nobody dropped the handle"),
                Duty::Done => return,
            }
        }
    }

    fn left(&mut self, (word, left): (Word, Left)) {
        self.word = word;
        if let Left::MustSettle { last } = left {
            self.last += u32::from(last);
            self.settle();
        }
    }

    /// Does it, and says whether it was allowed.
    fn live(&mut self, event: Event) -> bool {
        match event {
            Event::Export => match self.word.export() {
                Err(_) => return false,
                Ok((word, Entered::Counted)) => self.word = word,
                Ok((word, Entered::MustOpen { first })) => {
                    self.first += u32::from(first);
                    self.word = word.opened();
                }
            },
            Event::Read => match self.word.read() {
                Err(_) => return false,
                Ok((word, Entered::Counted)) => self.word = word,
                Ok((word, Entered::MustOpen { .. })) => self.word = word.opened_to_read(),
            },
            Event::Look => match self.word.look() {
                Err(_) => return false,
                Ok((word, Entered::Counted)) => self.word = word,
                Ok((word, Entered::MustOpen { .. })) => self.word = word.opened_to_read(),
            },
            Event::Release => self.left(self.word.release()),
            Event::EndRead => self.left(self.word.end_read()),
            Event::Write => match self.word.write() {
                Err(_) => return false,
                Ok(word) => self.word = word,
            },
            Event::EndWrite => self.word = self.word.end_write(false),
            Event::Take => match self.word.take() {
                Err(_) => return false,
                Ok(word) => {
                    self.word = word.handed_over();
                    self.handed_over += 1;
                    self.settle();
                }
            },
            Event::Promise => match self.word.promise() {
                Err(_) => return false,
                Ok((word, due)) => {
                    self.word = word;
                    if due {
                        self.settle();
                    }
                }
            },
            Event::Put => match self.word.put() {
                Err(_) => return false,
                Ok(word) => {
                    self.word = word.put_in(false);
                    self.settle();
                }
            },
        }
        true
    }
}

fn naive(model: &mut Naive, event: Event, kind: Kind, traits: Traits) -> bool {
    let open = !(model.taken || model.promised || model.writing);
    let read_only = kind == Kind::ReadOnly;
    let allowed = match event {
        Event::Export if kind == Kind::Exclusive && model.exports > 0 => false,
        Event::Export => open && (read_only || model.readers == 0),
        Event::Read => open && (read_only || model.exports == 0),
        Event::Look => open && (read_only || model.open || model.readers == 0),
        Event::Write | Event::Take => model.idle(),
        Event::Promise => open,
        Event::Put => model.taken,
        Event::Release | Event::EndRead | Event::EndWrite => true,
    };
    if !allowed {
        return false;
    }
    match event {
        Event::Export => {
            model.exports += 1;
            model.enter();
        }
        Event::Read => {
            model.readers += 1;
            if traits.lazy {
                model.enter();
            }
        }
        Event::Look => {
            model.readers += 1;
            model.enter();
        }
        Event::Release => {
            model.exports -= 1;
            model.unused(traits);
        }
        Event::EndRead => {
            model.readers -= 1;
            model.unused(traits);
        }
        Event::Write => model.writing = true,
        Event::EndWrite => (model.writing, model.open) = (false, false),
        Event::Take => {
            (model.taken, model.open) = (true, false);
            model.handed_over += 1;
        }
        Event::Promise => {
            model.promised = true;
            model.unused(traits);
        }
        Event::Put => model.taken = false,
    }
    true
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_life_of_a_cell_agrees_with_the_naive_model(
        kind in prop::sample::select(&KINDS[..]),
        notify: bool,
        lazy: bool,
        choices in prop::collection::vec(0..10_u8, 1..60),
    ) {
        let traits = Traits { notify, lazy };
        let mut life = Life { word: Word::new(kind, traits), handed_over: 0, closed: 0, first: 0, last: 0 };
        let mut model = Naive::default();
        for choice in choices {
            let event = match choice {
                0 => Event::Export,
                1 => Event::Read,
                2 => Event::Write,
                3 => Event::Take,
                4 => Event::Promise,
                5 => Event::Put,
                9 => Event::Look,
                6 if model.exports > 0 => Event::Release,
                7 if model.readers > 0 => Event::EndRead,
                8 if model.writing => Event::EndWrite,
                _ => continue,
            };
            let word = life.word;
            prop_assert_eq!(life.live(event), naive(&mut model, event, kind, traits), "{:?} at {:?}, model {:?}", event, word, model);
            let seen = (life.word.exports(), life.word.readers(), life.word.is_writing(), life.word.is_taken(), life.word.is_promised());
            let expected = (model.exports, model.readers, model.writing, model.taken, model.promised);
            prop_assert_eq!(seen, expected, "after {:?} at {:?}", event, word);
            prop_assert_eq!((life.handed_over, life.closed), (model.handed_over, model.closed), "after {:?} at {:?}", event, word);
            prop_assert!(!life.word.is_busy());
            prop_assert_eq!(life.first - life.last, u32::from(notify && model.exports > 0));
        }
    }
}
