//! Milliseconds since tracing was started.
//!
//! Read with each acquisition and release, so the coarse clock is taken where there is one: it is right to a few milliseconds, which is enough for an age,
//! and costs a fifth of the fine one.

use std::sync::atomic::{AtomicU64, Ordering};

static START: AtomicU64 = AtomicU64::new(0);

#[cfg(target_os = "linux")]
#[inline]
fn milliseconds() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse);
    now.tv_sec.unsigned_abs() * 1000 + now.tv_nsec.unsigned_abs() / 1_000_000
}

#[cfg(not(target_os = "linux"))]
#[inline]
fn milliseconds() -> u64 {
    use std::sync::OnceLock;
    use std::time::Instant;
    static FIRST: OnceLock<Instant> = OnceLock::new();
    FIRST.get_or_init(Instant::now).elapsed().as_millis() as u64
}

/// Now is 0.
pub(super) fn restart() {
    START.store(milliseconds(), Ordering::Relaxed);
}

#[inline]
pub(super) fn now() -> u32 {
    let passed = milliseconds().saturating_sub(START.load(Ordering::Relaxed));
    u32::try_from(passed).unwrap_or(u32::MAX)
}
