"""State machines as data: a table of arrows and one function that follows them.

Every machine of the product (order, payment, hold, session…) is a mapping from (state, event) to the next state, so
that a reader sees a whole life at a glance and one test can walk every pair. The rows are changed elsewhere, by a
guarded UPDATE on the state that was read; here is only what is allowed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from app.errors import IllegalTransition

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True)
class Ignored:
    """An event that arrives again, or too late to matter: nothing changes and nobody did anything wrong.

    ``reason`` is a Vietnamese sentence for the history of the thing.
    """

    reason: str


def next_state(table: Mapping[tuple[S, E], S | Ignored], state: S, event: E) -> S | Ignored:
    """Return the state that ``event`` leads to from ``state``, or ``Ignored`` where the table says that it is a repeat.

    Raises ``IllegalTransition`` (409) for a pair that the table does not have; the details name state and event.
    """
    try:
        return table[state, event]
    except KeyError:
        raise IllegalTransition(
            "Việc này không còn làm được nữa vì tình trạng đã thay đổi. Bác tải lại trang để xem mới nhất giúp em.",
            state=str(state),
            event=str(event),
        ) from None
