//! Milliseconds since tracing was started, or since something of registered cells was first on record.
//!
//! Read with each acquisition and release, so the coarse clock is taken where there is one: it is right to a few milliseconds, which is enough for an age,
//! and costs a fifth of the fine one.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

static START: AtomicU64 = AtomicU64::new(0);
/// When tracing was started, where the milliseconds are counted from an earlier time.
static BEGAN: AtomicU32 = AtomicU32::new(0);

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
    BEGAN.store(0, Ordering::Relaxed);
}

/// Tracing is started now, but the times of records that stay are still to be told.
pub(super) fn begin() {
    BEGAN.store(now(), Ordering::Relaxed);
}

/// So many milliseconds are counted no more: what is 0 now lies so much later.
pub(super) fn advance(milliseconds: u32) {
    START.fetch_add(milliseconds.into(), Ordering::Relaxed);
    let began = BEGAN.load(Ordering::Relaxed);
    BEGAN.store(began.saturating_sub(milliseconds), Ordering::Relaxed);
}

/// Seconds from the start of tracing to a time.
pub(super) fn seconds(time: u32) -> f64 {
    f64::from(time.saturating_sub(BEGAN.load(Ordering::Relaxed))) / 1000.0
}

#[inline]
pub(super) fn now() -> u32 {
    let passed = milliseconds().saturating_sub(START.load(Ordering::Relaxed));
    u32::try_from(passed).unwrap_or(u32::MAX)
}
