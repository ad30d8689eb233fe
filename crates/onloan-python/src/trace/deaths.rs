//! A program that a signal kills is reported by a copy of it.
//!
//! Where a signal's default is the end of the process, and the program has left it at that, a handler stands in for the default. It copies the process
//! (a bare `clone`: nothing is shared, no `SIGCHLD` comes of it), and the copy, in which everything is as it was in that moment, writes the reports and the
//! end of the recording. Then the program dies of the signal as it would have. `signal.getsignal` tells what it told, a handler of the program's own
//! takes the place of this one, and an `exec` or a forked child does not know it.
//!
//! The copy may be in no state to run anything: the signal may have come in the middle of an allocation, or of a thread that has no interpreter, or the heap
//! is what broke. Then it crashes or hangs, and harms nobody: after [`PATIENCE`] it is given up, and one line in the recording names the signal.
//!
//! `SIGKILL` cannot be handled, and a signal whose default the program has set anew kills at once: then the recording ends with its last step.

use pyo3::prelude::*;

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::{CStr, CString, c_int, c_void};
    use std::fmt::{self, Write};
    use std::mem;
    use std::ptr;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, Ordering};

    use pyo3::ffi;
    use pyo3::prelude::*;

    use super::super::clock;
    use super::super::hooks::Pending;
    use super::super::ledger::LEDGER;
    use super::super::unseen::Unseen;

    /// Faults of the program's own: whoever handles them already (faulthandler does) is let after the report.
    const FAULTS: [(c_int, &CStr); 6] = [
        (libc::SIGSEGV, c"SIGSEGV"),
        (libc::SIGBUS, c"SIGBUS"),
        (libc::SIGFPE, c"SIGFPE"),
        (libc::SIGILL, c"SIGILL"),
        (libc::SIGABRT, c"SIGABRT"),
        (libc::SIGSYS, c"SIGSYS"),
    ];
    /// What others send, or a timer.
    const SENT: [(c_int, &CStr); 9] = [
        (libc::SIGTERM, c"SIGTERM"),
        (libc::SIGHUP, c"SIGHUP"),
        (libc::SIGQUIT, c"SIGQUIT"),
        (libc::SIGUSR1, c"SIGUSR1"),
        (libc::SIGUSR2, c"SIGUSR2"),
        (libc::SIGALRM, c"SIGALRM"),
        (libc::SIGVTALRM, c"SIGVTALRM"),
        (libc::SIGPROF, c"SIGPROF"),
        (libc::SIGXCPU, c"SIGXCPU"),
    ];
    /// So many milliseconds the copy has for its report.
    const PATIENCE: u32 = 5000;
    /// The stack on which the copy works: that of the thread may be used up.
    const STACK: usize = 4 << 20;
    /// The stack of the handler, for the same reason; at the end of the other.
    const HANDLERS: usize = 64 << 10;

    struct Watch {
        process: c_int,
        function: Py<PyAny>,
        recording: Option<CString>,
        /// Device and number of what standard error was.
        stderr: Option<(u64, u64)>,
        stack: usize,
        /// What was there before: signal, name, action.
        before: Vec<(c_int, &'static CStr, libc::sigaction)>,
    }

    static WATCH: OnceLock<Watch> = OnceLock::new();
    static DYING: AtomicBool = AtomicBool::new(false);

    pub(super) fn watch(function: Py<PyAny>, recording: Option<CString>) {
        let Some(stack) = stacks() else {
            return;
        };
        let mut before = Vec::new();
        for (faults, signals) in [(true, &FAULTS[..]), (false, &SENT[..])] {
            for (signal, name) in signals {
                let Some(action) = action(*signal) else {
                    continue;
                };
                let by_default = action.sa_sigaction == libc::SIG_DFL;
                if by_default || faults && action.sa_sigaction != libc::SIG_IGN {
                    before.push((*signal, *name, action));
                }
            }
        }
        let watch = Watch {
            // SAFETY: asks for a number.
            process: unsafe { libc::getpid() },
            function,
            recording,
            stderr: stderr(),
            stack,
            before,
        };
        if WATCH.set(watch).is_err() {
            return;
        }
        for (signal, ..) in WATCH.get().iter().flat_map(|watch| &watch.before) {
            // SAFETY: all zeros is an action.
            let mut action: libc::sigaction = unsafe { mem::zeroed() };
            action.sa_sigaction = (handler as *const ()).expose_provenance();
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            // SAFETY: a set of signals that is filled.
            unsafe { libc::sigfillset(&raw mut action.sa_mask) };
            // SAFETY: a known signal, and a handler that does only what a handler may.
            unsafe { libc::sigaction(*signal, &raw const action, ptr::null_mut()) };
        }
    }

    /// What is open as standard error: where that is closed, a file of the program's gets the number.
    fn stderr() -> Option<(u64, u64)> {
        // SAFETY: all zeros is such a struct.
        let mut found: libc::stat = unsafe { mem::zeroed() };
        // SAFETY: a place to be filled.
        let answer = unsafe { libc::fstat(2, &raw mut found) };
        (answer == 0).then_some((found.st_dev, found.st_ino))
    }

    /// What a signal does now.
    fn action(signal: c_int) -> Option<libc::sigaction> {
        // SAFETY: all zeros is an action.
        let mut action: libc::sigaction = unsafe { mem::zeroed() };
        // SAFETY: asks only; a place to be filled.
        let answer = unsafe { libc::sigaction(signal, ptr::null(), &raw mut action) };
        (answer == 0).then_some(action)
    }

    /// Memory for two stacks, which costs nothing before it is used; the handler's is made that of this thread unless it has one.
    fn stacks() -> Option<usize> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: new memory at any place.
        let memory = unsafe { libc::mmap(ptr::null_mut(), STACK + HANDLERS, access, kind, -1, 0) };
        if memory == libc::MAP_FAILED {
            return None;
        }
        let start = memory.expose_provenance();
        // SAFETY: all zeros is such a struct.
        let mut known: libc::stack_t = unsafe { mem::zeroed() };
        // SAFETY: asks only; a place to be filled.
        unsafe { libc::sigaltstack(ptr::null(), &raw mut known) };
        if known.ss_flags & libc::SS_DISABLE != 0 {
            known.ss_sp = ptr::with_exposed_provenance_mut(start + STACK);
            known.ss_size = HANDLERS;
            known.ss_flags = 0;
            // SAFETY: memory that stays, and is used for nothing else.
            unsafe { libc::sigaltstack(&raw const known, ptr::null_mut()) };
        }
        Some(start + STACK)
    }

    /// # Safety
    /// Called by the system, for one of the signals that are watched.
    unsafe extern "C" fn handler(signal: c_int, info: *mut libc::siginfo_t, _: *mut c_void) {
        let Some(watch) = WATCH.get() else {
            return;
        };
        // SAFETY: asks for a number.
        let is_ours = unsafe { libc::getpid() } == watch.process;
        if is_ours {
            if DYING.swap(true, Ordering::AcqRel) {
                // Another thread is at it, and will end this one, too.
                loop {
                    // SAFETY: waits for nothing.
                    unsafe { libc::pause() };
                }
            }
            report(watch, signal);
        }
        let Some((.., before)) = watch.before.iter().find(|(known, ..)| *known == signal) else {
            return;
        };
        // SAFETY: the action that was there.
        unsafe { libc::sigaction(signal, before, ptr::null_mut()) };
        // SAFETY: the system gives a handler what it knows of the signal.
        let code = unsafe { (*info).si_code };
        let happens_again = code > 0 && FAULTS.iter().any(|(fault, _)| *fault == signal);
        if !happens_again {
            // SAFETY: a signal to this thread, which comes when the handler is left.
            unsafe { libc::raise(signal) };
        }
    }

    /// Has the copy made, and waits for it.
    fn report(watch: &Watch, signal: c_int) {
        let stack = ptr::with_exposed_provenance_mut(watch.stack);
        let argument = ptr::without_provenance_mut(signal.unsigned_abs() as usize);
        // SAFETY: the stack is nobody else's; without flags the copy shares nothing with this process.
        let child = unsafe { libc::clone(copy, stack, 0, argument) };
        if child < 0 || !has_succeeded(child) {
            mark(watch, signal);
        }
    }

    fn has_succeeded(child: c_int) -> bool {
        let began = clock::now();
        let mut status = 0;
        loop {
            // SAFETY: a child of this process, whose end sends no signal (`__WALL`), and a place to be filled.
            let ended =
                unsafe { libc::waitpid(child, &raw mut status, libc::WNOHANG | libc::__WALL) };
            if ended == child {
                return libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0;
            }
            if ended < 0 || clock::now().saturating_sub(began) > PATIENCE {
                break;
            }
            let short = libc::timespec {
                tv_sec: 0,
                tv_nsec: 2_000_000,
            };
            // SAFETY: a time to be read.
            unsafe { libc::nanosleep(&raw const short, ptr::null_mut()) };
        }
        // SAFETY: a child of this process that nobody has waited for.
        unsafe { libc::kill(child, libc::SIGKILL) };
        // SAFETY: as above.
        unsafe { libc::waitpid(child, &raw mut status, libc::__WALL) };
        false
    }

    /// What the copy does: the report, if Python can be run. Its exit code is 0 if that has succeeded.
    extern "C" fn copy(signal: *mut c_void) -> c_int {
        let Some(watch) = WATCH.get() else {
            return 1;
        };
        let (ledger, orphaned) = LEDGER.take_over();
        drop(ledger);
        // SAFETY: asks for what this thread has.
        let thread = unsafe { ffi::PyGILState_GetThisThreadState() };
        if orphaned || thread.is_null() {
            return 1;
        }
        let Some((_, name, _)) = watch
            .before
            .iter()
            .find(|(known, ..)| known.unsigned_abs() as usize == signal.addr())
        else {
            return 1;
        };
        // SAFETY: this thread has an interpreter; if another had the lock, this waits until it is given up.
        let _state = unsafe { ffi::PyGILState_Ensure() };
        // SAFETY: attached by the call above; the process ends without giving that back.
        let py = unsafe { Python::assume_attached() };
        let pending = Pending::put_aside();
        let _unseen = Unseen::begin(py);
        let called = watch.function.call1(py, (name.to_string_lossy(),));
        pending.put_back();
        c_int::from(called.is_err())
    }

    /// Says that there is no more than the signal to tell: in the recording, and on stderr. Nothing is allocated.
    fn mark(watch: &Watch, signal: c_int) {
        let Some((_, name, _)) = watch.before.iter().find(|(known, ..)| *known == signal) else {
            return;
        };
        let name = name.to_str().unwrap_or_default();
        let at = clock::now();
        if watch.stderr.is_some() && watch.stderr == stderr() {
            let mut line = Line::default();
            let _ = writeln!(line, "onloan: killed by {name}; no report could be made");
            line.put(2);
        }
        if let Some(path) = &watch.recording {
            let mut line = Line::default();
            let (seconds, rest) = (at / 1000, at % 1000);
            let _ = writeln!(line, "{{\"at\":{seconds}.{rest:03},\"end\":\"{name}\"}}");
            let flags = libc::O_WRONLY | libc::O_APPEND | libc::O_CLOEXEC;
            // SAFETY: a path that ends with NUL.
            let file = unsafe { libc::open(path.as_ptr(), flags) };
            if file >= 0 {
                line.put(file);
            }
        }
    }

    /// A line of text on the stack.
    struct Line {
        text: [u8; 100],
        used: usize,
    }

    impl Default for Line {
        fn default() -> Line {
            Line {
                text: [0; 100],
                used: 0,
            }
        }
    }

    impl Line {
        fn put(&self, file: c_int) {
            // SAFETY: so many bytes are there.
            unsafe { libc::write(file, self.text.as_ptr().cast(), self.used) };
        }
    }

    impl Write for Line {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let end = self.used + text.len();
            let place = self.text.get_mut(self.used..end).ok_or(fmt::Error)?;
            place.copy_from_slice(text.as_bytes());
            self.used = end;
            Ok(())
        }
    }
}

/// Has a function called with the name of the signal, in a copy of the process, when a signal kills it; if that fails, the recording is given an end.
/// Once in a process; nothing on other systems than Linux.
#[pyfunction]
#[pyo3(signature = (function, recording, /))]
pub(crate) fn trace_deaths(function: Py<PyAny>, recording: Option<Vec<u8>>) {
    #[cfg(target_os = "linux")]
    linux::watch(
        function,
        recording.and_then(|path| std::ffi::CString::new(path).ok()),
    );
    #[cfg(not(target_os = "linux"))]
    drop((function, recording));
}
