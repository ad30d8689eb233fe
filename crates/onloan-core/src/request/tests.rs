use alloc::{format, string::ToString, vec::Vec};

use super::*;

/// Names and values copied from CPython's `Include/pybuffer.h`.
const PYBUFFER_H: [(&str, i32); 17] = [
    ("SIMPLE", 0),
    ("WRITABLE", 0x0001),
    ("FORMAT", 0x0004),
    ("ND", 0x0008),
    ("STRIDES", 0x0010 | 0x0008),
    ("C_CONTIGUOUS", 0x0020 | 0x0010 | 0x0008),
    ("F_CONTIGUOUS", 0x0040 | 0x0010 | 0x0008),
    ("ANY_CONTIGUOUS", 0x0080 | 0x0010 | 0x0008),
    ("INDIRECT", 0x0100 | 0x0010 | 0x0008),
    ("CONTIG", 0x0008 | 0x0001),
    ("CONTIG_RO", 0x0008),
    ("STRIDED", 0x0018 | 0x0001),
    ("STRIDED_RO", 0x0018),
    ("RECORDS", 0x0018 | 0x0001 | 0x0004),
    ("RECORDS_RO", 0x0018 | 0x0004),
    ("FULL", 0x0118 | 0x0001 | 0x0004),
    ("FULL_RO", 0x0118 | 0x0004),
];

/// `expect(b, flags)` as the specification has it: raw flags, one line a clause, in its order.
fn expected(
    (readonly, c, f, suboffsets): (bool, bool, bool, bool),
    flags: i32,
) -> Result<(), Clause> {
    let asked = |mask: i32| (flags & mask) == mask;
    if asked(0x001) && readonly {
        return Err(Clause::NotWritable);
    }
    if asked(0x038) && !c {
        return Err(Clause::NotCContiguous);
    }
    if asked(0x058) && !f {
        return Err(Clause::NotFContiguous);
    }
    if asked(0x098) && !c && !f {
        return Err(Clause::NotContiguous);
    }
    if !asked(0x118) && suboffsets {
        return Err(Clause::NeedsSuboffsets);
    }
    if !asked(0x018) && !c {
        return Err(Clause::NeedsStrides);
    }
    if !asked(0x008) && asked(0x004) {
        return Err(Clause::FormatWithoutNd);
    }
    Ok(())
}

/// The twelve kinds of memory there are: suboffsets exclude contiguity.
fn memories() -> impl Iterator<Item = (bool, bool, bool, bool)> {
    (0..16)
        .map(|bits| (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0, bits & 8 != 0))
        .filter(|(_, c, f, suboffsets)| !(*suboffsets && (*c || *f)))
}

fn offer_of((readonly, c, f, suboffsets): (bool, bool, bool, bool)) -> Offer {
    Offer::new(readonly, c, f, suboffsets)
}

#[test]
fn the_constants_are_those_of_pybuffer_h() {
    for (name, value) in PYBUFFER_H {
        let request: Request = name.parse().unwrap();
        assert_eq!(request.flags(), value, "{name}");
        assert_eq!(Request::from_flags(value), request, "{name}");
        assert_eq!(format!("PyBUF_{name}").parse(), Ok(request));
    }
}

#[test]
fn the_72_requests_are_closed_under_implication_and_numbered_densely() {
    let implied = |flags: i32| {
        let stride_users = flags & 0x1e0 != 0;
        (!stride_users || flags & 0x18 == 0x18) && (flags & 0x10 == 0 || flags & 0x08 != 0)
    };
    let mut closed: Vec<i32> = (0..0x200)
        .filter(|flags| flags & 0x002 == 0 && implied(*flags))
        .collect();
    assert_eq!(closed.len(), 72);
    let mut all: Vec<i32> = Request::all().map(Request::flags).collect();
    for (index, request) in Request::all().enumerate() {
        assert_eq!(request.index(), index);
        assert_eq!(Request::from_index(index), Some(request));
    }
    assert_eq!(Request::from_index(72), None);
    assert_eq!(Request::from_index(usize::MAX), None);
    closed.sort_unstable();
    all.sort_unstable();
    assert_eq!(all, closed);
}

#[test]
fn every_request_reads_back_from_what_it_is_written_as() {
    let mut written = Vec::new();
    for request in Request::all() {
        let text = request.to_string();
        assert_eq!(text.parse(), Ok(request), "{text}");
        assert_eq!(format!("{request:?}"), text);
        written.push(text);
    }
    written.sort_unstable();
    written.dedup();
    assert_eq!(written.len(), 72);
}

