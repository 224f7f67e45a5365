"""The words the reader knows, in tables that a person can extend. All are folded (no marks) unless a comment says otherwise.

Where a mark tells two words apart ("tạ" 100 kg, "tá" a dozen) the marked forms stand in ``MARKED_MEANING``: a marked word
that is not the listed one is not the unit or verb its folded form suggests.
"""

from fractions import Fraction

WEIGHT_KG = {
    "g": Fraction(1, 1000), "gr": Fraction(1, 1000), "gam": Fraction(1, 1000), "gram": Fraction(1, 1000),
    "lang": Fraction(1, 10),
    "kg": Fraction(1), "kgs": Fraction(1), "kilo": Fraction(1), "kilogam": Fraction(1), "ky": Fraction(1),
    "ki": Fraction(1), "can": Fraction(1), "kí": Fraction(1), "kilos": Fraction(1),
    "yen": Fraction(10), "ta": Fraction(100), "tan": Fraction(1000),
}  # fmt: skip
"""Weight words and their kilograms."""

CONTAINERS = {
    "thung", "hop", "chai", "lo", "tui", "bich", "goi", "ro", "sot", "gio", "khay", "vi", "hu", "bao", "bo", "chum",
    "ket", "kien", "loc", "lang_gio", "box", "boxes", "can_nhua", "qua", "trai", "buong", "cai", "phan", "suat", "combo",
    "set", "bottle", "bottles",
}  # fmt: skip
"""Counted containers; only those an offer is sold in or packed in can be resolved."""

ENGLISH_CONTAINERS = {"box": "thung", "boxes": "thung", "bottle": "chai", "bottles": "chai"}

MARKED_MEANING = {
    "ta": {"tạ"}, "tan": {"tấn"}, "can": {"cân"}, "yen": {"yến"}, "lang": {"lạng"}, "ky": {"ký", "kỳ", "kỷ"}, "ki": {"kí"},
    "lo": {"lọ"}, "bo": {"bỏ", "bó"}, "hu": {"hũ"}, "vi": {"vỉ"}, "ro": {"rổ"}, "gio": {"giỏ"}, "doi": {"đôi", "đổi", "đợi"},
    "sot": {"sọt"}, "tui": {"túi"}, "qua": {"quả"}, "trai": {"trái"}, "bao": {"bao"}, "goi": {"gói"}, "chum": {"chùm"},
    "hop": {"hộp"}, "thung": {"thùng", "thúng"}, "cap": {"cặp"}, "huy": {"hủy", "huỷ"}, "sua": {"sửa"}, "bot": {"bớt"},
    "ghi": {"ghi"}, "giu": {"giữ"}, "dat": {"đặt"}, "lay": {"lấy"}, "mua": {"mua"}, "chot": {"chốt"}, "gui": {"gửi"},
    "de": {"để"}, "xi": {"xí"}, "gom": {"gom"}, "muc": {"múc"}, "dinh": {"định"}, "neu": {"nếu"}, "chuc": {"chục", "chúc"},
    "ba": {"ba", "bà", "bá", "bạ"}, "muoi": {"mười", "mươi"}, "mot": {"một", "mốt"}, "hai": {"hai"}, "bon": {"bốn", "bọn"},
    "sau": {"sáu", "sau"}, "bay": {"bảy", "bay"}, "tam": {"tám"}, "chin": {"chín"}, "nam": {"năm"}, "tu": {"tư"},
    "lam": {"lăm"}, "nham": {"nhăm"}, "ruoi": {"rưỡi", "rưởi"}, "nua": {"nửa", "nữa"}, "it": {"ít"}, "may": {"mấy"},
    "vai": {"vài", "vải"}, "hoi": {"hỏi"}, "gia": {"giá"}, "thoi": {"thôi"}, "khoi": {"khỏi"},
}  # fmt: skip
"""Folded word → the marked spellings that mean it (or that are resolved elsewhere); other marked spellings do not."""

