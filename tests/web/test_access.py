"""Every route of the house, opened as every kind of person: a new route without an entry here fails.

"in" means that the person gets past the guard (what the form then says is another test's business), "sign in" that they
are led to the sign-in page, "no" that they are refused, "hidden" that they are told there is no such thing.
"""

from dataclasses import dataclass, field

import pytest
from flask import Flask, url_for
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.clients import Browser
from tests.web.everybody import (
    ADMINISTRATOR,
    ANONYMOUS,
    GUEST,
    HOST,
    HOUSEHOLD,
    LEADER,
    OTHER_HOUSEHOLD,
    OTHER_STAFF,
    ROLES,
    STAFF,
    TEAM,
    Everything,
    Kept,
)

IN, SIGN_IN, NO, HIDDEN, LIBRARY = "in", "sign in", "no", "hidden", "library"
NOBODY_KNOWN = {ANONYMOUS: SIGN_IN, GUEST: SIGN_IN}


def outcomes(otherwise: str, **by_role: str) -> dict[str, str]:
    return {**dict.fromkeys(ROLES, otherwise), **by_role}


EVERYBODY = outcomes(IN)
SIGNED_IN = outcomes(IN, **NOBODY_KNOWN)
STAFF_PAGE = outcomes(NO, **NOBODY_KNOWN, **{STAFF: IN, OTHER_STAFF: IN})
"""A page of one's own cooperative: staff of another one see theirs."""
STAFF_THING = outcomes(NO, **NOBODY_KNOWN, **{STAFF: IN, OTHER_STAFF: HIDDEN})
"""A thing of this cooperative: staff of another one are told that there is none."""
PEOPLE_PAGE = {**STAFF_PAGE, ADMINISTRATOR: IN}
PEOPLE_THING = {**STAFF_THING, ADMINISTRATOR: IN}
DESK_OF_SESSION = {**STAFF_THING, HOST: IN, OTHER_STAFF: NO}
"""Everybody may see that a session is there; only its host and its cooperative's staff run it."""
HOUSEHOLD_PAGE = outcomes(NO, **NOBODY_KNOWN, **{HOUSEHOLD: IN, OTHER_HOUSEHOLD: IN})
HOUSEHOLD_THING = outcomes(HIDDEN, **NOBODY_KNOWN, **{HOUSEHOLD: IN, STAFF: IN})
ADMINISTRATION = outcomes(NO, **NOBODY_KNOWN, **{ADMINISTRATOR: IN})
KNOWN_BUYER = outcomes(SIGN_IN, **{GUEST: IN})
OWN_LIBRARY = outcomes(LIBRARY)
"""Sign-in pages whose guard is the library's own: here only that they never break."""


@dataclass(frozen=True)
class Entry:
    """Who gets what at a route; ``values`` fill its parameters by name, ``form`` is what is posted."""

    expected: dict[str, str]
    values: dict[str, str] = field(default_factory=dict)
    """Parameter of the rule → name of a thing in ``Everything.values``, or "=text" for the text itself."""
    form: dict[str, str] = field(default_factory=dict)


def entry(expected: dict[str, str], form: dict[str, str] | None = None, **values: str) -> Entry:
    return Entry(expected, values, form or {})


LISTING = {"public_id": "listing"}
ORDER = {"code": "code"}
LINK = {"link_token": "link_token"}
SESSION = {"public_id": "session"}
HOUSE = {"public_id": "household"}

