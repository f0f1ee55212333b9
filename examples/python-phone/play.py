#!/usr/bin/env python3
"""Plays the phone of `phone.py`: first against the vectors, then against a real koppel-server that it starts itself.

Needs koppel-server in the folder that KOPPEL_BIN_DIR names, else in ../../target/ci. Prints one line for each step; the
last line counts them.
"""

import re
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import messages
import vectors
from messages import Challenge, Refused, b64url, sha256
from panel import Login, Panel, Server
from phone import Phone, Problem

PIN = "2468"
USER = {"external_id": "4711", "login_name": "anna", "display": "Anna de Vries"}
DESK = {"agent": "play.py", "reason": "an example", "ticket": "-"}


class Tally:
    def __init__(self):
        self.passed, self.failed = 0, 0

    def step(self, name: str, good: object, found: object = "") -> None:
        self.passed, self.failed = self.passed + bool(good), self.failed + (not good)
        print(f"ok    {name}" if good else f"FAIL  {name}: {found}", flush=True)


def refusal(call: Callable) -> tuple:
    """How a call is refused: the slug, and the tries that are left."""
    try:
        return None, call()
    except Problem as problem:
        return problem.slug, problem.body.get("tries_left")


def refused_by_phone(call: Callable) -> str | None:
    try:
        call()
    except Refused as refused:
        return str(refused)
    return None


def other_digits(digits: str) -> str:
    return f"{(int(digits) + 1) % 10 ** len(digits):0{len(digits)}}"


