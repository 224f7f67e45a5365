"""What a clause is doing: asking, telling of the past, supposing, cancelling, changing, ordering."""

from itertools import pairwise
from typing import Literal

from livestream.order_comments.clauses import Clause
from livestream.order_comments.items import Item
from livestream.order_comments.lexicon import Mark

Act = Literal[
    "take away", "cheer", "cancel", "unclear cancel", "ask", "suppose", "like before", "report", "past", "deny", "order"
]

_COUNTED = ("quantity", "number", "code", "container")


def act_of(clause: Clause) -> Act:
    """Decide what the clause does; the order of the rules is the order in which buyers' meanings win."""
    asking = asks(clause)
    if clause.has("like before") and not asking:
        return "like before"
    reporting = reports(clause)
    doing = not asking and not reporting
    if doing and takes_away(clause):
        return "take away"
    if clause.has("cheer") and not clause.has_items("code", "quantity"):
        return "cheer"
    if doing and (cancelling := cancels(clause)) is not None:
        told = any(token.text == "đã" for token in clause.tokens) or (clause.has("past") and clause.has("done"))
        return "past" if told and cancelling == "cancel" else cancelling
    if asking:
        return "ask"
    if supposes(clause):
        return "suppose"
    if reporting:
        return "report"
    if tells_of_the_past(clause):
        return "past"
    return "deny" if denies(clause) else "order"


def asks(clause: Clause) -> bool:
    """Tell whether the clause asks something."""
    if any(token.text == "?" for token in clause.tokens):
        return any(token.kind != "mark" for token in clause.tokens)
    vague = next((item for item in clause.items if item.kind == "vague" and item.text in ("mấy", "may")), None)
    if vague is not None and not _is_vague_order(clause, vague):
        return True
    if any(vague is None or mark.end <= vague.start or vague.end <= mark.start for mark in clause.marked("question")):
        return True
    offered = [item for item in clause.items if item.kind in ("code", "name", "number")]
    if clause.has("either") and len(offered) > 1 and not clause.has_items("quantity"):
        return True
    if clause.tokens[0].is_word("sao"):
        return True
    if clause.tokens[0].is_word("ai") and (clause.has_words("chưa", "không") or not clause.has("reporting")):
        return clause.has_words("chưa", "không", "vậy", "thế", "đấy")
    if clause.has("price word") and not clause.has_items("price", "quantity") and _bare_of_price(clause):
        return True
    return _ends_asking(clause)


def _bare_of_price(clause: Clause) -> bool:
    """Tell whether nothing but an offer stands beside "giá"."""
    rest = [
        item
        for item in clause.items
        if item.kind == "word" and item.text[0].isalpha() and item.text not in ("giá", "gia")
    ]
    return all(
        item.senses & {"polite", "pronoun"} and "praise end" not in item.senses - {"polite"} for item in rest
    ) and not any(item.text in ("ngon", "đẹp", "quá", "lắm", "rẻ") for item in rest)


def _ends_asking(clause: Clause) -> bool:
    core = clause.core()
    if not core:
        texts = [token.text for token in clause.tokens]
        return texts[-1] in ("à", "hả") and clause.has_items("code", "name", "price", "quantity")
    last = core[-1]
    if last.kind != "word":
        tail = clause.tokens[len(core) :]
        return any(token.text == "à" for token in tail) and last.kind != "mark"
    if "no" in last.senses and "question" not in last.senses:
        return len(core) > 1 and not all("pronoun" in token.senses for token in core[:-1])
    if "not yet" in last.senses:
        return len(core) > 1 and not all("pronoun" in token.senses for token in core[:-1])
    if "asking end" in last.senses and (last.text != "ha" or len(core) == len(clause.tokens)):
        if last.is_word("sao") and len(core) > 1 and (core[-2].kind == "number" or core[-2].is_word("không")):
            return False
        if last.is_word("đâu") or last.is_word("gì"):
            return not any("negation" in token.senses or token.is_word("có") for token in core[:-1])
        return True
    return any(token.text == "à" for token in clause.tokens[len(core) :]) and clause.has("done", "price word")


def _is_vague_order(clause: Clause, vague: Item) -> bool:
    """Tell apart "cho em mấy ký", which orders an amount unsaid, and "1 thùng mấy ký", which asks."""
    if clause.has_items("quantity", "number"):
        return False
    return any(mark.start < vague.start and not mark.senses.isdisjoint(("order", "give")) for mark in clause.marks)


def takes_away(clause: Clause) -> bool:
    """Tell whether the clause takes some away or moves to another offer; a person settles those."""
    if clause.has("take away") and clause.has_items("quantity", "number", "code", "name"):
        return not (clause.has("target") or clause.has_words("giá") or clause.has_items("price") or clause.has("then"))
    moved = clause.marked("move")
    if not moved or not (clause.has("change") or clause.has_words("chuyển", "thay")):
        return False
    return clause.has_items("code", "name", "number") and not clause.has("then target")


def cancels(clause: Clause) -> Literal["cancel", "unclear cancel", "deny"] | None:
    """Tell whether the clause takes an order back, or the offer; a denial without "nữa" may be no more than talk."""
    if clause.has("no cancel") and not clause.marked("cancel"):
        return "deny"
    if clause.marked("take back"):
        return "cancel"
    for mark in clause.marked("cancel"):
        if _is_taking_back(clause, mark):
            return "cancel"
        if clause.tokens[mark.start].text == "bo" and clause.has_items("code") and not clause.has("order", "give"):
            return "unclear cancel"
    return _refuses(clause)


