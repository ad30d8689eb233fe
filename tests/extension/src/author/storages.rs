//! Every storage there is, each with some items in it.

use std::fs::{self, OpenOptions};
use std::path::PathBuf;
use std::sync::Arc;

use arrow_buffer::{Buffer, ScalarBuffer};
use bytes::{Bytes, BytesMut};
use memmap2::{Mmap, MmapMut};
use ndarray::{
    ArcArray, Array, Array1, Array2, Array3, ArrayD, Axis, Dimension, IxDyn, ShapeBuilder, Slice,
    arr0,
};
use onloan::{
    AlignedVec, Element, ExportCell, Mapping, Pages, Part, Region, RegionMut, Rows, Storage,
    StorageMut,
};
use pyo3::exceptions::{PyMemoryError, PyOSError, PyValueError};
use pyo3::prelude::*;

use super::lent::{Encode, Lent, encoded};
use super::of_kind;

/// Every storage, by name.
#[pyfunction]
pub(crate) fn storages() -> PyResult<Vec<(&'static str, Lent)>> {
    let mut all = standard();
    all.extend(aligned()?);
    all.extend(of_other_crates()?);
    all.extend(arrays());
    all.push((
        "an author's own",
        Lent::new(
            ExportCell::writable(Samples {
                rate: 48_000,
                values: vec![0.5, -0.25],
            }),
            |samples: &Samples| {
                assert_eq!(samples.rate, 48_000);
                encoded(&samples.values)
            },
        ),
    ));
    Ok(all)
}

/// A storage as an author adds one.
struct Samples {
    rate: u32,
    values: Vec<f32>,
}

impl Storage for Samples {
    fn region(&self) -> Region<'_> {
        Region::of(&self.values)
    }
}

impl StorageMut for Samples {
    fn region_mut(&mut self) -> RegionMut<'_> {
        RegionMut::of(&mut self.values)
    }
}

fn standard() -> Vec<(&'static str, Lent)> {
    let numbers: Vec<u16> = vec![1, 0x0203, 0xffff];
    let shared: Arc<[u16]> = numbers.clone().into();
    static STATIC: [i32; 3] = [-1, 0, 1];
    vec![
        (
            "Vec",
            Lent::new(ExportCell::writable(numbers.clone()), |items: &Vec<u16>| {
                encoded(items)
            }),
        ),
        (
            "Vec read-only",
            Lent::new(
                ExportCell::read_only(numbers.clone()),
                |items: &Vec<u16>| encoded(items),
            ),
        ),
        (
            "Vec exclusive",
            Lent::new(
                ExportCell::exclusive(numbers.clone()),
                |items: &Vec<u16>| encoded(items),
            ),
        ),
        (
            "Vec empty",
            Lent::new(
                ExportCell::writable(Vec::<u16>::new()),
                |items: &Vec<u16>| encoded(items),
            ),
        ),
        (
            "Vec of arrays",
            Lent::new(
                ExportCell::writable(vec![[1_u16, 2, 3], [4, 5, 6]]),
                |items: &Vec<[u16; 3]>| encoded(items),
            ),
        ),
        (
            "Box",
            Lent::new(
                ExportCell::writable(numbers.clone().into_boxed_slice()),
                boxed,
            ),
        ),
        (
            "Arc",
            Lent::new(
                ExportCell::read_only(shared.clone()),
                |items: &Arc<[u16]>| encoded(&**items),
            ),
        ),
        (
            "Arc of Vec",
            Lent::new(
                ExportCell::read_only(Arc::new(numbers)),
                |items: &Arc<Vec<u16>>| encoded(&**items),
            ),
        ),
        (
            "Part",
            Lent::new(
                ExportCell::read_only(Part::new(shared, 1..3).expect("two of three")),
                |part: &Part<u16>| encoded(&**part),
            ),
        ),
        (
            "static slice",
            Lent::new(
                ExportCell::read_only(&STATIC[..]),
                |items: &&'static [i32]| encoded(*items),
            ),
        ),
        (
            "static str",
            Lent::new(ExportCell::read_only("naïve"), |text: &&'static str| {
                text.as_bytes().to_vec()
            }),
        ),
        (
            "String",
            Lent::new(
                ExportCell::read_only("zwölf".to_owned()),
                |text: &String| text.as_bytes().to_vec(),
            ),
        ),
        (
            "Rows",
            Lent::new(
                ExportCell::writable(
                    Rows::new([vec![1_i64, 2], vec![3, 4], vec![5, 6]]).expect("of equal length"),
                ),
                |rows: &Rows<i64>| {
                    encoded(
                        (0..rows.shape().0)
                            .filter_map(|row| rows.row(row))
                            .flatten(),
                    )
                },
            ),
        ),
    ]
}

#[allow(clippy::borrowed_box)] // The storage is the box.
fn boxed(items: &Box<[u16]>) -> Vec<u8> {
    encoded(&**items)
}