def arrives(phone: Phone, login: Login) -> Challenge:
    """Polls the inbox (which keeps its own pace) until this login is in it."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for challenge in phone.inbox()[0]:
            if challenge.claims["cid"] == login.id:
                phone.shown(challenge)
                return challenge
    raise RuntimeError(f"{login.id} did not arrive; {phone.complaints}")


def pairing(tally: Tally, panel: Panel, server: Server) -> Phone:
    step = tally.step
    user = f"/v1/users/{USER['external_id']}"
    panel.ask("PUT", user, {"login_name": USER["login_name"], "display": USER["display"]})
    handed = panel.ask("POST", f"{user}/koppelcodes", DESK)
    code = handed["code"]
    shown = re.fullmatch(r"\w{4}-\w{4}-\w", code) and handed["host"] == server.host
    step("support hands out a koppelcode", shown, handed)

    phone = Phone(f"http://{server.host}", pin=PIN)
    mistyped = messages.SYMBOLS[messages.SYMBOLS.index(code[0]) ^ 1] + code[1:]
    found = refused_by_phone(lambda: phone.begin(USER["login_name"], mistyped))
    step("a mistyped koppelcode is found before it costs a try", found and phone.nonce is None, found)
    wrong = refusal(lambda: phone.begin(USER["login_name"], "0000-0000-0"))
    step("a well-formed wrong koppelcode is refused", wrong[0] == "wrong-code", wrong)
    wrong = refusal(lambda: phone.begin("nobody", code))
    step("an unknown user looks just the same", wrong[0] == "wrong-code", wrong)

    said = phone.begin(USER["login_name"], code.lower().replace("-", " "))
    shown = said["organisation"], said["account"]
    again = phone.insist("/d/v1/pairings", phone.m1)["m2"]
    step("after a lost answer the same m1 gets the same m2", again == phone.m2)
    step("the phone shows organisation and account", shown == ("De Linden", "anna"), said)
    found = refused_by_phone(lambda: phone.reveal("1357"))
    step("the approve key does not open with another PIN", found)
    number = phone.reveal(PIN)
    again = phone.insist(f"{phone.pairing}/reveal", phone.m3)["device"]
    step("the same m3 gets the same device", again == phone.device, again)
    step("the phone shows a check number", re.fullmatch(r"\d{6}", number), number)
    state = phone.status()
    step("it waits", state["state"] == "pending" and state["tries_left"] == 3, state)
    step("a phone that waits gets nothing", refusal(phone.inbox)[0] == "device-pending", refusal(phone.inbox))

    waiting = panel.ask("GET", user)["pending_pairings"]
    step("support sees one phone that waits", [it["name"] for it in waiting] == ["Python phone"], waiting)
    confirm = f"{user}/pairings/{waiting[0]['id']}/confirm"
    wrong = refusal(lambda: panel.ask("POST", confirm, DESK | {"check_number": other_digits(number)}))
    step("a wrong check number costs a try", wrong == ("wrong-number", 2), wrong)
    panel.ask("POST", confirm, DESK | {"check_number": number})
    state = phone.status()
    step("the right one activates, for this phone's own transcript", state["state"] == "active", state)
    used = refusal(lambda: Phone(f"http://{server.host}").begin(USER["login_name"], code))
    step("the koppelcode works once", used[0] == "code-used", used)
    return phone


def login_by_code(tally: Tally, panel: Panel, phone: Phone) -> None:
    step = tally.step
    login = Login(panel, USER, "code")
    challenge = arrives(phone, login)
    code, seen = challenge.claims["code"], challenge.claims
    step("the phone shows a code", re.fullmatch(r"\d{6}", code), seen)
    step("and who asks", (seen["rp"]["name"], seen["ctx"]["ip"]) == ("Klantpaneel", "192.0.2.17"), seen)
    step("the challenge is bound to the browser's session", seen["bind"] == login.binding, seen)
    found = refused_by_phone(lambda: phone.say_yes(challenge, PIN))
    step("a code is typed, not approved", found)
    wrong = refusal(lambda: login.check(other_digits(code)))
    step("a wrong code costs a try", wrong == ("wrong-code", 4), wrong)
    verified = login.check(code)
    right = verified["verified"], verified["user"], verified["evidence"]
    step("the right one lets in, on the server's word", right == (True, USER["external_id"], "server"), verified)
    again = refusal(lambda: login.check(code))
    step("and that once", again[0] is not None, again)


def login_by_number(tally: Tally, panel: Panel, phone: Phone) -> None:
    step = tally.step
    login = Login(panel, USER, "number")
    challenge = arrives(phone, login)
    step("the browser shows a number that the phone is not told", login.number not in challenge.jws, login.begun)
    state = login.becomes(lambda it: it["delivery"]["state"] == "shown")
    step("the receipts tell the page that it is on the screen", state["delivery"]["state"] == "shown", state)
    step("it still waits", phone.state(challenge) == "pending", phone.state(challenge))
    early = refusal(login.consume)
    step("nobody is in before the answer", early[0] == "not-verified", early)
    wrong = refusal(lambda: phone.say_yes(challenge, PIN, other_digits(login.number)))
    step("a wrong number costs a try", wrong == ("wrong-number", 2), wrong)

    claims = messages.decision_claims(challenge, "approve", "pin", login.number)
    decision = messages.sign(phone.approve.opened(PIN), "decision+jwt", claims, phone.device).encode()
    answers = [phone.insist("/d/v1/decisions", decision, "application/jose") for _ in range(2)]
    step("the right one approves", answers[0] == {"outcome": "approved", "cid": login.id}, answers)
    step("the same decision gets the same answer", answers[1] == answers[0], answers)
    late = refusal(lambda: phone.say_no(challenge))
    step("what is decided is decided", late[0] == "already-decided", late)
    stranger = refusal(lambda: login.consume(b64url(bytes(32))))
    step("another browser does not get in", stranger[0] == "wrong-binding", stranger)
    verified = login.consume()
    right = verified["verified"], verified["user"], verified["evidence"]
    step("the browser that began does", right == (True, USER["external_id"], "device_signature"), verified)
    step("the evidence holds against the phone's own key", holds(verified, phone, login), verified)


def holds(verified: dict, phone: Phone, login: Login) -> bool:
    """What a panel that pinned the phone's key checks (docs/protocol.md §12)."""
    asked = messages.read_object(messages.unb64url(verified["challenge"].split(".")[1]))
    pinned = messages.read_spki(verified["key"]["spki"])
    answer = messages.read(verified["decision"], "decision+jwt", pinned, phone.device)
    same = all(answer[name] == asked[name] for name in ("cid", "seq", "dev"))
    right = verified["key"]["spki"] == b64url(messages.spki(phone.approve))
    right = right and same and answer["dec"] == "approve"
    right = right and answer["ch"] == b64url(sha256(verified["challenge"].encode()))
    return right and (asked["mode"], asked["purpose"], asked["bind"]) == ("number", "login", login.binding)


