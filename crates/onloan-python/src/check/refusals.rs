//! How a request was answered at all: E-02, E-04, E-05, E-10, E-11.

use super::answer::Answer;
use super::breach::Breaches;
use super::poisoned::{Class, Field, Owner};

/// NULL owns nothing.
pub(super) fn e02(answer: &Answer, found: &mut Breaches) {
    if answer.granted() && answer.owner == Owner::Null {
        found.add(
            ("E-02", ""),
            answer.request,
            "obj names an object",
            "NULL",
            "the release of such a buffer does nothing, and nothing keeps the memory alive",
        );
    }
}

/// What still holds the poison.
pub(super) fn e04(answer: &Answer, found: &mut Breaches) {
    if !answer.granted() {
        return;
    }
    for field in &answer.survivors {
        let way = if *field == Field::Internal {
            "internal"
        } else {
            ""
        };
        found.add(
            ("E-04", way),
            answer.request,
            format!("{} is filled in", field.name()),
            "not written",
            "what was in the consumer's memory before is taken for an answer",
        );
    }
}

/// Whether the answer to the poisoned struct is another than that to zeros. `again` is a second answer to zeros; false if the two differ.
pub(super) fn e04_depends(
    zeros: &Answer,
    again: &Answer,
    poisoned: &Answer,
    found: &mut Breaches,
) -> bool {
    let differ = |one: &Answer, other: &Answer| -> Option<String> {
        match (&one.filled, &other.filled) {
            (None, None) => None,
            (Some(_), None) => Some("granted, then refused".to_owned()),
            (None, Some(_)) => Some("refused, then granted".to_owned()),
            (Some(one), Some(other)) => {
                let differs = [
                    ("len", one.len != other.len && other.len.is_some()),
                    (
                        "itemsize",
                        one.itemsize != other.itemsize && other.itemsize.is_some(),
                    ),
                    (
                        "readonly",
                        one.readonly != other.readonly && other.readonly.is_some(),
                    ),
                    ("ndim", one.ndim != other.ndim && other.ndim.is_some()),
                ];
                differs
                    .into_iter()
                    .find(|(_, differs)| *differs)
                    .map(|(name, _)| format!("{name} differs"))
            }
        }
    };
    if let Some(how) = differ(zeros, again) {
        found.add(
            ("E-24", ""),
            zeros.request,
            "the same answer each time",
            how,
            "the same request was made twice, with the same struct full of zeros",
        );
        return false;
    } else if let Some(how) = differ(zeros, poisoned) {
        found.add(
            ("E-04", ""),
            zeros.request,
            "the same answer, whatever was in the struct",
            how,
            "the exporter reads the struct before it fills it in: asked with zeros in it, then with 0xA5",
        );
    }
    true
}

/// Return value and exception contradict each other.
pub(super) fn e05(answer: &Answer, found: &mut Breaches) {
    match (&answer.filled, &answer.raised) {
        (Some(_), Some(raised)) => found.add(
            ("E-05", ""),
            answer.request,
            "no exception is set, as it was granted",
            format!("{} is set", raised.name),
            format!("it says: {}", raised.message),
        ),
        (None, None) => found.add(
            ("E-05", ""),
            answer.request,
            "an exception is set, as it was refused",
            "none is set",
            "the caller gets a SystemError: returned NULL without setting an exception",
        ),
        _ => {}
    }
}

/// What the release leaves behind.
pub(super) fn e65(answer: &Answer, found: &mut Breaches) {
    if let Some(raised) = &answer.raised_by_release {
        found.add(
            ("E-65", ""),
            answer.request,
            "no exception after the release",
            format!("{} is set", raised.name),
            format!("it says: {}", raised.message),
        );
    }
}

/// What is raised by a refusal. `dead` where nothing at all is granted.
pub(super) fn e10(answer: &Answer, dead: bool, found: &mut Breaches) {
    let (None, Some(raised)) = (&answer.filled, &answer.raised) else {
        return;
    };
    let way = match raised.class {
        Class::Buffer => return,
        Class::Memory => "memory",
        Class::Value if dead => "dead",
        Class::Value => "value",
        Class::Other => "",
    };
    found.add(
        ("E-10", way),
        answer.request,
        "BufferError",
        raised.name.clone(),
        format!("it says: {}", raised.message),
    );
}

/// What a refusal leaves in `obj`.
pub(super) fn e11(answer: &Answer, found: &mut Breaches) {
    if answer.granted() {
        return;
    }
    let (way, seen) = match answer.owner {
        Owner::Null => return,
        Owner::Poison => ("untouched", "not written".to_owned()),
        Owner::Exporter => ("", "the exporter".to_owned()),
        Owner::Other => ("", format!("{:#x}", answer.obj)),
    };
    found.add(
        ("E-11", way),
        answer.request,
        "obj is NULL after a refusal",
        seen,
        "consumers that release without looking release what is in obj",
    );
}
