"""The visible switch of the demo's crowd, for staff."""

from flask import Blueprint, Response, current_app, flash, redirect, request
from flask_babel import gettext as _

from app import audit
from app.accounts.current import current_actor
from app.clock import system_clock
from app.db import db, write_transaction
from app.web import safe_next
from livestream.demo.crowd import Crowd
from shop.access import require_staff, standing_of

CROWD = "chophien_demo_crowd"
"""``app.extensions`` key of the running crowd; absent where none was started."""
blueprint = Blueprint("demo", __name__)


@blueprint.post("/phien/dam-dong-thu")
def switch_crowd() -> Response:
    """Send the scripted crowd away, or let it in again."""
    with write_transaction() as session:
        cooperative = require_staff(session, current_actor())
        crowd: Crowd | None = current_app.extensions.get(CROWD)
        if crowd is not None:
            crowd.on = request.form.get("on") == "1"
            audit.record(
                session,
                "livestream.demo.crowd_switched",
                "cooperative",
                cooperative.id,
                actor=current_actor(),
                clock=system_clock,
                cooperative_id=cooperative.id,
                on=crowd.on,
            )
            said = _("Đám đông thử đã vào phiên.") if crowd.on else _("Đám đông thử đang ra về.")
            flash(said, "success")
    return redirect(safe_next(request.form.get("next")) or "/phien")  # type: ignore[return-value]


def crowd_switch() -> dict[str, object] | None:
    """Return what the switch shows to staff: whether the crowd is on and how many are in; None for everybody else."""
    crowd: Crowd | None = current_app.extensions.get(CROWD)
    if crowd is None or not standing_of(db.session(), current_actor()).staff_of:
        return None
    return {"on": crowd.on, "present": crowd.present}