#[test]
fn requests_are_written_with_the_fewest_names() {
    let named = |request: Request| request.to_string();
    assert_eq!(named(Request::SIMPLE), "SIMPLE");
    assert_eq!(named(Request::WRITABLE), "WRITABLE");
    assert_eq!(named(Request::FULL_RO), "FULL_RO");
    assert_eq!(named(Request::RECORDS), "RECORDS");
    assert_eq!(named(Request::CONTIG), "ND|WRITABLE");
    assert_eq!(named(Request::STRIDED_RO), "STRIDES");
    let many = Request::C_CONTIGUOUS.with(Request::FULL_RO);
    assert_eq!(named(many), "C_CONTIGUOUS|INDIRECT|FORMAT");
    assert_eq!(format!("{:>9}", Request::FULL), "     FULL");
}

#[test]
fn an_unknown_name_is_named() {
    let error = "ND | WRITEABLE".parse::<Request>().unwrap_err();
    assert_eq!(error.name(), "WRITEABLE");
    assert!(error.to_string().contains("FULL_RO"));
    assert!("".parse::<Request>().is_err());
    assert!("ND|".parse::<Request>().is_err());
    assert_eq!(" ND | FULL_RO ".parse(), Ok(Request::FULL_RO));
}

#[test]
fn a_flag_counts_only_when_all_its_bits_are_set() {
    assert_eq!(Request::from_flags(0x10), Request::SIMPLE);
    assert_eq!(Request::from_flags(0x20), Request::SIMPLE);
    assert_eq!(Request::from_flags(0x28), Request::ND);
    assert_eq!(Request::from_flags(0x30), Request::SIMPLE);
    assert_eq!(Request::from_flags(0x100), Request::SIMPLE);
    assert_eq!(Request::from_flags(0x11c | 0x4000), Request::FULL_RO);
    assert_eq!(Request::from_flags(-1).flags(), 0x1fd);
    for flags in 0..0x400 {
        let request = Request::from_flags(flags);
        assert!(Request::ALL.contains(&request), "{flags:#x}");
        for (name, flag) in PYBUFFER_H {
            let wanted = request.wants(name.parse().unwrap());
            assert_eq!(wanted, flags & flag == flag, "{flags:#x} {name}");
        }
    }
}

#[test]
fn without_leaves_what_the_flag_implies_and_drops_what_needs_it() {
    for request in Request::all() {
        for flag in [
            Request::C_CONTIGUOUS,
            Request::F_CONTIGUOUS,
            Request::INDIRECT,
        ] {
            let less = request.without(flag);
            assert!(!less.wants(flag));
            assert_eq!(
                less.wants(Request::STRIDES),
                request.wants(Request::STRIDES)
            );
        }
        let flat = request.without(Request::STRIDES);
        assert_eq!(flat.flags(), request.flags() & 0x0d);
        assert_eq!(request.without(Request::ND).flags(), request.flags() & 0x05);
        assert_eq!(request.without(Request::SIMPLE), request);
    }
    assert_eq!(Request::FULL.without(Request::WRITABLE), Request::FULL_RO);
}

#[test]
fn negotiation_is_the_oracle_for_every_request_and_every_memory() {
    let mut cases = 0;
    for memory in memories() {
        for request in Request::all() {
            let granted = negotiate(offer_of(memory), request).map(|_| ());
            assert_eq!(
                granted,
                expected(memory, request.flags()),
                "{memory:?} {request}"
            );
            cases += 1;
        }
    }
    assert_eq!(cases, 10 * 72);
}

#[test]
fn negotiation_answers_raw_flags_by_the_oracle_too() {
    for memory in memories() {
        for flags in (0..0x200).chain([-1, i32::MIN, i32::MAX, 0x4000 | 0x11c]) {
            let granted = negotiate(offer_of(memory), Request::from_flags(flags)).map(|_| ());
            assert_eq!(granted, expected(memory, flags), "{memory:?} {flags:#x}");
        }
    }
}