def _refuses(clause: Clause) -> Literal["cancel", "unclear cancel", "deny"] | None:
    """Read "không lấy nữa", which takes back, apart from "không mua đâu", which only says no."""
    if clause.senses.isdisjoint(("no", "negation")):
        return None
    for token, after in pairwise(clause.tokens):
        if token.is_word("khỏi") and after.kind == "code":
            return "unclear cancel"
        if "no" in token.senses and ("order" in after.senses or after.is_word("cần")):
            if clause.has_words("nữa") or clause.tokens[0].is_word("thôi"):
                return "cancel"
            said_no = clause.has_words("đâu") or not clause.has_items("code")
            return "deny" if said_no else "unclear cancel"
    return None


def _is_taking_back(clause: Clause, mark: Mark) -> bool:
    token = clause.tokens[mark.start]
    if token.text == "bo":
        # Without marks it may be a bunch or a father; it drops something when it leads and an offer or the order follows.
        leads = all(word.senses & {"pronoun", "polite", "give", "only"} for word in clause.tokens[: mark.start])
        return leads and (clause.has_items("code", "name", "number") or clause.has("whole order"))
    if token.is_word("bỏ"):
        known = clause.has_items("code", "name", "number") or clause.has("whole order")
        return known or all(word.senses & {"pronoun", "polite", "cancel", "give", "only"} for word in clause.tokens)
    return True


_GOOD = frozenset(("ngon", "ngọt", "đẹp", "rẻ", "tươi"))
"""Leading a clause, these are the condition of what follows: "ngon em lấy thêm"."""


def _wants_it_good(clause: Clause) -> bool:
    first, *others = clause.tokens[:3]
    return len(others) == 2 and first.text in _GOOD and "pronoun" in others[0].senses and "order" in others[1].senses


def supposes(clause: Clause) -> bool:
    """Tell whether the clause only supposes, plans or puts off."""
    if clause.marked("supposing"):
        return True
    if _wants_it_good(clause):
        return True
    verbs = clause.marked("order") + clause.marked("give")
    if any(verb.start < mark.start for mark in clause.marked("having no") for verb in verbs) and not clause.has("now"):
        return True
    first_verb = next((mark.start for mark in clause.marks if "order" in mark.senses or "give" in mark.senses), None)
    if first_verb is None:
        return False
    if any(0 < mark.start < len(clause.tokens) - 1 and mark.start > 0 for mark in clause.marked("then")):
        return any(
            mark.start > then.start
            for then in clause.marked("then")
            for mark in clause.marked("order") + clause.marked("give")
        )
    haggles = clause.has("take away") and clause.has_items("price")
    return haggles or (clause.has_words("còn") and clause.has_items("price") and clause.has("take away"))


def reports(clause: Clause) -> bool:
    """Tell whether the clause speaks of what others order."""
    ai_acts = clause.tokens[0].is_word("ai") and clause.has("cancel")
    if clause.has("reporting") or ai_acts:
        return True
    if clause.tokens[0].is_word("còn") and len(clause.items) > 1 and clause.items[1].kind == "quantity":
        return True
    return any(
        "reporting end" in token.senses and token.text == "kìa" for token in clause.tokens[1:]
    ) and clause.has_items(*_COUNTED)


def tells_of_the_past(clause: Clause) -> bool:
    """Tell whether the clause speaks of an order that was."""
    if clause.has("complaint"):
        return True
    if clause.has("past"):
        return not (clause.tokens and "now" in clause.tokens[0].senses)
    done = [mark for mark in clause.marks if "done" in mark.senses]
    if not done or not clause.has("order", "give"):
        return (
            any(token.text == "đã" for token in clause.tokens) and clause.has("order") and not clause.has_words("cho")
        )
    behind = clause.tokens[done[-1].end :]
    return (
        all(
            token.kind == "mark" or token.senses & {"polite", "pronoun", "praise end"} or token.is_word("mà")
            for token in behind
        )
        and done[-1].start > 0
    )


def denies(clause: Clause) -> bool:
    """Tell whether the clause says that something is not ordered, or cannot be."""
    for n, token in enumerate(clause.tokens[:-1]):
        if token.senses & {"no", "not yet"} or token.is_word("đừng"):
            nearby = clause.tokens[n + 1 : n + 4]
            if any("order" in after.senses for after in nearby):
                return True
    return clause.has("not so")


def changes(clause: Clause) -> bool:
    """Tell whether the clause sets a quantity anew."""
    if any(
        mark.end - mark.start > 1 or clause.tokens[mark.start].text != "chinh" or mark.start == 0
        for mark in clause.marked("change")
    ):
        return True
    if clause.has_words("tăng", "giảm", "nâng") and clause.has_words("lên", "xuống", "còn"):
        return clause.has_items("quantity", "number")
    targets = {mark.end for mark in clause.marked("then target")}
    coded = {item.end for item in clause.items if item.kind == "code"}
    targets |= {
        mark.end for mark in clause.marked("target") if mark.start in coded and clause.has_words("lên", "xuống")
    }
    return any(item.kind in ("quantity", "number") and item.start in targets for item in clause.items)


def orders(clause: Clause) -> bool:
    """Tell whether a word of the clause orders, by itself or with what stands with it."""
    counted = clause.has_items("code", "quantity", "number", "vague", "container", "name", "bad")
    return _has_order_verb(clause) or (clause.has("give") and counted)


_DEAR = frozenset(("qua", "lam", "the", "ghe"))


def _has_order_verb(clause: Clause) -> bool:
    """Tell whether a verb orders; "dat qua" typed without marks says that it is dear."""
    for mark in clause.marked("order"):
        after = clause.tokens[mark.end] if mark.end < len(clause.tokens) else None
        if clause.tokens[mark.start].text != "dat" or after is None or after.text not in _DEAR:
            return True
    return False