TABLE: dict[str, Entry] = {
    # The kernel and the market: open to everybody.
    "static": entry(EVERYBODY, filename="=img/logo.svg"),
    "kernel.health": entry(EVERYBODY),
    "kernel.set_language": entry(EVERYBODY),
    "storefront.home": entry(EVERYBODY),
    "storefront.listing": entry(EVERYBODY, **LISTING),
    "storefront.lot": entry(EVERYBODY, public_id="lot"),
    "people.join": entry(EVERYBODY, secret="secret"),
    "rooms.session_list": entry(EVERYBODY),
    "rooms.live_room": entry(EVERYBODY, **SESSION),
    # Buying, and the order behind its link.
    "cart.cart": entry(EVERYBODY),
    "cart.add_to_cart": entry(EVERYBODY, {"listing": "listing", "quantity": "=1"}),
    "cart.change_cart": entry(EVERYBODY),
    "cart.place_cart": entry(EVERYBODY),
    "checkout.find_ward": entry(EVERYBODY),
    "checkout.quote": entry(EVERYBODY, **LINK),
    "checkout.check_out": entry(EVERYBODY, **LINK),
    "order_page.own_orders": entry(EVERYBODY),
    "order_page.order": entry(EVERYBODY, **LINK),
    "order_page.news": entry(EVERYBODY, **LINK),
    "order_page.cancel": entry(EVERYBODY, **LINK),
    "order_page.claim": entry(EVERYBODY, **LINK),
    # Who one is.
    "accounts.who_are_you": entry(EVERYBODY),
    "accounts.introduce": entry(EVERYBODY),
    "accounts.prove_phone": entry(KNOWN_BUYER),
    "accounts.send_phone_code": entry(KNOWN_BUYER),
    "accounts.check_phone_code": entry(KNOWN_BUYER),
    "accounts.account": entry(SIGNED_IN),
    "accounts.landing": entry(SIGNED_IN),
    # Households.
    "household.home": entry(HOUSEHOLD_PAGE),
    "household.payout_account": entry(HOUSEHOLD_PAGE),
    "household.consent": entry(HOUSEHOLD_PAGE),
    "household.log": entry(HOUSEHOLD_PAGE),
    "household.of": entry(HOUSEHOLD_THING, **HOUSE),
    "household.pledge": entry(HOUSEHOLD_THING, **HOUSE),
    "household.cancel": entry(HOUSEHOLD_THING, {"grade_id": "grade_id", "for_date": "=2026-06-01"}, **HOUSE),
    "statement.own": entry(HOUSEHOLD_PAGE),
    "statement.of": entry(HOUSEHOLD_THING, **HOUSE),
    "statement.of_csv": entry(HOUSEHOLD_THING, **HOUSE),
    # The village, the community team, the administrator.
    "community.notices": entry(SIGNED_IN),
    "community.village": entry(outcomes(NO, **NOBODY_KNOWN, **{LEADER: IN})),
    "community.team": entry(outcomes(NO, **NOBODY_KNOWN, **{TEAM: IN})),
    "community.publish": entry(STAFF_PAGE),
    "administration.home": entry(ADMINISTRATION),
    "administration.cooperative": entry(ADMINISTRATION, cooperative_id="cooperative_id"),
    # The cooperative's supply.
    "supply.home": entry(STAFF_PAGE),
    "supply.board": entry(STAFF_PAGE),
    "supply.walk_in": entry(STAFF_PAGE),
    "supply.all_lots": entry(STAFF_PAGE),
    "supply.scale": entry(STAFF_THING, public_id="household", grade_id="grade_id"),
    "supply.lot": entry(STAFF_THING, public_id="lot"),
    "supply.lose": entry(STAFF_THING, public_id="lot"),
    "supply.correct": entry(STAFF_THING, public_id="lot"),
    "listings.index": entry(STAFF_PAGE),
    "listings.new": entry(STAFF_PAGE),
    "listings.floor_prices": entry(STAFF_PAGE),
    "listings.decide": entry(STAFF_THING, approval_id="approval_id"),
    "listings.manage": entry(STAFF_THING, **LISTING),
    "listings.reprice": entry(STAFF_THING, **LISTING),
    "listings.propose": entry(STAFF_THING, **LISTING),
    "listings.feed": entry(STAFF_THING, **LISTING, lot_id="lot"),
    "listings.open_sale": entry(STAFF_THING, **LISTING),
    "listings.close": entry(STAFF_THING, **LISTING),
    "catalogue.index": entry(STAFF_PAGE),
    "catalogue.new": entry(STAFF_PAGE),
    "catalogue.season_list": entry(STAFF_PAGE),
    "catalogue.product": entry(STAFF_THING, public_id="product"),
    "catalogue.certificate": entry(STAFF_THING, public_id="product"),
    "catalogue.grade": entry(STAFF_THING, public_id="product"),
    "people.index": entry(PEOPLE_PAGE),
    "people.invite": entry(PEOPLE_PAGE),
    "people.end": entry(PEOPLE_THING, membership_id="membership_id"),
    "people.households": entry(STAFF_PAGE),
    "people.new_household": entry({**STAFF_PAGE, TEAM: IN}),
    "people.household": entry(STAFF_THING, **HOUSE),
    "people.village_list": entry(STAFF_PAGE),
    "people.accounts": entry(STAFF_PAGE),
    "people.decide_account": entry(STAFF_THING, account_id="account_id"),
    # The order desk.
    "order_desk.orders": entry(STAFF_PAGE),
    "order_desk.desk": entry(STAFF_PAGE),
    "order_desk.order": entry(STAFF_THING, **ORDER),
    "order_desk.extend": entry(STAFF_THING, **ORDER),
    "order_desk.confirm": entry(STAFF_THING, **ORDER),
    "order_desk.cancel": entry(STAFF_THING, **ORDER),
    "order_desk.take": entry(STAFF_THING, task_id="task_id"),
    "order_desk.finish": entry(STAFF_THING, task_id="task_id"),
    "order_desk.drop": entry(STAFF_THING, task_id="task_id"),
    "order_desk.claim": entry(STAFF_THING, claim_id="claim_id"),
    "fulfilment.packing": entry(STAFF_PAGE),
    "fulfilment.labels": entry(STAFF_PAGE),
    "fulfilment.shipping": entry(STAFF_PAGE),
    "fulfilment.pack": entry(STAFF_THING, **ORDER),
    "fulfilment.ship": entry(STAFF_THING, **ORDER),
    "fulfilment.deliver": entry(STAFF_THING, **ORDER),
    "fulfilment.come_back": entry(STAFF_THING, **ORDER),
    # Money.
    "payments.index": entry(STAFF_PAGE),
    "payments.record": entry(STAFF_PAGE),
    "payments.upload": entry(STAFF_PAGE),
    "payments.take_in": entry(STAFF_PAGE),
    "payments.ignore": entry(STAFF_THING, {"reason": "=Tiền mượn"}, transaction_id="transaction_id"),
    "payments.match": entry(STAFF_THING, {"order_code": "code"}, transaction_id="transaction_id"),
    "payments.send_back": entry(STAFF_THING, transaction_id="transaction_id"),
    "payments.remit": entry(STAFF_THING, {"courier": "=own"}, transaction_id="transaction_id"),
    "refunds.index": entry(STAFF_PAGE),
    "refunds.ask": entry(STAFF_THING, **ORDER),
    "refunds.change": entry(STAFF_THING, refund_id="refund_id", step="=duyet"),
    "settlement.index": entry(STAFF_PAGE),
    "settlement.draft": entry(STAFF_PAGE),
    "settlement.show": entry(STAFF_THING, batch="batch"),
    "settlement.bank_file": entry(STAFF_THING, batch="batch"),
    "settlement.change": entry(STAFF_THING, batch="batch", step="=gui"),
    "settlement.settle": entry(STAFF_THING, payout_id="payout_id", outcome="=da-tra"),
    "reports.index": entry(STAFF_PAGE),
    "reports.index_csv": entry(STAFF_PAGE),
    "books.index": entry(STAFF_PAGE),
    "books.index_csv": entry(STAFF_PAGE),
    "books.account": entry(STAFF_THING, account_id="ledger_account_id"),
    # Sessions.
    "sessions.session_list": entry(STAFF_PAGE),
    "sessions.schedule": entry(STAFF_PAGE),
    "sessions.edit": entry(STAFF_THING, public_id="later_session"),
    "sessions.save": entry(STAFF_THING, public_id="later_session"),
    "sessions.cancel": entry(STAFF_THING, public_id="later_session"),
    "sessions.put_offer": entry(STAFF_THING, public_id="later_session"),
    "host.own_sessions": entry(SIGNED_IN),
    **{
        f"host.{name}": entry(DESK_OF_SESSION, **SESSION)
        for name in ("console", "pin", "reprice", "quota", "switch_offer", "take_orders", "go_live", "end")
    },
    "host.settle_comment": entry(DESK_OF_SESSION, **SESSION, seq="seq", verb="verb"),
}

