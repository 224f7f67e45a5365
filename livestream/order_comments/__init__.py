"""The comment reader: everyday Vietnamese in, operations on the buyer's live order out. Pure and linear in the text.

normalise → phones → tokens → clauses → quantities and offers → decision with reasons. It prefers asking to guessing: a wrong
order holds stock that others wanted, ``unsure`` only costs the host a glance.
"""

from livestream.order_comments.reader import read_comment
from livestream.order_comments.shelf import (
    Operation,
    Reading,
    Shelf,
    ShelfOffer,
    plain_number,
    reading_to_dict,
    shelf_from_dict,
)

__all__ = [
    "Operation",
    "Reading",
    "Shelf",
    "ShelfOffer",
    "plain_number",
    "read_comment",
    "reading_to_dict",
    "shelf_from_dict",
]