DIGIT_WORDS = {
    "khong": 0, "mot": 1, "hai": 2, "ba": 3, "bon": 4, "tu": 4, "nam": 5, "sau": 6, "bay": 7, "tam": 8, "chin": 9, "muoi": 10,
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10,
}  # fmt: skip
NUMBER_MARKS = {
    "mot": {"một", "mot"}, "ba": {"ba"}, "bon": {"bốn", "bon"}, "tu": {"tư", "tu"}, "nam": {"năm", "nam"},
    "sau": {"sáu", "sau"}, "bay": {"bảy", "bẩy", "bay"}, "tam": {"tám", "tam"}, "chin": {"chín", "chin"},
    "muoi": {"mười", "muoi"}, "hai": {"hai"},
}  # fmt: skip
ONES_AFTER_TEN = {**DIGIT_WORDS, "lam": 5, "nham": 5}
TENS_WORDS = {"muoi", "muoi", "chuc"}
PAIR_WORDS = {"doi": {"đôi", "doi"}, "cap": {"cặp", "cap"}}

PRICE_UNITS = {"k", "ka", "nghin", "ngan", "d", "vnd", "vnđ", "dong", "tr", "trieu", "cu", "xi", "ti", "ty", "lit"}

ORDER_VERBS = {
    "chot", "lay", "mua", "dat", "order", "oder", "ord", "od", "ghi", "note", "xi", "dk", "giu", "book", "take", "want",
    "gom", "muc", "sl", "them", "cf", "len", "buy", "get", "nhan", "xin", "ban", "gui", "ship", "chot_don", "dang_ky",
    "hot", "rinh", "quat", "mn_chot", "dang", "add",
}  # fmt: skip
"""Single words that order. "len" counts in "lên đơn", "dang" in "đăng ký", "xin" and "ban", "gui", "ship" with a quantity."""
WEAK_VERBS = {"len", "xin", "ban", "gui", "ship", "nhan", "dang", "get", "hot", "them", "giu", "note", "ghi"}
"""Order only together with a code or a quantity."""

GIVE_WORDS = {"cho", "de", "gui", "ban", "lay", "ghi", "chot", "dat", "nhuong", "phan", "chia"}
PRONOUNS = {
    "em", "e", "anh", "a", "chi", "c", "co", "chu", "bac", "ba", "ong", "toi", "t", "tui", "minh", "m", "me", "bo", "con",
    "chau", "di", "cau", "mo", "thim", "duong", "ad", "shop", "sop", "sh", "nha", "be", "bn", "ban", "mn", "cty", "i", "me",
    "us", "im", "bon", "tao", "to", "cung", "gia", "dinh", "vo", "chong", "hai", "tu", "nam", "sau", "bay", "tam", "chin",
    "ut", "no", "moi", "nguoi", "ca", "vk", "ck", "ak", "admin", "chu", "ht", "em_oi",
}  # fmt: skip
FILLERS = {
    "a", "ah", "ak", "nha", "nhe", "nhen", "nghen", "nghe", "nhaa", "nhee", "nhes", "ne", "na", "nua", "voi", "vs", "cung",
    "oi", "di", "luon", "ngay", "gap", "giup", "gium", "dum", "ho", "nao", "da", "vang", "ok", "oke", "okie", "okela", "ui",
    "pls", "please", "plz", "thanks", "thank", "you", "ths", "tks", "cam", "on", "thk", "the", "nay", "do", "day", "nhi",
    "hen", "hem", "hi", "hihi", "haha", "ha", "hehe", "nhieu", "som", "nhanh", "an", "thu", "truoc", "luôn", "cho", "qua",
    "ngon", "dep", "roi", "ma", "thi", "la", "loai", "ma", "so", "code", "ve", "gui", "giao", "mn", "va", "con", "moi",
    "choi", "lun", "lien", "nek", "nhoa", "nka", "nhak", "nhaaa", "vay", "j", "gi", "y", "nhe_em", "alo", "hello", "chao",
    "ơi", "b", "len", "don", "hang", "nhé", "ah", "uh", "um", "dc", "nhah", "i", "want", "would", "like", "of", "more",
    "for", "me", "can", "kinh", "tang", "bieu", "qua", "hom", "tiep",
}  # fmt: skip
"""Words around an order that change nothing."""

NEGATIONS = {
    "khong",
    "ko",
    "k",
    "hk",
    "hong",
    "hok",
    "kg",
    "khg",
    "khum",
    "kh",
    "chang",
    "chua",
    "hem",
    "kog",
    "hongg",
    "khoi",
}
NO_WORDS = {"khong", "ko", "k", "hk", "hong", "hok", "khg", "khum", "kh", "hem", "kog", "hông"}

