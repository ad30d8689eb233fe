//! Answers of every kind, true and false, against rules spelled out one by one.

use std::ptr;

use onloan_core::layout::Layout;
use onloan_core::request::{Offer, Request, negotiate};
use proptest::prelude::*;
use pyo3::ffi;

use super::{Contradiction, read, read_any, read_axes, read_row, read_usual};
use crate::view::geometry::Geometry;

/// An answer that owns its arrays.
#[derive(Clone, Debug)]
struct Answer {
    null: bool,
    len: isize,
    itemsize: isize,
    readonly: bool,
    ndim: i32,
    shape: Option<Vec<isize>>,
    strides: Option<Vec<isize>>,
    suboffsets: Option<Vec<isize>>,
}

impl Answer {
    fn struct_(&mut self) -> ffi::Py_buffer {
        let array = |numbers: &mut Option<Vec<isize>>| {
            numbers.as_mut().map_or(ptr::null_mut(), Vec::as_mut_ptr)
        };
        ffi::Py_buffer {
            buf: ptr::without_provenance_mut(if self.null { 0 } else { 4096 }),
            len: self.len,
            itemsize: self.itemsize,
            readonly: self.readonly.into(),
            ndim: self.ndim,
            shape: array(&mut self.shape),
            strides: array(&mut self.strides),
            suboffsets: array(&mut self.suboffsets),
            ..ffi::Py_buffer::new()
        }
    }

    /// The layout that it means, in exact numbers; `None` if it contradicts itself. The oracle.
    fn meant(&self, request: Request) -> Option<Layout> {
        let whole = |number: isize| usize::try_from(number).ok();
        let layout = if request.wants(Request::ND) {
            let ndim = usize::try_from(self.ndim).ok().filter(|ndim| *ndim <= 64)?;
            let itemsize = whole(self.itemsize)?;
            let shape = match &self.shape {
                Some(shape) => shape[..ndim].to_vec(),
                None if ndim == 0 => Vec::new(),
                None if ndim == 1 && itemsize == 0 => vec![0],
                None if ndim == 1 => vec![self.len / self.itemsize],
                None => return None,
            };
            let first = |numbers: &Vec<isize>| numbers[..ndim].to_vec();
            let strides = self.strides.as_ref().filter(|_| ndim > 0).map(first);
            let suboffsets = self.suboffsets.as_ref().filter(|_| ndim > 0).map(first);
            let layout = match (strides, suboffsets) {
                (None, None) => Layout::c_order(&shape, itemsize),
                (Some(strides), None) => Layout::strided(&shape, &strides, itemsize),
                (Some(strides), Some(suboffsets)) => {
                    Layout::indirect(&shape, &strides, &suboffsets, itemsize)
                }
                (None, Some(_)) => return None,
            }
            .ok()?;
            let times = |bytes: i128, extent: &isize| bytes.saturating_mul(*extent as i128);
            let bytes = if shape.contains(&0) {
                0
            } else {
                shape.iter().fold(self.itemsize as i128, times)
            };
            (bytes == self.len as i128).then_some(layout)?
        } else {
            Layout::vector(whole(self.len)?, 1).ok()?
        };
        (layout.nbytes() == 0 || !self.null).then_some(layout)
    }
}

fn number() -> impl Strategy<Value = isize> {
    let edge = prop_oneof![
        Just(isize::MAX),
        Just(isize::MIN),
        Just(isize::MAX / 8),
        Just(1 << 31)
    ];
    let near = (edge, -3..4_isize).prop_map(|(edge, near)| edge.saturating_add(near));
    prop_oneof![20 => -2..6_isize, 1 => near]
}

fn numbers() -> impl Strategy<Value = Vec<isize>> {
    repeated(number())
}

/// As many as an answer may look at, the first few of them over and over.
fn repeated(number: impl Strategy<Value = isize>) -> impl Strategy<Value = Vec<isize>> {
    prop::collection::vec(number, 6)
        .prop_map(|numbers| numbers.into_iter().cycle().take(65).collect())
}

/// All requests, and often those that take whatever there is.
fn requests() -> impl Strategy<Value = Request> {
    let any = (0..Request::COUNT).prop_map(|request| Request::ALL[request]);
    prop_oneof![Just(Request::FULL_RO), Just(Request::FULL), any]
}