fn aligned() -> PyResult<Vec<(&'static str, Lent)>> {
    let failed = |error: onloan::OutOfMemory| PyMemoryError::new_err(error.to_string());
    let small = AlignedVec::copied_from(&[1.5_f64, 2.5]).map_err(failed)?;
    let mut page = AlignedVec::<u8>::zeroed(3, 4096, Pages::Ordinary).map_err(failed)?;
    page.copy_from_slice(b"abc");
    let mut huge = AlignedVec::<u64>::zeroed(300_000, 0, Pages::Huge).map_err(failed)?;
    huge[299_999] = u64::MAX;
    Ok(vec![
        (
            "AlignedVec",
            Lent::new(ExportCell::writable(small), |items: &AlignedVec<f64>| {
                encoded(&**items)
            }),
        ),
        (
            "AlignedVec at 4096",
            Lent::new(ExportCell::read_only(page), |items: &AlignedVec<u8>| {
                items.to_vec()
            }),
        ),
        (
            "AlignedVec on huge pages",
            Lent::new(ExportCell::writable(huge), |items: &AlignedVec<u64>| {
                encoded(&**items)
            }),
        ),
        (
            "AlignedVec empty",
            Lent::new(
                ExportCell::writable(AlignedVec::<f32>::new()),
                |items: &AlignedVec<f32>| encoded(&**items),
            ),
        ),
    ])
}

fn of_other_crates() -> PyResult<Vec<(&'static str, Lent)>> {
    let mut anonymous = MmapMut::map_anon(4096).map_err(PyOSError::new_err)?;
    anonymous[..5].copy_from_slice(b"mmap!");
    let frozen = MmapMut::map_anon(16)
        .and_then(MmapMut::make_read_only)
        .map_err(PyOSError::new_err)?;
    let shared = Bytes::from_static(b"a slice of shared bytes");
    Ok(vec![
        (
            "bytes::Bytes",
            Lent::new(
                ExportCell::read_only(shared.slice(2..7)),
                |bytes: &Bytes| bytes.to_vec(),
            ),
        ),
        (
            "bytes::BytesMut",
            Lent::new(
                ExportCell::writable(BytesMut::from(&b"mutable"[..])),
                |bytes: &BytesMut| bytes.to_vec(),
            ),
        ),
        (
            "memmap2::MmapMut",
            Lent::new(ExportCell::writable(anonymous), |map: &MmapMut| {
                map.to_vec()
            }),
        ),
        (
            "memmap2::Mmap",
            Lent::new(ExportCell::read_only(frozen), |map: &Mmap| map.to_vec()),
        ),
        (
            "arrow_buffer::Buffer",
            Lent::new(
                ExportCell::read_only(Buffer::from(b"arrow".to_vec())),
                |buffer: &Buffer| buffer.as_slice().to_vec(),
            ),
        ),
        (
            "arrow_buffer::ScalarBuffer",
            Lent::new(
                ExportCell::read_only(ScalarBuffer::from(vec![7_i32, -7, 70]).slice(1, 2)),
                |buffer: &ScalarBuffer<i32>| encoded(&**buffer),
            ),
        ),
    ])
}

fn arrays() -> Vec<(&'static str, Lent)> {
    fn writable<T: Encode + onloan::element::AnyBits, D: Dimension + 'static>(
        array: Array<T, D>,
    ) -> Lent {
        Lent::new(ExportCell::writable(array), |array: &Array<T, D>| {
            encoded(array)
        })
    }
    let table = || Array2::from_shape_fn((2, 3), |(row, column)| (10 * row + column) as f64);
    let mut reversed = Array1::from_vec(vec![1_i32, 2, 3, 4]);
    reversed.invert_axis(Axis(0));
    let mut sliced = Array3::from_shape_fn((2, 4, 3), |(a, b, c)| (100 * a + 10 * b + c) as i16);
    sliced.slice_axis_inplace(Axis(1), Slice::new(1, None, 2));
    sliced.slice_axis_inplace(Axis(2), Slice::new(0, None, -2));
    let mut columns = Array2::<u8>::zeros((3, 2).f());
    columns.assign(&Array2::from_shape_fn((3, 2), |(row, column)| {
        (16 * row + column) as u8
    }));
    vec![
        ("ndarray in C order", writable(table())),
        ("ndarray in Fortran order", writable(columns)),
        ("ndarray transposed", writable(table().reversed_axes())),
        ("ndarray sliced", writable(sliced)),
        ("ndarray reversed", writable(reversed)),
        (
            "ndarray of dynamic rank",
            writable(ArrayD::from_shape_fn(IxDyn(&[2, 1, 2]), |index| {
                (4 * index[0] + index[2]) as u32
            })),
        ),
        ("ndarray without axes", writable(arr0(2.5_f32))),
        ("ndarray empty", writable(Array2::<f64>::zeros((0, 3)))),
        ("ndarray shared", shared(table().into_shared())),
    ]
}

fn shared<T: Encode + Element, D: Dimension + 'static>(array: ArcArray<T, D>) -> Lent {
    // A second owner, in Rust, stays.
    let other = array.clone();
    Lent::new(
        ExportCell::read_only(array),
        move |array: &ArcArray<T, D>| {
            assert_eq!(array.len(), other.len());
            encoded(array)
        },
    )
}

/// A part of a file, mapped as told: `read_only`, `shared` or `private`.
#[pyfunction]
pub(crate) fn map_file(
    path: PathBuf,
    how: &str,
    kind: &str,
    offset: u64,
    length: usize,
) -> PyResult<Lent> {
    let file = OpenOptions::new()
        .read(true)
        .write(how == "shared")
        .open(&path)?;
    let map = match how {
        "read_only" => Mapping::read_only(&file, offset, length)?,
        "shared" => Mapping::shared(&file, offset, length)?,
        "private" => Mapping::private(&file, offset, length)?,
        other => return Err(PyValueError::new_err(format!("no way to map: {other}"))),
    };
    let cell = of_kind(kind, ExportCell::builder(map))?;
    // Rust makes no reference into the mapping: it reads the file.
    Ok(Lent::new(cell, move |_: &Mapping| {
        fs::read(&path).unwrap_or_default()
    }))
}
