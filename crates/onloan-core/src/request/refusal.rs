//! A refusal in words: the clause, what was asked, what is held, and what would be granted.

use core::fmt;

use super::{Clause, Offer, Request, negotiate};

/// A refused request with all that is needed to explain it.
///
/// ```
/// use onloan_core::request::{Offer, Refusal, Request};
///
/// let transposed = Offer::new(true, false, true, false);
/// let refusal = Refusal::new(transposed, Request::C_CONTIGUOUS).unwrap();
/// assert_eq!(
///     refusal.to_string(),
///     "buffer is not C-contiguous: asked for C_CONTIGUOUS, the memory is read-only, \
///      F-contiguous; STRIDES would be granted"
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Refusal {
    clause: Clause,
    request: Request,
    offer: Offer,
}

impl Refusal {
    /// The refusal of `request` by memory like `offer`; `None` where it is granted.
    #[must_use]
    pub const fn new(offer: Offer, request: Request) -> Option<Self> {
        match negotiate(offer, request) {
            Ok(_) => None,
            Err(clause) => Some(Self {
                clause,
                request,
                offer,
            }),
        }
    }

    /// The clause that stands in the way.
    #[must_use]
    pub const fn clause(&self) -> Clause {
        self.clause
    }

    /// What was asked.
    #[must_use]
    pub const fn request(&self) -> Request {
        self.request
    }

    /// What the exporter has.
    #[must_use]
    pub const fn offer(&self) -> Offer {
        self.offer
    }

    /// The request closest to the refused one that this memory grants: what cannot be had is
    /// dropped, what is needed to describe the memory is added, the rest stays.
    #[must_use]
    pub const fn nearest(&self) -> Request {
        let Self { request, offer, .. } = *self;
        let mut near = request;
        if offer.readonly() {
            near = near.without(Request::WRITABLE);
        }
        if !offer.c_contiguous() {
            near = near.without(Request::C_CONTIGUOUS).with(Request::STRIDES);
        }
        if !offer.f_contiguous() {
            near = near.without(Request::F_CONTIGUOUS);
        }
        if !offer.contiguous() {
            near = near.without(Request::ANY_CONTIGUOUS);
        }
        if offer.indirect() {
            near = near.with(Request::INDIRECT);
        }
        if near.wants(Request::FORMAT) {
            near = near.with(Request::ND);
        }
        near
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: asked for {}, the memory is {}; {} would be granted",
            self.clause,
            self.request,
            self.offer,
            self.nearest()
        )
    }
}

impl core::error::Error for Refusal {}
