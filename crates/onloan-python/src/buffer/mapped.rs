//! Mapped files and shared memory.
//!
//! Shared memory is opened with `shm_open` by way of `rustix`: safe, close-on-exec, and right also where there is no `/dev/shm` to open files
//! in. A segment is made as `multiprocessing.shared_memory` makes one, so each opens what the other made. Unlike there nobody unlinks a
//! segment on his own: Python's resource tracker removes segments that other processes still use when the first of them ends.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use onloan::Mapping;
use onloan::layout::Layout;
use pyo3::prelude::*;

use super::create::c_order;
use super::memory::{self, Memory};
use super::{Buffer, Origin};
use crate::errors;
use crate::item::Item;
use crate::shape;

/// `Buffer.from_file(path, …)`.
pub(super) fn from_file(
    py: Python<'_>,
    path: &Path,
    mode: &str,
    item: Item,
    shape: Option<&Bound<'_, PyAny>>,
    [offset, length]: [Option<&Bound<'_, PyAny>>; 2],
) -> PyResult<Buffer> {
    let map = match mode {
        "r" => Mapping::read_only,
        "r+" => Mapping::shared,
        "c" => Mapping::private,
        _ => {
            return Err(errors::value(format!(
                "mode is {mode:?}, not \"r\", \"r+\" or \"c\""
            )));
        }
    };
    let shape = shape.map(shape::shape).transpose()?;
    let offset = offset.map_or(Ok(0), |offset| shape::count(offset, "offset"))?;
    let length = length
        .map(|length| shape::count(length, "length"))
        .transpose()?;
    let os = |error: &io::Error| errors::os(py, error, path.as_os_str());
    let open = || {
        let file = OpenOptions::new()
            .read(true)
            .write(mode == "r+")
            .open(path)?;
        let facts = file.metadata()?;
        if facts.is_dir() {
            return Err(is_a_directory());
        }
        Ok((file, facts.len()))
    };
    let (file, size) = py.detach(open).map_err(|error| os(&error))?;
    let rest = usize::try_from(size)
        .unwrap_or(usize::MAX)
        .checked_sub(offset);
    let rest = rest.ok_or_else(|| {
        errors::value(format!("offset is {offset}, but the file has {size} bytes"))
    })?;
    let layout = place(&item, shape.as_deref(), length, rest)?;
    let map = py
        .detach(|| map(&file, offset as u64, layout.nbytes()))
        .map_err(|error| os(&error))?;
    made(map, item, layout, mode == "r", Origin::File)
}

fn made(
    map: Mapping,
    item: Item,
    layout: Layout,
    readonly: bool,
    origin: Origin,
) -> PyResult<Buffer> {
    let cell = memory::held(Memory::Mapped(map), &item, layout, readonly)?;
    Ok(Buffer::made(cell, item, origin))
}

/// How items are laid out in `length` bytes, or if that is not said in as many as `shape` needs, or in the `rest` of a file.
fn place(
    item: &Item,
    shape: Option<&[isize]>,
    length: Option<usize>,
    rest: usize,
) -> PyResult<Layout> {
    let layout = match shape {
        Some(shape) => c_order(shape, item)?,
        None => {
            let bytes = length.unwrap_or(rest);
            if !bytes.is_multiple_of(item.size()) {
                return Err(errors::value(format!(
                    "{bytes} bytes are not a number of items of {} bytes",
                    item.size()
                )));
            }
            Layout::vector(bytes / item.size(), item.size()).map_err(errors::value)?
        }
    };
    let bytes = layout.nbytes();
    if let Some(length) = length
        && length != bytes
    {
        return Err(errors::value(format!(
            "length is {length}, but {layout} are {bytes} bytes"
        )));
    }
    if bytes > rest {
        return Err(errors::value(format!(
            "{layout} are {bytes} bytes; there are {rest}"
        )));
    }
    Ok(layout)
}

#[cfg(unix)]
fn is_a_directory() -> io::Error {
    io::Error::from(rustix::io::Errno::ISDIR)
}

#[cfg(not(unix))]
fn is_a_directory() -> io::Error {
    io::Error::from(io::ErrorKind::IsADirectory)
}

/// `Buffer.shared(name, …)`.
#[cfg(unix)]
pub(super) fn shared(
    py: Python<'_>,
    name: Option<&str>,
    create: bool,
    shape: Option<&Bound<'_, PyAny>>,
    item: Item,
    readonly: bool,
) -> PyResult<Buffer> {
    let shape = shape.map(shape::shape).transpose()?;
    let name = name.map(segment).transpose()?;
    let (name, file, layout) = if create {
        let Some(shape) = shape else {
            return Err(errors::type_error("create needs a shape"));
        };
        let layout = c_order(&shape, &item)?;
        if layout.nbytes() == 0 {
            return Err(errors::value("shared memory has at least one byte"));
        }
        let (name, file) = make(py, name, layout.nbytes())?;
        (name, file, layout)
    } else {
        let Some(name) = name else {
            return Err(errors::type_error(
                "opening shared memory needs a name; create=True makes some",
            ));
        };
        let os = |error: &io::Error| errors::os(py, error, name.as_ref());
        let file = open(&name, Opening::There { readonly }).map_err(|error| os(&error))?;
        let size = file.metadata().map_err(|error| os(&error))?.len();
        let rest = usize::try_from(size).unwrap_or(usize::MAX);
        let layout = place(&item, shape.as_deref(), None, rest)?;
        (name, file, layout)
    };
    let map = if readonly {
        Mapping::read_only
    } else {
        Mapping::shared
    };
    let map =
        map(&file, 0, layout.nbytes()).map_err(|error| errors::os(py, &error, name.as_ref()))?;
    made(map, item, layout, readonly, Origin::Shared(name))
}

/// The name of a segment without the slash that it begins with.
#[cfg(unix)]
fn segment(name: &str) -> PyResult<String> {
    let name = name.strip_prefix('/').unwrap_or(name);
    if name.is_empty() || name.contains(['/', '\0']) || name == "." || name == ".." {
        return Err(errors::value(format!(
            "{name:?} cannot be the name of shared memory"
        )));
    }
    Ok(name.to_owned())
}

#[cfg(unix)]
enum Opening {
    New,
    There { readonly: bool },
}

#[cfg(unix)]
fn open(name: &str, opening: Opening) -> io::Result<File> {
    use rustix::shm::{Mode, OFlags};
    let flags = match opening {
        Opening::New => OFlags::CREATE | OFlags::EXCL | OFlags::RDWR,
        Opening::There { readonly: true } => OFlags::RDONLY,
        Opening::There { readonly: false } => OFlags::RDWR,
    };
    let descriptor = rustix::shm::open(format!("/{name}"), flags, Mode::RUSR | Mode::WUSR)?;
    Ok(File::from(descriptor))
}

/// A new segment of `size` zeros, under a name that nobody has if none is given.
#[cfg(unix)]
fn make(py: Python<'_>, name: Option<String>, size: usize) -> PyResult<(String, File)> {
    let os = |error: &io::Error, name: &str| errors::os(py, error, name.as_ref());
    let chosen = name.is_some();
    let mut name = name.unwrap_or_else(any_name);
    let file = loop {
        match open(&name, Opening::New) {
            Ok(file) => break file,
            Err(error) if !chosen && error.kind() == io::ErrorKind::AlreadyExists => {
                name = any_name();
            }
            Err(error) => return Err(os(&error, &name)),
        }
    };
    let sized = py.detach(|| {
        file.set_len(size as u64)?;
        reserve(&file, size)
    });
    if let Err(error) = sized {
        let _ = rustix::shm::unlink(format!("/{name}"));
        return Err(os(&error, &name));
    }
    Ok((name, file))
}

/// Short, because some systems take 30 characters.
#[cfg(unix)]
fn any_name() -> String {
    use std::hash::{BuildHasher, Hasher, RandomState};
    // Seeded anew by the system for each.
    let random = RandomState::new().build_hasher().finish();
    format!("onloan_{random:016x}")
}

/// Has the system find the memory now: else it kills who touches it when it is short.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn reserve(file: &File, size: usize) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    match fallocate(file, FallocateFlags::empty(), 0, size as u64) {
        Err(rustix::io::Errno::OPNOTSUPP) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
fn reserve(_: &File, _: usize) -> io::Result<()> {
    Ok(())
}

/// Removes the name.
#[cfg(unix)]
pub(super) fn unlink(py: Python<'_>, name: &str) -> PyResult<()> {
    rustix::shm::unlink(format!("/{name}"))
        .map_err(|error| errors::os(py, &error.into(), name.as_ref()))
}

#[cfg(not(unix))]
pub(super) fn shared(
    _: Python<'_>,
    _: Option<&str>,
    _: bool,
    _: Option<&Bound<'_, PyAny>>,
    _: Item,
    _: bool,
) -> PyResult<Buffer> {
    Err(pyo3::exceptions::PyNotImplementedError::new_err(
        "this system has no POSIX shared memory",
    ))
}

#[cfg(not(unix))]
pub(super) fn unlink(_: Python<'_>, _: &str) -> PyResult<()> {
    Err(pyo3::exceptions::PyNotImplementedError::new_err(
        "this system has no POSIX shared memory",
    ))
}
