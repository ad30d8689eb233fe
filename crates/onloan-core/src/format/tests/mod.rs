//! The grammar held against a slow oracle, against `tests/formats.txt`, and against random input.

mod generator;
mod grammar;
mod oracle;
mod properties;
mod sizes;
mod values;
