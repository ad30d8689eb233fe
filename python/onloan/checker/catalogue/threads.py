"""R-01 … R-06: threads and interpreters."""

from __future__ import annotations

from .rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        id="R-01",
        strength="MUST",
        rule="Exports are counted atomically, and a resize checks the count in one step with the resize; also where the global lock is let go in between.",
        source='typeobj.rst, "Thread safety" (gh-142518)',
        test="free-threaded builds: threads acquire, read and release while another runs the mutators; the counts are as before. With the global lock: "
        "one thread gives buffers back at every chance that the exporter gives it while another acquires; what is refused while a buffer is out works after that",
        fix="an atomic counter, and a lock (critical section) around check and resize; with the global lock, no Py_BEGIN_ALLOW_THREADS in the middle of counting",
    ),
    Rule(
        id="R-02",
        strength="SAFETY",
        rule="The struct is written to with an attached thread state only.",
        source="gh-130409",
        untestable="who looks at the struct at the same time is the collector, and it does not tell",
    ),
    Rule(
        id="R-03",
        strength="SAFETY",
        rule="A buffer may be released on another thread than it was acquired on.",
        source="finalisers and executors do",
        test="acquired here, released on a second thread; references and mutators as before",
        fix="keep nothing in thread-local storage",
    ),
    Rule(
        id="R-04",
        strength="SAFETY",
        rule="A buffer is released in the interpreter that acquired it.",
        source="_PyBuffer_ReleaseInInterpreter",
        untestable="it is the consumer's duty",
    ),
    Rule(
        id="R-05",
        strength="NOTE",
        rule="What is protected is size and address, not the contents.",
        source="PEP 3118; Doc/c-api/arg.rst",
        untestable="nothing is promised",
    ),
    Rule(
        id="R-06",
        strength="NOTE",
        rule="One built-in memoryview is not safe to share between threads on free-threaded 3.13 to 3.15.",
        source="gh-127716, gh-155606",
        untestable="it is CPython's own part, not the exporter's",
    ),
)
