//! One door to the repository.
fn main() {}
