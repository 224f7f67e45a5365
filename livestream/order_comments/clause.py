"""What a clause is doing: asking, telling of the past, supposing, cancelling, changing, ordering."""

from collections.abc import Sequence
from dataclasses import dataclass

from livestream.order_comments import words
from livestream.order_comments.items import Item
from livestream.order_comments.tokens import Token

_PARTICLES = {
    "a", "ah", "ak", "nha", "nhe", "shop", "sop", "ad", "em", "e", "anh", "chi", "c", "co", "chu", "bac", "vay", "the", "ta",
    "ban", "ban oi", "oi", "ui", "ha", "nhi", "b", "admin", "mn", "ne", "nghen", "hen", "roi", "cung", "bn", "ca", "cho",
    "minh", "ba", "di", "be", "ay", "z", "zay", "zậy", "rua", "con", "vo", "ne",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause with its items and its folded words, padded so that a phrase can be looked for by its ends."""

    tokens: tuple[Token, ...]
    items: tuple[Item, ...]
    text: str

    @classmethod
    def of(cls, tokens: Sequence[Token], items: Sequence[Item]) -> "Clause":
        """Build a clause."""
        folded = " ".join(token.folded for token in tokens if token.kind != "mark")
        return cls(tuple(tokens), tuple(items), f" {folded} ")

    def has(self, phrases: Sequence[str]) -> bool:
        """Tell whether one of the phrases stands in the clause as whole words."""
        return any(f" {phrase} " in self.text for phrase in phrases)

    def has_items(self, *kinds: str) -> bool:
        """Tell whether the clause holds an item of these kinds."""
        return any(item.kind in kinds for item in self.items)

    @property
    def words(self) -> list[str]:
        """The folded words of the clause, without marks."""
        return self.text.split()

    def spelled(self, *spellings: str) -> bool:
        """Tell whether a word stands in the clause in exactly one of these spellings."""
        return any(token.text in spellings for token in self.tokens)


def asks(clause: Clause) -> bool:
    """Tell whether the clause asks something."""
    if any(token.text == "?" for token in clause.tokens):
        return True
    if clause.has(words.QUESTION_PHRASES):
        return not _is_vague_order(clause)
    if (
        clause.spelled("hỏi", "mấy")
        and not _is_vague_order(clause)
        and (clause.spelled("hỏi") or _asks_how_many(clause))
    ):
        return not clause.has(("hoi chong", "hoi vo", "hoi me"))
    core = [word for word in clause.words]
    while core and core[-1] in _PARTICLES:
        core.pop()
    if not core:
        return False
    last = core[-1]
    if last in words.NO_WORDS:
        return len(core) > 1
    spelled = {token.text for token in clause.tokens}
    if last in ("gi", "dau", "sao", "chua", "bn", "nhieu", "nhiu", "bnhieu", "bao"):
        return not ({"gi": "gì", "dau": "đâu", "sao": "sao", "chua": "chưa"}.get(last, last) not in spelled | set(core))
    if clause.spelled("à", "hả") and not clause.has_items("code", "quantity", "number"):
        return True
    first = core[0]
    return first == "sao" or (len(core) > 1 and core[0] in words.PRONOUNS and core[1] == "sao")


def _asks_how_many(clause: Clause) -> bool:
    after = {
        "ngày",
        "tuổi",
        "giờ",
        "tiền",
        "bữa",
        "lít",
        "hôm",
        "tháng",
        "năm",
        "tiếng",
        "người",
        "kg",
        "ký",
        "cân",
        "quả",
        "trái",
    }
    texts = [token.text for token in clause.tokens]
    return any(text == "mấy" and i + 1 < len(texts) and texts[i + 1] in after for i, text in enumerate(texts))


def _is_vague_order(clause: Clause) -> bool:
    return clause.has_items("vague") and orders(clause) and not clause.has(("la may", "duoc may", "bao nhieu"))


def tells_of_the_past(clause: Clause) -> bool:
    """Tell whether the clause speaks of an order that was."""
    if clause.has(words.PAST_PHRASES):
        return True
    texts = [token.text for token in clause.tokens]
    ended = any(text in ("rồi", "roi") and i >= 1 for i, text in enumerate(texts))
    return (
        ended and clause.spelled("đã", "vừa", "mới", "da", "ck", "nhận", "nhan") and not clause.has(("chot roi nha",))
    )


def supposes(clause: Clause) -> bool:
    """Tell whether the clause only supposes, plans or puts off."""
    if clause.has(("dinh",)) and not clause.spelled("định", "dinh"):
        return False
    if clause.has(("neu",)) and not clause.spelled("nếu", "neu"):
        return False
    return clause.has(words.HYPOTHETICAL_PHRASES)


def reports(clause: Clause) -> bool:
    """Tell whether the clause speaks of what others order."""
    if clause.has(words.REPORTED_PHRASES):
        return True
    core = [word for word in clause.words if word not in ("ghe", "that", "luon", "a", "qua")]
    return bool(core) and core[-1] == "kia" and clause.has_items("quantity", "number", "code")


def cheers(clause: Clause) -> bool:
    """Tell whether the clause cheers the others on."""
    return clause.has(words.CHEER_PHRASES)


def cancels(clause: Clause) -> bool:
    """Tell whether the clause cancels something."""
    if clause.has(("huy diet", "dung huy", "khong huy", "ko huy", "k huy", "chua huy", "bo qua", "bo me", "bo di")):
        return False
    if clause.has(words.CANCEL_PHRASES):
        return True
    for i, token in enumerate(clause.tokens):
        if token.folded not in words.CANCEL_VERBS or not token.means(token.folded):
            continue
        if token.folded == "bo" and not (token.text == "bỏ" or _starts(clause, i)):
            continue
        if token.folded == "bo" and token.text == "bo" and not clause.has_items("code", "name"):
            continue
        return True
    return _takes_back(clause)


def _takes_back(clause: Clause) -> bool:
    """Read "không lấy 20 nữa": a negated order verb with "nữa" behind."""
    texts = [token.folded for token in clause.tokens]
    for i, word in enumerate(texts[:-1]):
        if word in words.NO_WORDS and texts[i + 1] in ("lay", "mua", "dat", "chot", "can", "order"):
            return "nua" in texts[i + 2 :] or texts[0] == "thoi"
    return False


def _starts(clause: Clause, i: int) -> bool:
    return all(token.folded in words.PRONOUNS | words.FILLERS for token in clause.tokens[:i])


def changes(clause: Clause) -> bool:
    """Tell whether the clause sets a quantity anew."""
    if clause.spelled("sửa", "sưả", "đổi", "chỉnh") or clause.has(
        (
            "sua",
            "doi lai",
            "doi thanh",
            "sua lai",
            "doi ma",
            "tang len",
            "giam xuong",
            "change",
            "chinh lai",
            "nang len",
        )
    ):
        return True
    return clause.spelled("thành") and clause.has_items("code", "quantity")


def takes_part_away(clause: Clause) -> bool:
    """Tell whether the clause takes some away or moves to another offer; a person settles those."""
    if clause.spelled("bớt", "bot") and clause.has_items("quantity", "number", "code"):
        return not clause.has(("co bot", "bot cho", "bot gia"))
    codes = [item for item in clause.items if item.kind == "code"]
    moved = clause.spelled("sang", "qua") or clause.has(("lay thanh",))
    return len(codes) >= 2 and moved and changes(clause)


def orders(clause: Clause) -> bool:
    """Tell whether the clause holds a word that orders, by itself or with what follows."""
    tokens = clause.tokens
    for i, token in enumerate(tokens):
        if token.kind != "word":
            continue
        after = tokens[i + 1].folded if i + 1 < len(tokens) else ""
        if token.folded == "dang" and after == "ky":
            return True
        if token.folded == "cho" and token.text == "cho" and (after in words.PRONOUNS or i + 1 < len(tokens)):
            return after in words.PRONOUNS or clause.has_items("code", "quantity", "number", "vague", "container")
        if token.folded in words.ORDER_VERBS and token.means(token.folded) and token.folded != "dang":
            if token.folded not in words.WEAK_VERBS:
                return True
            if clause.has_items("code", "quantity", "number", "vague", "container"):
                return True
    return False
