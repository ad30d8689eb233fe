"""The documents hold what they say: their Python blocks run, their links lead somewhere, their sessions are generated.

``console`` blocks under the marker are written and checked by ``cargo xtask docs``; one without it may only hold what a reader runs to set things
up. ``rust`` blocks of the README are documentation tests of the crate ``onloan``.
"""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*/README.md"), *ROOT.glob("benches/*/README.md")]
)
FENCE = re.compile(r"^(<!-- generated[^\n]*\n)?```(\w+)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
SETTING_UP = ("cargo", "pip", "python", "maturin", "cd")


def blocks(language: str) -> list:
    found = []
    for document in DOCUMENTS:
        text = document.read_text()
        for match in FENCE.finditer(text):
            if match[2] == language:
                line = text.count("\n", 0, match.start()) + 1
                found.append(pytest.param(document, match, id=f"{document.relative_to(ROOT)}:{line}"))
    return found


@pytest.fixture(scope="module")
def namespaces() -> dict[Path, dict[str, object]]:
    """One namespace a document: a later block may use what an earlier one made."""
    return {}


@pytest.mark.parametrize(("document", "match"), blocks("python"))
def test_a_python_block_runs(
    document: Path, match: re.Match, namespaces: dict, request: pytest.FixtureRequest
) -> None:
    namespace = namespaces.setdefault(document, {"__name__": "__main__"})
    block = match[3]
    if ">>>" not in block:
        exec(compile(block, str(document), "exec"), namespace)
        return
    test = doctest.DocTestParser().get_doctest(block, namespace, request.node.name, str(document), 0)
    report: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=report.append, clear_globs=False)
    namespace.update(test.globs)
    assert not report, "".join(report)


@pytest.mark.parametrize(("document", "match"), blocks("console"))
def test_a_session_is_generated_or_only_sets_things_up(document: Path, match: re.Match) -> None:
    if match[1]:
        return
    for line in match[3].splitlines():
        if line.startswith("$ "):
            assert line.split()[1] in SETTING_UP, f"{document.name}: {line}"


def test_the_readme_shows_what_it_is_and_the_two_commands_on_its_first_screen() -> None:
    first_screen = "\n".join((ROOT / "README.md").read_text().splitlines()[:60])
    for wanted in ("cargo xtask demo", "cargo xtask test", "#[exporter(", "onloan inspect"):
        assert wanted in first_screen, wanted


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_links_of_a_document_lead_to_files_that_are_there(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
        assert (document.parent / target).exists(), target