/// Answers of which many hold together.
fn answers() -> impl Strategy<Value = Answer> {
    let ndim = prop_oneof![20 => 0..5_i32, 2 => 6..65_i32, 1 => Just(-1), 1 => Just(65)];
    let itemsize = prop_oneof![10 => 0..9_isize, 1 => number()];
    let shape = prop::option::weighted(0.9, numbers());
    let strides = prop::option::weighted(0.7, numbers());
    let suboffsets = prop::option::weighted(0.2, repeated(-2..3_isize));
    let fields = (ndim, itemsize, shape, strides, suboffsets, number());
    (fields, any::<bool>(), 0..10_u8, 0..4_u8).prop_map(
        |((ndim, itemsize, shape, strides, suboffsets, other), readonly, null, gapless)| {
            let axes = usize::try_from(ndim).unwrap_or(0).min(64);
            let product = |numbers: &[isize]| {
                let number = numbers.iter().fold(itemsize as i128, |bytes, extent| {
                    bytes.saturating_mul(*extent as i128)
                });
                isize::try_from(number).ok()
            };
            let given = shape.as_deref().unwrap_or(&[0; 65]);
            let len = product(&given[..axes]).filter(|_| other != 0);
            // Strides without gaps, now and then.
            let strides = match (strides, gapless) {
                (Some(_), 0) => (0..65)
                    .map(|axis| product(given.get(axis + 1..axes).unwrap_or(&[])))
                    .collect(),
                (strides, _) => strides,
            };
            Answer {
                null: null == 0,
                len: len.unwrap_or(other),
                itemsize,
                readonly,
                ndim,
                shape,
                strides,
                suboffsets,
            }
        },
    )
}

fn same(geometry: &Geometry, layout: &Layout) -> Result<(), TestCaseError> {
    prop_assert_eq!(geometry.layout(), layout);
    prop_assert_eq!(geometry.shape(), layout.shape());
    prop_assert_eq!(geometry.strides(), layout.strides());
    prop_assert_eq!(geometry.size(), layout.size());
    prop_assert_eq!(geometry.is_gapless(), layout.is_c_contiguous());
    prop_assert_eq!(
        geometry.line(),
        Geometry::of(ptr::null_mut(), layout.clone()).line()
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 8192, ..ProptestConfig::default() })]

    #[test]
    fn an_answer_is_taken_for_what_it_means_or_refused(mut answer in answers(), request in 0..Request::COUNT) {
        let request = Request::ALL[request];
        let meant = answer.meant(request);
        let filled = answer.struct_();
        let mut geometry = Geometry::nothing();
        // SAFETY: arrays of 65 numbers, which nobody writes to.
        let found = unsafe { read(&filled, request, &mut geometry) };
        let kept = |layout: &Layout| {
            let asked = if request.wants(Request::ND) { request } else { request.without(Request::FORMAT) };
            negotiate(Offer::of(layout, answer.readonly), asked)
        };
        match (found, meant) {
            (Ok(()), Some(layout)) => {
                prop_assert!(kept(&layout).is_ok());
                prop_assert_eq!(geometry.base.is_null(), answer.null);
                same(&geometry, &layout)?;
            }
            (Err(Contradiction::Granted(clause, _)), Some(layout)) => prop_assert_eq!(kept(&layout), Err(clause)),
            (Err(_), None) => {}
            (found, meant) => prop_assert!(false, "{:?}, but meant is {:?}", found, meant),
        }
    }

    #[test]
    fn the_short_ways_find_what_the_long_way_finds(
        mut answer in answers(), request in requests(), likely in prop::option::of(0..9_usize)
    ) {
        let filled = answer.struct_();
        let (mut row, mut axes, mut any) = (Geometry::nothing(), Geometry::nothing(), Geometry::nothing());
        // SAFETY: arrays of 65 numbers, which nobody writes to.
        let by_row = unsafe { read_row(&filled, request, likely, &mut row) };
        // SAFETY: as above.
        let by_axes = unsafe { read_axes(&filled, request, &mut axes) };
        // SAFETY: as above.
        let by_any = unsafe { read_any(&filled, request, &mut any) };
        let mut usual = Geometry::nothing();
        // SAFETY: as above.
        let by_usual = unsafe { read_usual(&filled, request, likely, &mut usual) };
        let writes = request == Request::FULL && !answer.readonly;
        let whatever = request == Request::FULL_RO || writes;
        prop_assert_eq!(by_usual, by_row.filter(|()| whatever));
        prop_assert_eq!(usual.facts.writable, by_usual.is_some() && writes);
        for (short, geometry) in [(by_row, row), (by_axes, axes), (by_usual, usual)] {
            if short.is_some() {
                prop_assert_eq!(by_any, Ok(()));
                same(&geometry, any.layout())?;
            }
        }
    }
}

#[test]
fn most_answers_that_hold_together_go_a_short_way() {
    let mut answer = Answer {
        null: false,
        len: 24,
        itemsize: 4,
        readonly: true,
        ndim: 2,
        shape: Some(vec![2, 3]),
        strides: Some(vec![4, 8]),
        suboffsets: None,
    };
    let filled = answer.struct_();
    let mut geometry = Geometry::nothing();
    // SAFETY: arrays of two numbers, which nobody writes to.
    let by_axes = unsafe { read_axes(&filled, Request::FULL_RO, &mut geometry) };
    assert_eq!(by_axes, Some(()));
    answer.ndim = 1;
    answer.shape = Some(vec![6]);
    for (strides, likely) in [
        (None, None),
        (Some(vec![4]), None),
        (Some(vec![4]), Some(4)),
    ] {
        answer.strides = strides;
        let filled = answer.struct_();
        // SAFETY: as above.
        let by_row = unsafe { read_row(&filled, Request::FULL_RO, likely, &mut geometry) };
        assert_eq!(by_row, Some(()));
    }
}