TABLE |= {
    # What is told apart by more than a role.
    "storefront.photo": entry(outcomes(HIDDEN, **{STAFF: IN}), public_id="photo"),
    "storefront.thumb": entry(outcomes(HIDDEN, **{STAFF: IN}), public_id="photo"),
    "order_page.claim_picture": entry(EVERYBODY, link_token="delivered_link", public_id="claim_photo"),
    "community.notice": entry(outcomes(HIDDEN, **NOBODY_KNOWN, **dict.fromkeys(
        (STAFF, HOST, TEAM, LEADER, HOUSEHOLD, OTHER_HOUSEHOLD), IN)), notice_id="notice_id"),
    "community.read": entry(outcomes(HIDDEN, **NOBODY_KNOWN, **dict.fromkeys(
        (STAFF, HOST, TEAM, LEADER, HOUSEHOLD, OTHER_HOUSEHOLD), IN)), notice_id="notice_id"),
    "household.stop_payout_account": entry(
        outcomes(NO, **NOBODY_KNOWN, **{OTHER_HOUSEHOLD: IN}), account_id="account_id"
    ),
    "kernel_metrics": entry(EVERYBODY),
    **{
        f"security.{name}": entry(OWN_LIBRARY, **{"token": "=x"} if "token" in name or "validate" in name else {})
        for name in (
            "login", "logout", "forgot_password", "reset_password", "change_password", "verify", "tf_select",
            "us_signin", "us_signin_send_code", "us_verify", "us_verify_send_code", "us_verify_link", "us_setup",
            "us_setup_validate", "mf_recovery", "mf_recovery_codes", "two_factor_token_validation", "two_factor_rescue",
            "two_factor_setup", "two_factor_setup_validate", "static",
        )
    },
}  # fmt: skip


