"""The words the reader knows, one table per meaning: the file to extend when buyers say it in yet another way.

Entries are written with their marks. Typed with marks a word must be the entry; typed without ("chot", "chôt") it means every
entry it folds onto, and what stands around it settles which. Entries of a table are parted by commas; some are phrases, and
the longest phrase that fits wins ("hủy diệt" is praise, though "hủy" alone takes an order back).
"""

from fractions import Fraction


def _words(entries: str) -> tuple[str, ...]:
    return tuple(" ".join(entry.split()) for entry in entries.split(","))


SHORT_FORMS = {
    "ko": "không", "k": "không", "hk": "không", "hok": "không", "hông": "không", "hong": "không", "hem": "không",
    "khum": "không", "hổng": "không", "kh": "không", "khg": "không", "kog": "không", "kô": "không", "hôn": "không",
    "kp": "không phải", "dc": "được", "đc": "được", "đk": "đăng ký", "dk": "đăng ký", "đkí": "đăng ký",
    "bn": "bao nhiêu", "bnh": "bao nhiêu", "bnhieu": "bao nhiêu", "bnhiu": "bao nhiêu", "bnhiêu": "bao nhiêu",
    "nhiu": "nhiêu", "nhìu": "nhiều", "j": "gì", "r": "rồi", "rùi": "rồi", "ròi": "rồi", "z": "vậy", "v": "vậy",
    "zậy": "vậy", "zay": "vậy", "dị": "vậy", "dzậy": "vậy", "rứa": "vậy", "răng": "sao", "ntn": "như thế nào",
    "vs": "với", "dzới": "với", "cx": "cũng", "cg": "cũng", "ng": "người", "mn": "mọi người", "mng": "mọi người",
    "e": "em", "c": "chị", "a": "anh", "b": "bạn", "t": "tôi", "m": "mình", "mk": "mình", "cj": "chị", "sop": "shop",
    "sốp": "shop", "shốp": "shop", "sh": "shop", "shopp": "shop", "s": "sao", "mik": "mình", "tui": "tôi",
    "tớ": "tôi", "wá": "quá", "wa": "quá", "qá": "quá", "wán": "quán", "lun": "luôn", "kí": "ký", "kgs": "kg",
    "kilo": "kg", "kilogam": "kg", "kgam": "kg", "gr": "g", "gam": "g", "gram": "g", "thoy": "thôi", "thui": "thôi",
    "hum": "hôm", "bửa": "bữa", "iem": "em", "chuyễn": "chuyển", "nghin": "nghìn", "ngàn": "nghìn", "box": "thùng",
    "boxes": "thùng", "bottle": "chai", "bottles": "chai", "xoá": "xóa", "choot": "chốt", "chộp": "chốt",
    "oder": "order", "ord": "order", "od": "order", "oerder": "order", "oda": "order", "slg": "sl", "sll": "sl",
    "đt": "sđt", "sdt": "sđt", "ib": "inbox", "freeshi": "freeship", "mún": "muốn", "mướn": "muốn", "bít": "biết",
    "gòy": "rồi", "gồi": "rồi", "chj": "chị",
}  # fmt: skip
"""What thumbs type → the word that the other tables use. "k" behind a figure stays a price."""

WEIGHTS = {
    "g": Fraction(1, 1000), "lạng": Fraction(1, 10), "kg": Fraction(1), "ký": Fraction(1), "ki": Fraction(1),
    "kỳ": Fraction(1), "cân": Fraction(1), "yến": Fraction(10), "tạ": Fraction(100), "tấn": Fraction(1000),
}  # fmt: skip
"""Weight words and their kilograms. "kỳ" is what keyboards make of "ký"."""

CONTAINERS = _words(
    """
    thùng, thúng, hộp, chai, lọ, túi, bịch, gói, rổ, sọt, giỏ, khay, vỉ, hũ, bao, bó, chùm, két, kiện, lốc, quả,
    trái, buồng, cái, suất, combo, set, bình
    """
)
"""Counted containers; only those that an offer is sold in or packed in can be resolved."""

DIGITS = {
    "một": 1, "hai": 2, "ba": 3, "bốn": 4, "tư": 4, "năm": 5, "sáu": 6, "bảy": 7, "bẩy": 7, "tám": 8, "chín": 9,
    "mười": 10, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
}  # fmt: skip
LAST_DIGITS = {**DIGITS, "mốt": 1, "lăm": 5, "nhăm": 5}
"""Spelled digits, and those behind tens ("mười lăm")."""

