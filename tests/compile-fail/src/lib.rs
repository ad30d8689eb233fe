//! Wrong uses of onloan and what the compiler says to each.
//!
//! One mistake a file: `tests/ui/<macro>/<mistake>.rs`, beside it the message as `.stderr`. A message that changed is looked at, and if
//! it is the better one, kept by `TRYBUILD=overwrite cargo test -p compile-fail`. This library is empty: it holds the dependencies
//! that the cases are built with.
