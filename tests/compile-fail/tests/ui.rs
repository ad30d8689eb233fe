//! Builds every case and compares the compiler's message with the one kept beside it.

/// The messages are those of the toolchain that `rust-version` and CI name; another may word its part differently.
#[test]
fn every_mistake_is_refused_at_the_authors_token() {
    trybuild::TestCases::new().compile_fail("tests/ui/**/*.rs");
}