PRICE_UNITS = _words("nghìn, triệu, đồng, vnd, vnđ, cành, củ, xị")
"""Money words behind a number; "k", "đ", "d", "tr" count only right behind figures."""

ORDER_VERBS = _words(
    """
    chốt, lấy, mua, đặt, order, book, take, buy, want, múc, gom, hốt, húp, rinh, xí, quất, đăng ký, cf, sl,
    số lượng, chốt đơn, lên đơn, đặt hàng, đặt đơn, đặt mua, mua hàng, xin đơn, ấy, bắt, xách, tậu, ẵm, hóng chốt,
    chộp
    """
)
"""Words that order by themselves."""
GIVING_VERBS = _words(
    """
    mần, cho, để, gửi, bán, giữ, ghi, note, nhận, thêm, cần, xin, soạn, đóng, gói, tính, ship, giao, lên, add,
    get, give, cân cho, để dành, phần, chia, nhượng, còn lại cho, ké, cắt, hái, gởi, gữi, kêu, like, i like, xếp
    """
)
"""Words that order only where a quantity or a code stands with them."""

CANCEL_VERBS = _words("hủy, xóa, cancel, bỏ, hủy bỏ, rút đơn")
CANCEL_PHRASES = _words(
    """
    thôi không lấy, thôi không mua, thôi khỏi, thôi đừng lấy, thôi không đặt, thôi không chốt, khỏi lấy, khỏi gửi,
    khỏi ship, đừng lấy, đừng gửi, đừng ship, không cần nữa, thôi dừng, dừng đơn, trả đơn, rút lại đơn,
    thôi không cần
    """
)
NO_CANCELLATION = _words(
    """
    hủy diệt, bỏ qua, bỏ lỡ, bỏ phí, bỏ mẹ, bỏ cha, bỏ công, bỏ xa, bỏ bùa, bỏ ra, bỏ tiền, bỏ con, bỏ đi, bỏ mứa,
    bỏ túi, bỏ bao, bỏ vô, bỏ vào, bỏ tủ, bỏ đá, đừng hủy, không hủy, chưa hủy, đừng bỏ, không bỏ, đừng xóa,
    đừng có hủy, bỏ bom, bỏ chồng, bỏ vợ, bỏ thuốc, bỏ phiếu, hủy hoại, không bao giờ hủy, không bao giờ bỏ,
    bỏ ăn, bỏ nhà, bỏ hết vào, bỏ quên
    """
)
"""Runs that hold a word of taking back and take nothing back."""

CHANGE_WORDS = _words(
    """
    sửa, đổi, chỉnh, change, sửa lại, đổi lại, chỉnh lại, đổi thành, sửa thành, tăng lên, nâng lên, giảm xuống,
    giảm còn, rút xuống, nâng thành, tăng thành, update, cập nhật
    """
)
CHANGE_TARGETS = _words("thành, lên, xuống, còn, lại, to, xuống còn")
"""Behind these stands the quantity that holds from now on."""
TAKE_AWAY_WORDS = _words("bớt, giảm, trừ, rút bớt, bỏ bớt, hủy bớt")
MOVE_WORDS = _words("sang, qua, bằng, lấy, qua mã, chuyển")
MISTAKE_WORDS = _words("nhầm, lộn, ghi sai, ghi nhầm, đặt nhầm, nhầm rồi")
ONLY_WORDS = _words("thôi")
MORE_WORDS = _words("nữa, thêm")

