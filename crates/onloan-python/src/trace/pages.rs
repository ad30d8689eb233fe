//! Whether memory may be written to, as the operating system tells.

use pyo3::prelude::*;
use pyo3::types::PyType;

use super::hash::Set;
use super::layout::address;

/// The pages of the process, read when first needed.
pub(super) struct Pages {
    /// Start and end of what may be written to; `None` until read.
    writable: Option<Vec<(usize, usize)>>,
    own: Set<usize>,
}

impl Pages {
    pub(super) fn new() -> Pages {
        Pages {
            writable: None,
            own: Set::default(),
        }
    }

    /// Memory that was made here may be written to.
    pub(super) fn own(&mut self, address: usize) {
        self.own.insert(address);
    }

    /// Whether the slots at `table` may be written to: inside of a heap type they may; elsewhere the system is asked, and where it does not tell,
    /// the answer is no.
    pub(super) fn writable(&mut self, class: &Bound<'_, PyType>, table: usize) -> bool {
        let start = address(class);
        if self.own.contains(&table) || (table > start && table - start < 4096) {
            return true;
        }
        let writable = self.writable.get_or_insert_with(read);
        let behind = writable.partition_point(|(start, _)| *start <= table);
        behind > 0 && table + 16 <= writable[behind - 1].1
    }
}

#[cfg(target_os = "linux")]
fn read() -> Vec<(usize, usize)> {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let line = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let (start, end) = words.next()?.split_once('-')?;
        let flags = words.next()?;
        let number = |text| usize::from_str_radix(text, 16).ok();
        flags
            .contains('w')
            .then_some((number(start)?, number(end)?))
    };
    maps.lines().filter_map(line).collect()
}

#[cfg(not(target_os = "linux"))]
fn read() -> Vec<(usize, usize)> {
    Vec::new()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn a_variable_is_writable_and_code_is_not() {
        let pages = super::read();
        let inside = |address: usize| {
            pages
                .iter()
                .any(|(start, end)| (*start..*end).contains(&address))
        };
        let local = 1_u8;
        assert!(inside((&raw const local).addr()));
        assert!(!inside((super::read as *const ()).addr()));
    }
}
