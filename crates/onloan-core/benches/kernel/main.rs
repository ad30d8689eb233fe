//! What the kernels cost: against `memcpy` (or `memcmp`) of as many bytes, and against the loop over all indices
//! that says what they mean.
//!
//! `cargo bench -p onloan-core --bench kernel [NAME]` measures the cases whose names contain `NAME`: the three ways take
//! turns, a round each, and the median of the rounds is printed. Every answer is held against that of the loop; without
//! `--bench`, as under `cargo test --benches`, that is all that is done.

mod answers;
mod copies;
mod memory;

use std::time::{Duration, Instant};

/// Bytes that stay in the second cache, and bytes that do not stay in any.
const SIZES: [usize; 2] = [64 << 10, 16 << 20];

/// Rounds of which the median is taken, and how long one lasts.
const ROUNDS: usize = 11;
const LOOP_ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_millis(4);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let measured = arguments.iter().any(|argument| argument == "--bench");
    let names = arguments
        .iter()
        .filter(|argument| !argument.starts_with('-'));
    let mut bench = Bench {
        measured,
        names: names.cloned().collect(),
    };
    let sizes = if measured { &SIZES[..] } else { &SIZES[..1] };
    for &size in sizes {
        if measured {
            println!(
                "\n{size} bytes: nanoseconds a byte, and how many times those of memcpy; the loop's"
            );
        }
        copies::layouts(&mut bench, size);
        copies::rows(&mut bench, size);
        copies::swaps(&mut bench, size);
        copies::fills(&mut bench, size);
        answers::equal(&mut bench, size);
        answers::find(&mut bench, size);
        answers::text(&mut bench, size);
    }
}

struct Bench {
    measured: bool,
    names: Vec<String>,
}

impl Bench {
    /// Whether a case is wanted.
    fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|part| name.contains(part))
    }

    /// One case: the kernel, the fastest there could be, and the loop. `bytes` are those that are written or compared.
    fn case<'w>(
        &mut self,
        name: &str,
        bytes: usize,
        kernel: &'w mut dyn FnMut(),
        memory: &'w mut dyn FnMut(),
        plain: &'w mut dyn FnMut(),
    ) {
        if !self.measured {
            return;
        }
        let mut ways = [(kernel, vec![]), (memory, vec![]), (plain, vec![])];
        for round in 0..ROUNDS {
            // The loop is far slower, and need not be known as well.
            let taking_turns = if round < LOOP_ROUNDS { 3 } else { 2 };
            for (way, times) in &mut ways[..taking_turns] {
                let (start, mut count) = (Instant::now(), 0);
                while count == 0 || start.elapsed() < ROUND {
                    way();
                    count += 1;
                }
                times.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(count));
            }
        }
        let [kernel, memory, plain] = ways.map(|(_, mut times)| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        });
        println!(
            "{name:34} {:8.3} {:7.2} × {:8.3} {:7.1} ×",
            kernel / bytes as f64,
            kernel / memory,
            plain / bytes as f64,
            plain / kernel,
        );
    }
}