QUESTION_PHRASES = (
    "bao nhieu", "bnhieu", "bn tien", "bn 1", "bn mot", "gia bn", "nhieu tien", "nhiu tien", "bao nhiu", "bao lau",
    "bao gio", "khi nao", "luc nao", "chung nao", "may gio", "may ngay", "may tien", "the nao", "nhu the nao", "lam sao",
    "sao shop", "gia sao", "o dau", "toi dau", "den dau", "cho nao", "tai sao", "vi sao", "sao lai", "phai khong",
    "duoc khong", "dc khong", "duoc ko", "dc ko", "duoc k", "dc k", "con khong", "con ko", "con k", "con hang khong",
    "con hang ko", "con hang k", "co khong", "co ko", "xin gia", "hoi gia", "cho hoi", "cho em hoi", "cho minh hoi",
    "how much", "how many", "what", "when", "where", "how long", "is it", "do you", "can i", "khac gi", "khac chi",
    "nhu nhau", "loai nao", "cai nao", "la may", "duoc may", "mat may", "het nhieu", "het nhiu", "het bao", "bnh", "bao xa",
    "gi vay", "gi the", "la gi", "gi a", "ai the", "may lit", "may thang", "may nam", "bay gio moi", "tinh sao",
    "mac khong", "sao vay", "sao the", "hay rung", "hay la", "nhieu khong", "con hong", "con hok", "duoc hong", "dc hong",
    "dc hok", "free ko", "freeship khong", "hoi chut", "hoi xiu", "hoi ty", "bao nhieu kg", "may ky 1", "nhieu mot", "sao a",
    "nhieu 1", "bn a", "gia nhieu", "gia bao", "nhieu vay", "nhiu vay", "bn vay", "sao ha", "ntn", "nhu nao", "dau vay",
    "dau roi", "chua shop", "chua ad", "chua a", "chua vay", "chua em", "chua chi", "chua anh", "chua ban",
)  # fmt: skip
"""Runs of folded words that ask, wherever they stand."""

QUESTION_ENDS = NO_WORDS | {
    "chua",
    "sao",
    "gi",
    "dau",
    "ha",
    "hay",
    "nhi",
    "hoi",
    "bn",
    "bnhieu",
    "nhieu",
    "nhiu",
    "j",
    "chu",
}
"""Words that ask at the end of a clause, before the polite particles. Bare "k" asks only there."""

PAST_PHRASES = (
    "hom qua", "hom kia", "hom bua", "hom truoc", "bua truoc", "bua no", "bua kia", "tuan truoc", "tuan roi", "lan truoc",
    "thang truoc", "nam ngoai", "nam truoc", "dot truoc", "hoi truoc", "da nhan", "nhan duoc", "da mua", "da lay", "da dat",
    "da chot", "moi nhan", "mua roi", "lay roi", "dat roi", "chot roi", "nhan roi", "da dang", "vua nhan", "sang nay",
    "da ck", "ck roi", "nhan hang", "hom no", "hom thu", "yesterday", "last week", "bua hom", "ngay truoc", "vua chot",
    "vua mua", "vua dat", "vua lay", "phien truoc", "live truoc", "toi qua", "hom noi",
)  # fmt: skip
NOW_WORDS = {"nay", "gio", "lan nay", "bay gio", "hom nay", "nua"}

HYPOTHETICAL_PHRASES = (
    "neu", "gia ma", "gia nhu", "phai chi", "de em hoi", "de chi hoi", "de minh hoi", "de hoi", "de tinh", "de xem",
    "dinh mua", "dinh lay", "dinh dat", "dinh chot", "dinh", "tinh mua", "tinh lay", "doi luong", "cho luong", "khi nao co",
    "mai mot", "de mai", "suy nghi", "can nhac", "chac se", "muon mua ma", "muon lay ma", "thich ma", "if", "maybe", "gia re",
    "hoi chong", "hoi vo", "hoi me", "phan van", "co tien thi", "ma ngon", "ma re", "bao gio", "biet the", "tuong la", "le ra",
    "dang le", "hay la lay", "nho ma", "lo ma", "chac lay", "chac mua", "de bua", "bua nao", "hom nao", "khi khac",
)  # fmt: skip
REPORTED_PHRASES = (
    "ai chot", "ai lay", "ai mua", "ai dat", "ai ma", "chi kia", "anh kia", "ban kia", "ba kia", "ong kia", "co kia",
    "nguoi ta", "co nguoi", "nguoi khac", "nha ben", "hang xom", "ban em", "ban chi", "chi em", "ban minh", "nghe noi",
    "thay noi", "thay ban", "thay chi", "thay anh", "thay nguoi", "ban nao", "chi nao", "anh nao", "bac kia", "nguoi quen",
    "thay ai", "bac nao", "me no", "co ban", "co chi", "co anh", "nhieu nguoi", "co ai", "dua ban", "chi gai em",
)  # fmt: skip
REPORTED_ENDS = {"kia", "kìa"}

