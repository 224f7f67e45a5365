"""Prints how many of the labelled comments were read right, group by group."""

import pytest

_SCORE = pytest.StashKey[dict[str, list[bool]]]()


@pytest.fixture(scope="session")
def score(request: pytest.FixtureRequest) -> dict[str, list[bool]]:
    return request.config.stash.setdefault(_SCORE, {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    groups = config.stash.get(_SCORE, {})
    total = [right for results in groups.values() for right in results]
    if not total:
        return
    terminalreporter.section("comment reader")
    for group, results in sorted(groups.items()):
        terminalreporter.line(f"{group:<28}{sum(results):>5} of {len(results)}")
    terminalreporter.line(f"{'read as labelled':<28}{sum(total):>5} of {len(total)}  ({sum(total) / len(total):.1%})")
