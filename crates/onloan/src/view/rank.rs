//! Rank: how many axes a view has, known to the compiler or not.

/// In place of a number of axes: any.
pub const DYNAMIC: usize = usize::MAX;