CHEER_PHRASES = (
    "chuc shop", "chuc ca nha", "chuc chi", "chuc em", "chot don di", "chot don nao", "chot don moi tay", "moi tay",
    "chot nhanh", "chot manh", "keo het", "ke het", "ba con oi", "moi nguoi oi", "ca nha oi", "nhanh tay", "dat hang chuc",
    "buon may ban dat", "dong khach", "chot di ca nha", "chot di moi nguoi", "chot di ba con", "mua di", "lay di moi nguoi",
    "ung ho di", "ung ho nha", "chot lia lia", "chot am am", "ban dat", "no don", "ram ram", "don no", "chay hang", "len nao",
)  # fmt: skip

CANCEL_VERBS = {"huy", "bo", "cancel", "xoa", "huỷ", "huye"}
CANCEL_PHRASES = (
    "khong lay nua", "ko lay nua", "k lay nua", "hk lay nua", "hong lay nua", "thoi khong lay", "thoi ko lay", "thoi k lay",
    "khong mua nua", "ko mua nua", "k mua nua", "thoi khoi", "khoi lay", "khong lay", "ko lay", "k lay", "thoi khong mua",
    "thoi ko mua", "khong dat nua", "ko dat nua", "khong chot nua", "ko chot nua", "hong lay", "hok lay", "hk lay",
    "dung lay", "dung gui", "khong can nua", "ko can nua", "thoi dung", "bo don", "huy don", "rut don", "hem lay", "khum lay",
)  # fmt: skip
SET_PHRASES = (
    "sua",
    "doi lai",
    "doi thanh",
    "thanh",
    "sua lai",
    "tang len",
    "giam xuong",
    "giam con",
    "con lai",
    "change",
    "chinh",
    "doi",
)
PARTIAL_TAKE = {"bot", "giam"}

VAGUE_WORDS = {"vài", "mấy", "ít", "chút", "xíu", "vai", "may", "it", "chut", "xiu", "tẹo", "nhieu"}

NOT_A_QUANTITY_AFTER = {
    "tuoi", "gio", "h", "thang", "ngay", "nam", "nhom", "nguoi", "lan", "tieng", "phut", "bua", "lit", "dua", "do", "ngan",
    "dem", "hom", "tuan", "buoi", "phan", "tram", "km", "m", "met", "cay", "sao", "mau", "ho", "gd", "giay", "p", "view",
    "like", "tim", "don", "mon", "nghin", "mam", "noi", "toi", "sang", "trua", "chieu", "cm", "vu", "hec", "ha", "tret",
    "tang", "lau", "phong", "chuyen", "sao", "ngay", "dot", "mua", "thang",
}  # fmt: skip
NOT_A_QUANTITY_BEFORE = {
    "quan", "q", "phuong", "p", "ngo", "ngach", "hem", "nha", "duong", "thang", "ngay", "thu", "khu", "to", "ap", "thon",
    "xom", "km", "lo", "tang", "luc", "duoi", "stk", "tk", "nam", "don", "kiet", "xa", "huyen", "block", "toa", "can_ho",
    "phong", "t", "sn", "cuoi", "tren", "top", "khoang", "gan", "tuoi", "hon", "doi", "khom", "ql", "quoc", "tinh", "lop",
}  # fmt: skip
CODE_MARKERS = {"ma", "so", "code", "mã", "số"}
ORDER_LIKE_PHRASES = (
    "nhu don",
    "nhu cu",
    "nhu hom",
    "nhu lan",
    "nhu moi",
    "y nhu",
    "giong lan",
    "giong hom",
    "nhu bua",
    "nhu tuan",
)
EACH_WORDS = {"moi", "moi_loai"}
EACH_PHRASES = ("moi loai", "moi thu", "moi ma", "moi cai", "moi mon", "each")
