//! The answers of an offer to all flags, worked out beforehand.
//!
//! An exporter that is asked a hundred million times does not want to think each time. For each [`Offer`] there are 512 values of
//! the nine flag bits; the answer of [`negotiate`] to each is one byte in a table that the compiler makes. Nothing is decided
//! here.

use core::fmt;

use super::{Grant, Offer, Request, negotiate};

const FLAGS: usize = 512;
const REFUSED: u8 = 0x80;

static ANSWERS: [[u8; FLAGS]; 16] = {
    let mut answers = [[REFUSED; FLAGS]; 16];
    let mut bits = 0;
    while bits < 16 {
        let mut flags = 0;
        while flags < FLAGS {
            let request = Request::from_flags(flags as i32);
            if let Ok(grant) = negotiate(Offer::from_bits(bits as u8), request) {
                answers[bits][flags] = grant.bits();
            }
            flags += 1;
        }
        bits += 1;
    }
    answers
};

/// What one offer answers: kept beside the memory, so that a request costs one load.
#[derive(Clone, Copy)]
pub struct Answers(&'static [u8; FLAGS]);

impl Answers {
    /// Nothing is granted.
    pub const NONE: Answers = Answers(&[REFUSED; FLAGS]);

    /// The answer to the flags given to `bf_getbuffer`, if they are granted; else [`negotiate`] says why not.
    #[inline]
    #[must_use]
    pub const fn grant(self, flags: i32) -> Option<Grant> {
        let answer = self.0[flags as usize % FLAGS];
        if answer & REFUSED == 0 {
            Some(Grant::from_bits(answer))
        } else {
            None
        }
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let granted = |request: &Request| self.grant(request.flags()).is_some();
        f.debug_list()
            .entries(Request::all().filter(granted))
            .finish()
    }
}

impl Offer {
    /// The answers of this offer, ready to be looked up.
    #[inline]
    #[must_use]
    pub const fn answers(self) -> Answers {
        Answers(&ANSWERS[(self.bits() & 15) as usize])
    }
}
