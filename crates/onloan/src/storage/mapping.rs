//! Memory of a file, of which nothing is assumed.
//!
//! Others may write to the file while it is mapped: another process, or this one through another mapping. So no reference into it is ever
//! made, and `memmap2`'s `Mmap`, which dereferences to `[u8]`, is not used. Consumers in Python see what is there at the time, as with the
//! standard library's `mmap`.
//!
//! Not promised: that the file stays as long as it was. If somebody truncates it, touching what is gone ends the process with a signal, here
//! as there.

use std::fs::File;
use std::io;
use std::ptr::NonNull;

use ::memmap2::{MmapOptions, MmapRaw};
use onloan_core::layout::Layout;

use super::{Region, RegionMut, Storage, StorageMut};

/// A part of a file, mapped: lent as bytes, for reading or for writing.
///
/// Anything that can be mapped will do, also POSIX shared memory opened as a [`File`]. The file may be closed afterwards.
#[derive(Debug)]
pub struct Mapping {
    map: MmapRaw,
    writable: bool,
}

impl Mapping {
    /// Maps `length` bytes from `offset` on, for reading. The offset need not lie at a page.
    ///
    /// # Errors
    /// The file has not these bytes (`InvalidInput`), or the system refuses.
    pub fn read_only(file: &File, offset: u64, length: usize) -> io::Result<Mapping> {
        let map = within(file, offset, length)?.map_raw_read_only(file)?;
        Ok(Mapping {
            map,
            writable: false,
        })
    }

    /// Maps for reading and writing: what is written becomes part of the file. The file is open for both.
    ///
    /// # Errors
    /// As [`read_only`](Self::read_only).
    pub fn shared(file: &File, offset: u64, length: usize) -> io::Result<Mapping> {
        let map = within(file, offset, length)?.map_raw(file)?;
        Ok(Mapping {
            map,
            writable: true,
        })
    }

    /// Maps for reading and writing: what is written stays in this mapping, and the file as it is.
    ///
    /// # Errors
    /// As [`read_only`](Self::read_only).
    pub fn private(file: &File, offset: u64, length: usize) -> io::Result<Mapping> {
        // SAFETY: what `memmap2` asks for, that nobody changes the file, is needed only for references into the mapping; it becomes a raw
        // one before there is any.
        let map = unsafe { within(file, offset, length)?.map_copy(file) }?;
        Ok(Mapping {
            map: MmapRaw::from(map),
            writable: true,
        })
    }

    /// How many bytes are mapped.
    #[must_use]
    pub fn size(&self) -> usize {
        self.map.len()
    }

    /// Consumers may write.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.writable
    }

    fn bytes(&self) -> Region<'_> {
        let size = self.map.len();
        let start = NonNull::new(self.map.as_mut_ptr()).unwrap_or(NonNull::dangling());
        let layout = Layout::vector(size, 1)
            .unwrap_or_else(|error| unreachable!("{size} bytes are mapped: {error}"));
        // SAFETY: mapped for `size` bytes while `self` lives, all of them initialised by the system; Rust has no reference into it.
        unsafe { Region::from_raw::<u8>(start, size, 0, layout) }
    }
}

/// Options for bytes that the file has: touching others would end the process.
fn within(file: &File, offset: u64, length: usize) -> io::Result<MmapOptions> {
    let size = file.metadata()?.len();
    let end = u64::try_from(length)
        .ok()
        .and_then(|length| offset.checked_add(length));
    if end.is_none_or(|end| end > size) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("the file has {size} bytes, not {length} from byte {offset} on"),
        ));
    }
    let mut options = MmapOptions::new();
    options.offset(offset).len(length);
    Ok(options)
}

impl Storage for Mapping {
    fn region(&self) -> Region<'_> {
        self.bytes()
    }
}

/// Of a mapping for reading nothing is shown.
impl StorageMut for Mapping {
    fn region_mut(&mut self) -> RegionMut<'_> {
        if self.writable {
            // SAFETY: Rust has no reference into the mapping, which is writable (checked) and bytes.
            unsafe { RegionMut::assume_exclusive(self.bytes()) }
        } else {
            RegionMut::empty()
        }
    }
}