QUESTIONS = _words(
    """
    bao tiền, hay hôm, chi vậy, gì đó shop, bao h, mấy h, bao nhiêu, nhiêu tiền, nhiêu 1, nhiêu một, giá nhiêu,
    nhiêu vậy, bao lâu, bao giờ, khi nào, lúc nào, chừng nào, mấy giờ, mấy ngày, mấy tiền, mấy hôm, mấy bữa,
    mấy tháng, mấy năm, mấy tuổi, mấy lít, mấy người, mấy tiếng, mấy quả, mấy trái, ngày mấy, tháng mấy, thế nào,
    như thế nào, như nào, làm sao, giá sao, sao shop, sao vậy, sao em, sao ạ, sao ta, sao thế, ở đâu, tới đâu,
    đến đâu, đi đâu, vào đâu, về đâu, chỗ nào, tại sao, vì sao, sao lại, phải không, được không, còn không,
    có không, hàng không, xin giá, hỏi giá, báo giá, cho hỏi, xin hỏi, em hỏi, mình hỏi, chị hỏi, hỏi chút,
    hỏi xíu, hỏi tý, hỏi tí, hỏi thăm, hỏi với, tư vấn, how much, how many, how long, what, when, where, how,
    is it, do you, can i, any, is there, are, does, khác gì, khác chi, khác nhau, loại nào, cái nào, mã nào,
    nào ngon, nào ngọt, là mấy, được mấy, mất mấy, gì vậy, gì thế, là gì, gì ạ, là sao, ai vậy, ai thế, ai đấy,
    tính sao, bao xa, hay sao, hay là, xin stk, xin số, xin địa chỉ, xin sđt, xin zalo, xin link, không shop,
    không ad, không vậy, không ta, không nhỉ, không chị ơi, không em ơi, chưa shop, chưa ad, chưa ạ, chưa vậy,
    chưa em, chưa chị, chưa nhỉ, hả shop, à shop, hả em, à em, hả chị, hết chưa, mấy kg, mấy ký, hay ủ, hay rừng,
    hay nhập, cây hay, trồng hay, thật không, đúng không, sao giờ, sao không, sao chưa, sao đơn, sao hủy,
    bảo quản sao, đặt sao, mua sao, ck sao, nấu sao, ngâm sao, pha sao, ăn sao, ai ship, mấy độ, mấy sao,
    gì không, nhỉ shop
    """
)
"""Runs that ask wherever they stand."""
NO_QUESTIONS = _words(
    """
    khi nào rẻ, khi nào ngon, khi nào có hàng, bao giờ rẻ, khi nào hàng, hỏi chồng, hỏi vợ, hỏi mẹ, hỏi ý,
    hỏi lại, hỏi ck, hỏi vk, hỏi chị em, hỏi nhà, thế nào cũng, kiểu gì cũng, lúc nào cũng, khi nào cũng,
    bao nhiêu cũng, bao nhiêu năm, bao lâu nay, bao nhiêu lần, không biết làm sao, bao nhiêu là, bao giờ cũng,
    không sao, không sao đâu, làm sao mà, ai cũng, gì cũng, đâu cũng, nào cũng, chưa bao giờ, không bao giờ,
    ngay được không
    """
)
"""Runs that only look like asking."""
NO_WORDS = _words("không")
NOT_YET_WORDS = _words("chưa")
ASKING_ENDS = _words("gì, đâu, sao, nhiêu, nhỉ, hả, hở, à, chăng, mấy, hông ta")
NEGATIONS = _words(
    """
    không, chưa, chẳng, chả, đừng, đâu có, không có, chưa có, không phải, có đâu, hết, khỏi, don't, not, no
    """
)
NOT_SO = _words("không phải, chứ không")

PAST = _words(
    """
    bữa em, hôm em, nãy em, là người chốt, người chốt, nãy giờ, hôm qua, hôm kia, hôm bữa, hôm trước, hôm nọ,
    hôm rồi, hôm nớ, hôm thứ, hôm trc, hqua, bữa trước, bữa nọ, bữa kia, bữa hổm, hổm rày, bữa hôm, bữa qua,
    tuần trước, tuần rồi, tuần qua, lần trước, lần rồi, tháng trước, năm ngoái, năm trước, đợt trước, đợt rồi,
    hồi trước, hồi sáng, hồi nãy, lúc nãy, hồi hôm, phiên trước, live trước, live hôm, tối qua, chiều qua,
    sáng qua, ngày trước, ngày hôm qua, trưa nay, sáng nay, đã nhận, đã mua, đã lấy, đã đặt, đã chốt, đã ăn,
    vừa nhận, vừa chốt, vừa mua, vừa đặt, vừa lấy, mới nhận, mới mua, mới chốt, mới đặt, nhận được, nhận rồi,
    nhận hàng, mua rồi, lấy rồi, đặt rồi, chốt rồi, ck rồi, yesterday, last week, last time, ordered, bought,
    received, từng mua, từng lấy, từng đặt, đơn cũ, đơn hôm, hôm chủ nhật, vụ trước, mùa trước, trước em mua,
    trước em lấy, hồi tháng
    """
)
NOW = _words(
    """
    nay, giờ, hôm nay, bữa nay, lần này, năm nay, giờ thì, bây giờ, hôm ni, chừ, đợt này, vụ này, nay cho, now
    """
)
DONE_WORDS = _words("rồi")
COMPLAINTS = _words(
    """
    giao thiếu, gửi thiếu, ship thiếu, giao nhầm, gửi nhầm, ship nhầm, bị thiếu, bị hỏng, bị dập, bị hư, giao sai,
    gửi sai
    """
)
LIKE_BEFORE = _words(
    """
    như cũ, như đơn, như hôm, như lần, như bữa, như tuần, như mọi, như đợt, như tháng, giống hôm, giống lần,
    giống bữa, giống đơn, giống tuần, y như, y chang, như chị, như bạn, như anh, như trên, giống chị, giống bạn,
    giống anh, như kia, như mọi khi, same as, như năm, như phiên, như trước, giống trước, y hôm, y lần
    """
)
"""An order by what went before: only a person knows what that was."""

