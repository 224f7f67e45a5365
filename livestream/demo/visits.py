"""Who came to the demo's sessions, what they typed, where it went, and how it ended."""

from dataclasses import dataclass
from typing import Literal

Fate = Literal[
    "delivered", "refunded", "claimed", "returned", "shipped", "packed", "confirmed", "cancelled", "expired", "pending"
]


@dataclass(frozen=True, slots=True)
class Visit:
    """One buyer of one session. Without a ward they never check out, and the hold runs out or is cancelled."""

    name: str
    phone: str
    said: tuple[str, ...]
    fate: Fate
    ward: str = ""
    street: str = ""
    method: Literal["vietqr", "cod"] = "vietqr"


OPENING_EVENING = (
    Visit("Chị Thủy", "0900 000 331", ("chốt A1 10kg",), "delivered", "00166", "8 Duy Tân"),
    Visit("Anh Phong", "0900 000 332", ("A1 5kg nhé", "thêm 2 chai B1"), "delivered", "26743", "31 Tôn Thất Đạm"),
    Visit("Cô Nga", "0900 000 333", ("lấy 3 thùng A3",), "delivered", "20242", "120 Hùng Vương"),
    Visit("Bác Tám", "0900 000 334", ("a2 15kg",), "refunded", "31135", "40 Mậu Thân"),
    Visit("Chị Lý", "0900 000 335", ("chot a1 7 ký",), "delivered", "00166", "99 Trần Duy Hưng"),
    Visit("Anh Quân", "0900 000 336", ("A1 4kg và A2 6kg",), "delivered", "06832", "Thôn Đá Bạc", "cod"),
    Visit("Mẹ Sóc", "0900 000 337", ("B1 3 chai",), "delivered", "20242", "14 Lê Duẩn"),
)  # fmt: skip
"""The season's first session: everything delivered, settled and paid out since."""

ENDED_EVENING = (
    Visit("Chị Hoa", "0900 000 301", ("Vải nhà mình ngọt không em?", "chốt A1 5kg"), "delivered", "00166", "12 Trung Kính"),
    Visit("Anh Dũng", "0900 000 302", ("a1 3 ký nha", "cho anh thêm 1 chai B1"), "delivered", "26743", "45 Lê Lợi"),
    Visit("Cô Bảy", "0900 000 303", ("lấy cô 2 thùng A3",), "delivered", "31135", "7 Hòa Bình", "cod"),
    Visit("Bé Na", "0900 000 304", ("chot a2 10kg",), "delivered", "20242", "210 Bạch Đằng"),
    Visit("Chú Thành", "0900 000 305", ("A1 4kg ship Hà Nội được không?", "chốt 4kg A1"), "delivered", "00166", "3 Quan Hoa"),
    Visit("Mẹ Bi", "0900 000 306", ("2kg a1 với 3kg a2",), "delivered", "06832", "Khu Hiệp Thanh", "cod"),
    Visit("Chị Ngân", "0900 000 307", ("chốt A1 6kg",), "claimed", "00166", "56 Nguyễn Khang"),
    Visit("Anh Kiên", "0900 000 308", ("A3 1 thùng",), "returned", "26743", "18 Phạm Ngũ Lão", "cod"),
    Visit("Thu Trang", "0900 000 309", ("mình lấy A1 2,5kg", "thêm B1 2 chai nữa"), "shipped", "20242", "9 Trần Phú"),
    Visit("Bác Sơn", "0900 000 310", ("chốt A2 5kg",), "shipped", "31135", "66 Ba Tháng Hai"),
    Visit("Hải Yến", "0900 000 311", ("A1 3kg",), "packed", "00166", "101 Xuân Thủy"),
    Visit("Vợ chồng Minh", "0900 000 312", ("lấy 1 thùng A3 và 1 chai B1",), "packed", "26743", "2 Công xã Paris"),
    Visit("Cô Liên", "0900 000 313", ("chốt A1 8kg",), "confirmed", "00166", "20 Cầu Giấy"),
    Visit("Tuấn Anh", "0900 000 314", ("A2 4kg",), "confirmed", "20242", "77 Nguyễn Văn Linh", "cod"),
    Visit("Chị Hiền", "0900 000 315", ("A1 2kg", "hủy A1"), "cancelled"),
    Visit("Dì Út", "0900 000 316", ("chốt A1 3kg",), "cancelled", "31135", "12 Nguyễn Trãi"),
    Visit("Nam Vlog", "0900 000 317", ("a1 10kg",), "expired"),
)  # fmt: skip
"""An evening two days ago. The wards are Cầu Giấy, Bến Thành, Ninh Kiều, Hải Châu and Yên Tử."""

LIVE_NOW = (
    Visit("Chị Phượng", "0900 000 321", ("Chào cả nhà, vải hái sáng nay phải không ạ?", "chốt A1 2kg"), "pending"),
    Visit("Anh Long", "0900 000 322", ("cho anh ít vải", "cho anh 2kg A1"), "pending"),
    Visit("Cô Hạnh", "0900 000 323", ("A3 1 thùng",), "pending", "00166", "5 Trần Thái Tông"),
    Visit("Bé Vy", "0900 000 324", ("mật ong có nguyên chất không shop?", "B1 2 chai"), "pending"),
)
"""The first minutes of the session that is live now."""