#[test]
fn a_grant_names_the_fields_that_the_flags_asked_for() {
    for memory in memories() {
        for request in Request::all() {
            let Ok(grant) = negotiate(offer_of(memory), request) else {
                continue;
            };
            let asked = |mask: i32| request.flags() & mask == mask;
            assert_eq!(grant.format(), asked(0x04));
            assert_eq!(grant.shape(), asked(0x08));
            assert_eq!(grant.strides(), asked(0x18));
            assert_eq!(grant.fortran(), asked(0x58) && !asked(0x38));
            assert_eq!(grant.suboffsets(), memory.3, "{memory:?} {request}");
            let listed = Grant::from_index(grant.index());
            let fields = |grant: Grant| {
                (
                    grant.format(),
                    grant.shape(),
                    grant.strides(),
                    grant.fortran(),
                )
            };
            assert_eq!(fields(listed), fields(grant));
        }
    }
}

#[test]
fn an_offer_with_suboffsets_is_never_contiguous() {
    for bits in 0..16_u8 {
        let offer = Offer::new(bits & 1 != 0, bits & 2 != 0, bits & 4 != 0, bits & 8 != 0);
        assert_eq!(offer.readonly(), bits & 1 != 0);
        assert_eq!(offer.indirect(), bits & 8 != 0);
        assert_eq!(offer.c_contiguous(), bits & 2 != 0 && bits & 8 == 0);
        assert_eq!(offer.f_contiguous(), bits & 4 != 0 && bits & 8 == 0);
        assert_eq!(
            offer.contiguous(),
            offer.c_contiguous() || offer.f_contiguous()
        );
        assert!(offer.bits() < 16);
    }
}

#[test]
fn where_several_clauses_fail_the_one_listed_first_is_named() {
    let worst = Offer::new(true, false, false, true);
    let mut request = Request::from_flags(0xfd);
    for clause in &Clause::ALL[..5] {
        assert_eq!(negotiate(worst, request), Err(*clause));
        request = match clause {
            Clause::NotWritable => request.without(Request::WRITABLE),
            Clause::NotCContiguous => request.without(Request::C_CONTIGUOUS),
            Clause::NotFContiguous => request.without(Request::F_CONTIGUOUS),
            _ => request.without(Request::ANY_CONTIGUOUS),
        };
    }
    let strided = Offer::new(true, false, false, false);
    assert_eq!(
        negotiate(strided, Request::FORMAT),
        Err(Clause::NeedsStrides)
    );
    let flat = Offer::new(true, true, true, false);
    assert_eq!(
        negotiate(flat, Request::FORMAT),
        Err(Clause::FormatWithoutNd)
    );
}

#[test]
fn the_nearest_request_is_granted_and_none_is_nearer() {
    let distance = |a: Request, b: Request| (a.flags() ^ b.flags()).count_ones();
    let mut refusals = 0;
    for memory in memories() {
        let offer = offer_of(memory);
        for request in Request::all() {
            let Some(refusal) = Refusal::new(offer, request) else {
                continue;
            };
            let nearest = refusal.nearest();
            assert_eq!(
                expected(memory, nearest.flags()),
                Ok(()),
                "{memory:?} {request}"
            );
            let least = Request::all()
                .filter(|other| expected(memory, other.flags()).is_ok())
                .map(|other| distance(request, other))
                .min();
            assert_eq!(
                Some(distance(request, nearest)),
                least,
                "{memory:?} {request}"
            );
            refusals += 1;
        }
    }
    assert!(refusals > 400);
}

#[test]
fn a_refusal_names_clause_request_memory_and_remedy() {
    let mapped = Offer::new(true, false, false, true);
    let refusal = Refusal::new(mapped, Request::CONTIG).unwrap();
    assert_eq!(
        refusal.to_string(),
        "buffer is not writable: asked for ND|WRITABLE, the memory is read-only, with suboffsets; \
         INDIRECT would be granted"
    );
    assert_eq!(refusal.clause().code(), "not-writable");
    assert_eq!(
        (refusal.request(), refusal.offer()),
        (Request::CONTIG, mapped)
    );
    let mut codes: Vec<&str> = Clause::ALL.iter().map(|clause| clause.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), 7);
}

#[test]
fn the_table_answers_any_flags_as_negotiation_does() {
    for bits in 0..16 {
        let offer = Offer::from_bits(bits);
        let answers = offer.answers();
        for flags in 0..512 {
            for unknown in [0, 0x4000, i32::MIN, !511] {
                let expected = negotiate(offer, Request::from_flags(flags)).ok();
                assert_eq!(
                    answers.grant(flags | unknown),
                    expected,
                    "{offer:?} {flags:#x}"
                );
            }
        }
    }
}