def refusing(tally: Tally, panel: Panel, phone: Phone) -> None:
    step = tally.step
    login = Login(panel, USER, "number")
    challenge = arrives(phone, login)
    step("the phone denies", phone.say_no(challenge)["outcome"] == "denied")
    state = login.becomes(lambda it: it["state"] == "denied")
    step("the page hears of it", state["state"] == "denied", state)
    denied = refusal(login.consume)
    step("nobody is in", denied[0] == "not-verified", denied)


def vouching(tally: Tally, panel: Panel, old: Phone) -> None:
    """An older phone confirms a newer one, which shows codes only."""
    step = tally.step
    code = panel.ask("POST", f"/v1/users/{USER['external_id']}/koppelcodes", DESK)["code"]
    new = Phone(old.origin, name="Second phone")
    new.begin(USER["login_name"], code)
    number = new.reveal()
    asked = [it for it in old.inbox()[0] if it.mode == "confirm_pairing"]
    names = [it.claims["pairing"]["name"] for it in asked]
    step("the older phone is asked about a new one", names == ["Second phone"], names)
    old.say_yes(asked[0], PIN, number)
    step("its yes with the check number activates the new one", new.status()["state"] == "active")
    kinds = {notice["kind"] for notice in old.inbox()[1]}
    step("the older phone has a notice of it", "device_added" in kinds, kinds)

    login = Login(panel, USER, "number")
    challenge = arrives(new, login)
    found = refused_by_phone(lambda: new.say_yes(challenge, PIN, login.number))
    step("a phone that shows codes only does not approve", found)
    step("but denies", new.say_no(challenge)["outcome"] == "denied")
    new.unlink()


def fraud(tally: Tally, panel: Panel, phone: Phone) -> None:
    step = tally.step
    told = phone.say_no(arrives(phone, Login(panel, USER, "code")), fraud=True)
    step('the phone says "this was not me"', told["outcome"] == "fraud", told)
    locked = refusal(lambda: Login(panel, USER, "code"))
    step("that locks the account", locked[0] == "account-locked", locked)
    told = phone.say_yes(phone.ask_to_unlock(), PIN)
    step("the same phone unlocks it", told["outcome"] == "approved", told)
    step("and logins begin again", refusal(lambda: Login(panel, USER, "code"))[0] is None)


def nonces(tally: Tally, phone: Phone) -> None:
    step = tally.step
    phone.nonce = None
    step("a phone without a nonce asks again with one", refusal(phone.inbox)[0] is None)
    phone.nonce = "A" * 32
    step("so does one with a nonce that is no good", refusal(phone.inbox)[0] is None)
    key, phone.id = phone.id, messages.new_key()
    other = refusal(phone.inbox)
    step("a proof by another key is refused", other[0] == "unauthenticated", other)
    phone.id = key


def parting(tally: Tally, panel: Panel, phone: Phone) -> None:
    step = tally.step
    phone.unlink()
    user = panel.ask("GET", f"/v1/users/{USER['external_id']}")
    step("the phone unlinks itself", user["devices"] == [] and not user["enrolled"], user)
    gone = refusal(phone.inbox)
    step("and is told so from then on", gone[0] == "device-revoked", gone)


def main() -> int:
    # So that being told to stop stops the server too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    tally = Tally()
    for file in vectors.FILES:
        name, cases, wrong = vectors.check(file)
        tally.step(f"{name}: {cases} cases", not wrong, wrong)
    with tempfile.TemporaryDirectory(prefix="koppel-python-phone-") as folder:
        server = None
        try:
            with Server(Path(folder)) as server:
                tally.step("koppel-server runs", True)
                panel = Panel(server)
                phone = pairing(tally, panel, server)
                login_by_code(tally, panel, phone)
                login_by_number(tally, panel, phone)
                refusing(tally, panel, phone)
                vouching(tally, panel, phone)
                fraud(tally, panel, phone)
                nonces(tally, phone)
                parting(tally, panel, phone)
        except Exception as error:
            traceback.print_exc(file=sys.stdout)
            tally.step("the story ends as it should", False, error)
        if tally.failed and server:
            print(server.log())
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