SUPPOSING = _words(
    """
    thì thôi, tặng em, tặng chị, tặng mình, tặng thêm, free đi, thử free, hàng về, khi nào rẻ, khi nào ngon,
    khi nào có hàng, bao giờ rẻ, khi nào hàng, để dành tiền, tiền mua, nếu, giá mà, giá như, phải chi, ước gì,
    ước, để em hỏi, để chị hỏi, để mình hỏi, để hỏi, để tính, để xem, để em xem, để em tính, định, tính mua,
    tính lấy, tính đặt, tính chốt, tính làm, đợi lương, chờ lương, mai mốt, để mai, để lát, để tối, để hôm,
    để bữa, để khi, để lần, để đợt, suy nghĩ, cân nhắc, chắc sẽ, chắc lấy, chắc mua, chắc đặt, chắc chốt,
    phân vân, biết thế, biết vậy, tưởng, lẽ ra, đáng lẽ, bữa nào, hôm nào, khi khác, lần sau, dịp khác, if, maybe,
    có tiền thì, mà có, giá rẻ thì, hỏi chồng, hỏi vợ, hỏi mẹ, chưa chắc, nhỡ, lỡ mà, giả sử, hên xui, mơ,
    thèm lấy, ham, would, sẽ mua, sẽ lấy, sẽ đặt, sẽ chốt, sau này, mới dám, mới mua, mới lấy, không dám,
    hồi nào có, có khi, chắc phải, đang tính, đang định, không biết, chừng nào
    """
)
THEN_WORDS = _words("thì")
NO_SUPPOSING = _words(
    """
    thôi thì, vậy thì, thế thì, giờ thì, nay thì, còn em thì, rồi thì, định kỳ, mới lấy được, mới mua được,
    mới đặt được
    """
)
HAVING_NO = _words(
    """
    mà không, mà hết, mà chưa, mà sợ, mà xa, mà tủ, mà lo, mà ngại, mà tiếc, mà đắt, mà mắc, mà ví, mà túi
    """
)
"""Behind a wish they say why it stays one: "định mua … mà hết tiền"."""
LATER_WORDS = _words(
    """
    tí, tý, xíu nữa, mai, mốt, cuối tuần, tuần sau, tháng sau, lát nữa, tí nữa, chút nữa, lát, tý nữa
    """
)

REPORTING = _words(
    """
    bán được, ngày bán, bán 1 ngày, bán hết, bán một ngày, ai chốt, ai lấy, ai mua, ai đặt, ai mà, chị kia,
    anh kia, bạn kia, bà kia, ông kia, cô kia, bác kia, chú kia, em kia, người ta, có người, người khác, nhà bên,
    hàng xóm, bạn em, bạn chị, bạn mình, nghe nói, nghe bảo, thấy nói, thấy bảo, thấy bạn, thấy chị, thấy anh,
    thấy người, thấy ai, thấy mọi người, thấy bác, bạn nào, chị nào, anh nào, bác nào, mẹ nào, người quen, có bạn,
    có chị, có anh, có bác, có ông, nhiều người, đứa bạn, chị gái em, có mẹ, có nhà, bà nào, ông nào, cô nào,
    nhà nào, khách nào, đứa nào, khách, họ, mọi người lấy, mọi người mua, mọi người chốt, toàn người, bên kia,
    chỗ khác, bên khác, someone, people, they, anh trên, chị trên, bạn trên, bác trên
    """
)
REPORTING_ENDS = _words("kìa")

