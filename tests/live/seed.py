"""Fill a migrated database for the socket tests and print who is who as JSON; run as a program of its own.

A process of its own, because the event bus and the database session of the test process belong to other applications.
"""

import json
import sys
from datetime import timedelta

from flask.sessions import SecureCookieSessionInterface
from flask_migrate import upgrade

from app.accounts.current import _serializer
from app.clock import system_clock
from app.config import Config
from app.db import write_transaction
from app.factory import create_app
from livestream import hosting, sessions, shelf
from tests.world import make_buyer, make_user, make_world


def main(buyers: int) -> None:
    app = create_app(Config.from_environment())
    with app.app_context():
        upgrade()
        with write_transaction() as session:
            world = make_world(session, clock=system_clock, lots_kg=(300, 200))
            staff, host = world.actor(world.staff), world.actor(world.host)
            plan = {
                "host_user_id": world.host.id, "commission_bps": 500, "video_engine": "poster", "embed_url": None,
                "actor": staff, "clock": system_clock,
            }  # fmt: skip
            rooms = {}
            for name in ("live", "other", "storm"):
                live = sessions.schedule_session(
                    session, world.cooperative.id, title=f"Phiên {name}", scheduled_at=system_clock(), **plan
                )
                offer = shelf.put_offer(
                    session, live, world.listing.id, code="A1", price_vnd=38_000, actor=host, clock=system_clock
                )
                shelf.pin_offer(session, live, offer.id, actor=host, clock=system_clock)
                hosting.go_live(session, live, actor=host, clock=system_clock)
                rooms[name] = {"public_id": live.public_id, "id": live.id, "offer": offer.id}
            planned = sessions.schedule_session(
                session, world.cooperative.id, title="Mai", scheduled_at=system_clock() + timedelta(days=1), **plan
            )
            rooms["planned"] = {"public_id": planned.public_id, "id": planned.id}
            guests = [
                make_buyer(session, clock=system_clock, name=f"Khách {i}", phone=f"+8491{i:07}") for i in range(buyers)
            ]
            stranger = make_user(session, "Người lạ", clock=system_clock)
            sign = SecureCookieSessionInterface().get_signing_serializer(app)
            people = {"staff": world.staff, "host": world.host, "stranger": stranger}
            answer = {
                "rooms": rooms,
                "buyers": [f"chophien_buyer={_serializer().dumps(guest.token)}" for guest in guests],
                "buyer_ids": [guest.id for guest in guests],
                "users": {
                    name: f"chophien={sign.dumps({'_user_id': user.fs_uniquifier, '_fresh': True})}"
                    for name, user in people.items()
                },
            }
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
