"""Who to sign in as in the demo cooperative; printed at the start and shown on the demo's home page.

The demo stands only where ``Config.demo`` is on, which production refuses; ``livestream.demo`` builds the cooperative
itself. The password is public on purpose, so an installation that once was a demo must never serve real people with it.
"""

from dataclasses import dataclass

from app.i18n import N_

DEMO_PASSWORD = "qua ngot dau mua"  # noqa: S105 -- Public on purpose, and refused in production.


@dataclass(frozen=True, slots=True)
class DemoSignIn:
    """One person of the demo: what they are there, their name, what they type to sign in, and where they land."""

    role: str
    name: str
    identity: str
    start: str
    password: str = DEMO_PASSWORD


DEMO_SIGN_INS = (
    DemoSignIn(N_("Hộ trồng vải"), "Bà Mận", "0900 000 101", "/ho"),
    DemoSignIn(N_("Người livestream"), "Út Vườn", "0900 000 002", "/phien"),
    DemoSignIn(N_("Cán bộ hợp tác xã"), "Cô Lan", "0900 000 003", "/htx"),
    DemoSignIn(N_("Cán bộ thứ hai, người duyệt"), "Anh Hùng", "0900 000 004", "/htx"),
    DemoSignIn(N_("Trưởng thôn"), "Bác Khải", "0900 000 005", "/thon"),
    DemoSignIn(N_("Tổ công nghệ số"), "Em Thảo", "0900 000 006", "/to-cong-nghe"),
    DemoSignIn(N_("Quản trị"), "Chị Vân", "0900 000 007", "/quan-tri"),
)