CHEERS = _words(
    """
    chúc, mỏi tay, chốt đơn đi, chốt đơn nào, chốt đơn thôi, chốt nhanh, chốt lẹ, chốt mạnh, chốt đi,
    chốt lia lịa, chốt ầm, kẻo hết, không hết, hết bây giờ, bà con ơi, mọi người ơi, cả nhà ơi, anh em ơi,
    chị em ơi, các mẹ ơi, mọi người chốt, nhanh tay, mua đi, mua lẹ đi, lấy đi mọi người, lấy đi bà con,
    bà con lấy, bà con mua, mọi người mua, mọi người lấy, mọi người đặt, cả nhà lấy, cả nhà mua, cả nhà chốt,
    ủng hộ, nổ đơn, nổ chốt, ra đơn, đắt hàng, cháy hàng, buôn may, bùng nổ, ầm ầm, ào ào, rầm rầm, liền tay,
    mại dô, mại zô, lên nào, nào mọi người, nào bà con, nào cả nhà, các bác chốt
    """
)
"""Cheering the others on and wishing luck."""

VAGUE_COUNTS = _words("vài, mấy, dăm, dăm ba, đôi ba, vài ba, ít, một ít, một vài, ít ít")
ABOUT_WORDS = _words("tầm, khoảng, chừng, cỡ chừng, tầm khoảng")
"""A quantity behind these is only about right: a person asks."""
VAGUE_AMOUNTS = _words(
    """
    ít, một ít, một tí, chút, một chút, tí, tẹo, xíu, chút xíu, chút ít, ít ít, nhiều nhiều, kha khá
    """
)

IDLE = _words(
    """
    mưa to, mưa lớn, mưa gió, mưa quá, mất mùa, được mùa, mùa này, vào mùa, hết mùa, đầu mùa, cuối mùa, trái mùa,
    đúng mùa, mùa vải, đắt quá, đắt thế, đắt lắm, đắt đỏ, đắt ghê
    """
)
"""Runs that only keep their words from meaning something else: "mưa to" typed without marks is no "mua"."""

PRONOUNS = _words(
    """
    em, anh, chị, cô, chú, bác, bà, ông, tôi, mình, mẹ, bố, má, con, cháu, dì, cậu, mợ, thím, dượng, ad, admin,
    shop, bé, bạn, vợ, chồng, vk, ck, tao, mày, út, nó, nhà, cty, công ty, me, us, i, we, my, ngoại, nội, nhỏ,
    gái, mọi người, gia đình, ba, hai, tư, năm, sáu, bảy, tám, chín, ông bà, u, o, mạ, chủ, chủ shop, sếp, cả, ấy,
    này, kia, tụi, bọn, người, chị em, kênh
    """
)
POLITE = _words(
    """
    coi, hè, hỉ, ạ, hôm, ah, ak, á, nha, nhé, nhen, nghen, nghe, hen, nhe, nhá, nhoa, nghỉn, nè, nà, nào, này, đi,
    luôn, ngay, gấp, giúp, giùm, dùm, hộ, dạ, vâng, ok, oke, okie, okela, okla, ui, ơi, hỡi, pls, please, plz,
    thanks, thank, you, thank you, ths, tks, thanh, cảm ơn, cám ơn, nhiều, với, cùng, cũng, nhé em, the, of, for,
    and, more, some, alo, hello, hi, hihi, haha, hehe, kk, chào, uh, um, ừ, ờ, à, thế, vậy, đó, đấy, đây, ta, y,
    ha, hén, nhỉ, là, mà, thì, rồi, nữa, có, còn, và, cùng với, ngon, đẹp, tươi, sớm, nhanh, ăn thử, ăn, thử,
    biếu, tặng, làm quà, quà, lại, được, xem, mới, trước, đầu tiên, đơn, hàng, mã, số, loại, code, về, gửi về,
    tận nơi, cod, hôm nay, nay, giờ, tối nay, mai, chiều, sáng, tối, nhớ, thương, yêu, quý, đầu, mở hàng, một,
    đơn đầu, chỉ, thôi, mỗi, nghe em, nghe con, cái, liền, khỏi, lẹ, chọn, lựa, ngon ngon, đẹp đẹp, to to,
    khách quen, khách cũ, ưng, ưng quá, thích, chuẩn, duyệt, đồng ý, chắc chắn, đúng, xong, thiệt, thật, quá, lắm,
    ghê, trong, x, gồm, tổng, tổng cộng, mọi khi, ủng hộ
    """
)
"""Words around an order that change nothing."""
DESTINATIONS = _words(
    """
    về, gửi về, ship về, giao về, giao, ship, gửi, giao tới, giao đến, gửi vào, gửi ra, ở, tại, đc, địa chỉ, sđt,
    tel, zalo, call, gọi, liên hệ, tới, vào, ra, lên, xuống, số nhà, tên, người nhận, cho, biếu, tặng, để, ngâm,
    ck, chuyển khoản, thanh toán, cọc, giao trước, trước, nhận, tên là, trả, ăn, làm, nhà, kho, mai, chiều, sáng,
    tối, lát, alo, inbox
    """
)
"""Behind these only the way to the buyer is told, whatever words follow."""
PRAISE_ENDS = _words("quá, lắm, ghê, thế, quá trời, nên, thật, vậy, rồi, xỉu, luôn, thì")
"""Behind these a new sentence may begin without a comma: "ngon quá cho em 2kg"."""

