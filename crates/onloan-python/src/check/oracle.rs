//! What memory must answer to a request, against what was answered: E-22, E-23, E-28, E-38.
//!
//! There is no oracle here but `negotiate`, which every exporter of onloan answers with.

use onloan::request::{Clause, Offer, Request, negotiate};

use super::answer::Answer;
use super::breach::Breaches;

/// Granted what cannot be granted. `offer` is what the memory is like by the answer to `FULL_RO`.
pub(super) fn e22_e23(answer: &Answer, offer: Offer, found: &mut Breaches) {
    let Some(filled) = &answer.filled else { return };
    let request = answer.request;
    match negotiate(offer, asked(request)) {
        Err(Clause::NotWritable) => found.add(
            ("E-23", ""),
            request,
            "refused: the memory is read-only",
            format!("granted, readonly {}", filled.readonly.unwrap_or(0)),
            "a consumer that asks for WRITABLE writes to what it gets",
        ),
        Err(clause) => {
            let way = if filled.strides.is_none() && offer.c_contiguous() {
                // Without strides the memory is in C order by the documentation, and that is true.
                "no strides"
            } else {
                ""
            };
            found.add(
                ("E-22", way),
                request,
                format!("refused: {clause}"),
                "granted",
                "a consumer that was granted the request walks the memory in an order that it has not",
            );
        }
        Ok(_) => {
            // The memory would do; what was filled in has to do as well.
            let own = filled.offer().map(|own| negotiate(own, asked(request)));
            if let Some(Err(clause)) = own
                && !matches!(clause, Clause::NotWritable)
                && filled.strides.is_some()
            {
                found.add(
                    ("E-22", ""),
                    request,
                    "strides in the order asked for",
                    format!("granted, but {clause}"),
                    "the strides that were filled in are not those of the order that was asked for",
                );
            }
        }
    }
}

/// Refused what can be granted. `answers` has the answers to all requests, by their index.
pub(super) fn e23_e28_e38(
    answer: &Answer,
    offer: Offer,
    empty: bool,
    answers: &[Answer],
    found: &mut Breaches,
) {
    let request = answer.request;
    if answer.granted() || negotiate(offer, request).is_err() {
        return;
    }
    let message = answer
        .raised
        .as_ref()
        .map_or("no exception", |raised| raised.message.as_str());
    let readable = request.without(Request::WRITABLE);
    let granted = |request: Request| answers[request.index()].granted();
    if request.wants(Request::WRITABLE) && granted(readable) {
        found.add(
            ("E-23", ""),
            request,
            "granted, as readonly is 0",
            "refused",
            format!("without WRITABLE it is granted with readonly 0; it says: {message}"),
        );
        return;
    }
    if empty {
        found.add(
            ("E-38", ""),
            request,
            "granted: without bytes the memory is contiguous",
            "refused",
            format!("it says: {message}"),
        );
        return;
    }
    let stronger = Request::all()
        .rev()
        .find(|other| *other != request && other.wants(request) && granted(*other))
        .or_else(|| Request::all().rev().find(|other| granted(*other)));
    let instead = stronger.map_or_else(String::new, |other| format!("{other} is granted; "));
    // What has no format can be lent without one.
    let way = if request.wants(Request::FORMAT) && granted(request.without(Request::FORMAT)) {
        "format"
    } else {
        ""
    };
    found.add(
        ("E-28", way),
        request,
        "granted: the memory can answer this",
        "refused",
        format!("{instead}it says: {message}"),
    );
}

/// FORMAT without ND may be answered either way.
fn asked(request: Request) -> Request {
    if request.wants(Request::ND) {
        request
    } else {
        request.without(Request::FORMAT)
    }
}