kept = Kept()


@pytest.fixture
def everything(app: Flask) -> Everything:
    return kept.restore(app)


def test_every_route_has_an_entry_and_every_entry_a_route(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert endpoints - set(TABLE) == set()
    assert set(TABLE) - endpoints == set()


@pytest.mark.breaks_invariants
@pytest.mark.parametrize("endpoint", sorted(TABLE))
def test_each_person_gets_what_the_table_says(app: Flask, everything: Everything, endpoint: str) -> None:
    wanted = TABLE[endpoint]
    differing: dict[tuple[str, str], str] = {}
    for rule in app.url_map.iter_rules(endpoint):
        url = url_of(app, rule, wanted, everything)
        for method in sorted(rule.methods & {"GET", "POST"}):
            for role in ROLES:
                if method == "POST":
                    kept.restore(app)
                got = outcome_of(
                    ask(everything.browser(app, role), method, url, wanted, everything), wanted.expected[role]
                )
                if got != wanted.expected[role]:
                    differing[method, role] = f"{got} instead of {wanted.expected[role]}"
    assert differing == {}


def url_of(app: Flask, rule: Rule, wanted: Entry, everything: Everything) -> str:
    values = {name: value_of(wanted.values[name], everything) for name in rule.arguments if name in wanted.values}
    values |= dict.fromkeys(rule.arguments - set(values), "x")
    with app.test_request_context():
        return url_for(rule.endpoint, **values)


def value_of(name: str, everything: Everything) -> object:
    return name[1:] if name.startswith("=") else everything.values[name]


def ask(client: Browser, method: str, url: str, wanted: Entry, everything: Everything) -> TestResponse:
    form = {name: str(value_of(value, everything)) for name, value in wanted.form.items()}
    return client.open(url, method=method, data=form if method == "POST" else None)


def outcome_of(answer: TestResponse, expected: str) -> str:
    if answer.status_code >= 500:
        return f"broke with {answer.status_code}"
    if expected == LIBRARY:
        return LIBRARY
    if answer.status_code in (301, 302, 303) and answer.location.split("?")[0] in ("/dang-nhap", "/toi-la"):
        return SIGN_IN
    if answer.status_code == 404:
        return HIDDEN if expected != NO else NO
    if answer.status_code in (401, 403):
        return NO
    return IN