EACH = _words("mỗi loại, mỗi thứ, mỗi mã, mỗi món, mỗi cái, mỗi em, mỗi anh, each, đều, mỗi bên, mỗi thức")
CODE_MARKERS = _words("mã, số, code, mã số, ma so")
WHOLE_ORDER = _words("đơn, hết, tất cả, toàn bộ, cả đơn, tất, sạch, hết đơn, all, cả")

NOT_A_QUANTITY_AFTER = _words(
    """
    tuổi, anh em, chị em, giờ, h, g, tháng, ngày, năm, nhóm, người, lần, tiếng, phút, bữa, lít, l, ml, đứa, độ,
    đêm, hôm, tuần, buổi, phần trăm, km, m, mét, cây, sào, mẫu, hộ, giây, p, view, mắt, like, tim, đơn, món, mâm,
    nồi, cm, vụ, hecta, ha, tầng, lầu, phòng, chuyến, sao, đợt, mùa, mẹ con, vợ chồng, điểm, vườn, gốc, share,
    mét vuông, đời, kênh, live, triệu, xe, chuyến xe, công, kiếp, lượt, tài khoản, vòng, gia đình, bước, chân,
    tay, mặt, chục người, ký tự, tiếng đồng hồ
    """
)
NOT_A_QUANTITY_BEFORE = _words(
    """
    quận, q, phường, ngõ, ngách, hẻm, nhà, đường, tháng, ngày, thứ, khu, tổ, ấp, thôn, xóm, km, lô, tầng, lúc,
    đuôi, stk, tk, năm, đơn, kiệt, xã, huyện, block, tòa, căn hộ, căn, phòng, sn, cuối, trên, top, gần, tuổi, hơn,
    đời, khóm, ql, quốc lộ, tỉnh lộ, lớp, số nhà, chung cư, cc, p, đội, đại lộ, lầu, bàn, vtv, covid, ocop, hạng,
    cách, từ, mùng, cuộc, đầu, tài khoản, dưới, khoảng
    """
)

MEASURES = _words("lít, l, ml, lit")
"""What is poured; nothing on a shelf is sold so."""

PRODUCE = _words(
    """
    xoài, ổi, mít, sầu riêng, bưởi, chuối, dừa, dưa, dưa hấu, thanh long, mận, nhãn, chôm chôm, đu đủ, táo, nho,
    lê, hồng, quýt, chanh, vú sữa, măng cụt, dâu, dâu tây, gạo, khoai, ngô, cam, na, trà, chè, mật ong, vải,
    ba kích, bơ, cà phê, lạc, trứng, măng, nước mắm, cà chua, rau, thịt, gà, cá, tôm, hạt điều, mắc ca, tiêu, nấm,
    hồng xiêm, mãng cầu, bòn bon, roi, dứa, thơm, khóm, cốc, hạt dẻ
    """
)
"""Produce that people ask for; a quantity of some that no offer bears cannot be ordered here."""
COMMON_IN_NAMES = _words(
    """
    hoa, loại, chín, sớm, tím, vàng, u, kg, thơm, ngon, sạch, to, nhỏ, một, dai, tươi, đặc, sản, trứng, ong, đỏ,
    xanh, đen, trắng, cát, nước, phú, yên, vạn, đông, triều, quốc, lộc, tân, móc, câu, bạc, hà, riêng, hồng
    """
)
"""Words of names that alone name nothing."""
