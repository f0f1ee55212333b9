#!/usr/bin/env python3
"""A Koppel phone: pairs by koppelcode, shows codes, approves with the number that the browser shows, denies.

Written from docs/protocol.md and tests/vectors alone; every § is a section of docs/protocol.md. It is made for reading,
and for trying a server by hand. Its keys live in memory and nowhere else, so it unlinks itself when it ends. A real
phone keeps them in secure hardware, and stores m1, m3, its place in the pairing and each decision before it sends them.
"""

import argparse
import getpass
import http.client
import json
import secrets
import time
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

import messages
from messages import Challenge, Newer, Refused, b64url


class Problem(Exception):
    """What the server refuses (§14): `slug` says which refusal; `body` may hold `tries_left` and `retry_after`."""

    def __init__(self, status: int, body: dict):
        self.status, self.body, self.slug = status, body, str(body.get("type", "")).rpartition(":")[2]
        super().__init__(f"{status} {self.slug}: {body.get('detail', '')}")


class Phone:
    """One pairing. Without a PIN it has no approve key: it shows codes and denies, and approves nothing (§2)."""

    def __init__(self, server: str, name: str = "Python phone", pin: str | None = None):
        self.host, self.origin = messages.read_host(server)
        self.name = name
        self.id, self.seal, self.auth = messages.new_key(), messages.new_key(), secrets.token_bytes(16)
        # Under the PIN, and opened at every single use, so that `uv` is true.
        self.approve = ApproveKey(pin) if pin else None
        self.identity, self.device, self.receipts, self.complaints = None, None, [], []
        self.nonce, self.clock_offset, self.not_before = None, 0.0, {}

    # --- Pairing (§5) ---

    def meet(self) -> None:
        """Fetches the server's identity, and refuses one that does not follow from what was seen before (§3)."""
        known = self.send("GET", "/.well-known/koppel")
        self.identity = messages.read_chain(known["chain"], self.identity)
        if known["server_id"] != self.identity.server_id:
            raise Refused("another server than its chain says")

    def begin(self, user: str, koppelcode: str) -> dict:
        """P0 to P2: promises its keys and reads the answer. Its organisation and account the person is to agree to."""
        code = messages.read_koppelcode(koppelcode)
        self.meet()
        keys = {"id": spki_and_level(self.id), "seal": spki_and_level(self.seal)}
        if self.approve:
            keys["approve"] = spki_and_level(self.approve) | {"uv": "pin"}
        drawn = {"auth": b64url(self.auth), "ra": b64url(secrets.token_bytes(32))}
        self.opening = b64url(json.dumps(keys | drawn | {"name": self.name, "platform": "terminal"}).encode())
        C, rq = b64url(messages.commitment(self.opening)), b64url(secrets.token_bytes(16))
        self.m1 = json.dumps({"v": 1, "door": "code", "C": C, "rq": rq, "user": user, "code": code}).encode()
        self.m2 = self.insist("/d/v1/pairings", self.m1)["m2"]
        said = messages.read_m2(self.m2, self.identity, self.m1, self.host, time.time() + self.clock_offset)
        self.pairing = f"/d/v1/pairings/{said['pid']}"
        return said

    def reveal(self, pin: str | None = None) -> str:
        """P3: opens the promise and proves the keys. The check number is typed where the person already is."""
        self.T = messages.transcript(self.m2, self.opening)
        m3 = {"O": self.opening, "pop_id": messages.sign(self.id, "pop+jwt", {"T": b64url(self.T), "use": "id"})}
        if self.approve:
            key = self.approve.opened(pin)
            m3["pop_approve"] = messages.sign(key, "pop+jwt", {"T": b64url(self.T), "use": "approve"})
        self.m3 = json.dumps(m3).encode()
        self.device = self.insist(f"{self.pairing}/reveal", self.m3)["device"]
        return messages.check_number(self.T)

    def status(self) -> dict:
        """P5: how the pairing stands. Only an activation of its own transcript makes the phone believe `active`."""
        status = self.ask_in_pace(f"{self.pairing}/status", {})
        if status["state"] == "active":
            self.unsealed(status["envelope"], messages.read_activation, self.T)
        return status

    # --- Receiving (§9) ---

    def inbox(self) -> tuple[list[Challenge], list[dict], list[dict]]:
        """Challenges, notices, and what ended; tells the server what came before. All of it comes more than once."""
        receipts, self.receipts = self.receipts, []
        box = self.ask_in_pace("/d/v1/inbox", {"receipts": receipts} if receipts else {})
        challenges, notices = [], []
        for item in box["challenges"] + box["notices"]:
            try:
                if "nid" in item:
                    notices.append(self.unsealed(item["envelope"], messages.read_notice))
                    self.receipts.append({"nid": item["nid"], "kind": "arrived"})
                else:
                    challenges.append(self.unsealed(item["envelope"], messages.read_challenge))
                    self.note(challenges[-1], {"kind": "arrived", "alert": "shown"})
            except Refused as refused:
                # One bad envelope does not keep the others from the person.
                self.complaints.append(str(refused))
        return challenges, notices, box["ended"]

    def shown(self, challenge: Challenge) -> None:
        """It is on the screen: tells so at once, for the page in the browser waits to say it."""
        self.note(challenge, {"kind": "shown"})
        receipts, self.receipts = self.receipts, []
        self.ask("/d/v1/receipts", {"receipts": receipts})

    def note(self, challenge: Challenge, receipt: dict) -> None:
        self.receipts.append({name: challenge.claims[name] for name in ("cid", "seq")} | receipt | {"road": "poll"})

    def state(self, challenge: Challenge) -> str:
        """To be asked before `approve` is offered, for an envelope is a hint."""
        return self.ask(f"/d/v1/challenges/{challenge.claims['cid']}", {})["state"]

    def unsealed(self, envelope: str, read, *more):
        """What is in an envelope. A message of a newer key makes the phone fetch the chain and read again (§3)."""
        jws = messages.open_envelope(envelope, self.seal, self.auth)
        try:
            return read(jws, self.identity, self.device, *more)
        except Newer:
            self.meet()
            return read(jws, self.identity, self.device, *more)

    # --- Answering (§10) ---

    def say_yes(self, challenge: Challenge, pin: str | None, number: str | None = None) -> dict:
        if not (self.approve and challenge.may_be_approved and challenge.needs_number == bool(number)):
            raise Refused("this cannot be approved so")
        return self.decide(self.approve.opened(pin), messages.decision_claims(challenge, "approve", "pin", number))

    def say_no(self, challenge: Challenge, fraud: bool = False) -> dict:
        """`fraud` says "this was not me": it ends everything that waits and locks the account."""
        return self.decide(self.id, messages.decision_claims(challenge, "fraud" if fraud else "deny", "none"))

    def decide(self, key: ec.EllipticCurvePrivateKey, claims: dict) -> dict:
        decision = messages.sign(key, "decision+jwt", claims, self.device)
        return self.insist("/d/v1/decisions", decision.encode(), "application/jose")

    def ask_to_unlock(self) -> Challenge:
        """After a fraud report of this phone: its yes to this challenge lifts the lock."""
        return self.unsealed(self.ask("/d/v1/challenges/unlock", {})["envelope"], messages.read_challenge)

    def unlink(self) -> None:
        self.ask("/d/v1/devices", {"remove": self.device})

    # --- Talking to the server (§6) ---

    def send(self, method: str, path: str, body: bytes | None = None, headers: dict | None = None) -> dict:
        """One request. Every answer, a refusal too, brings a nonce and the server's time."""
        address = urlsplit(self.origin)
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        connection = kind(address.hostname, address.port, timeout=15)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} | (headers or {}))
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        self.nonce = answer.getheader("Koppel-Nonce", self.nonce)
        if moment := answer.getheader("Koppel-Time"):
            self.clock_offset = int(moment) / 1000 - time.time()
        told = messages.read_object(content) if content.startswith(b"{") else {}
        if not 200 <= answer.status < 300:
            raise Problem(answer.status, told)
        return told

    def insist(self, path: str, body: bytes, content_type: str = "application/json") -> dict:
        """The same bytes until there is an answer: a server answers them as it did the first time (§5, §10)."""
        for pause in (1, 2, 4):
            try:
                return self.send("POST", path, body, {"Content-Type": content_type})
            except (OSError, http.client.HTTPException, Problem) as error:
                if isinstance(error, Problem) and error.status != 503:
                    raise
                time.sleep(pause)
        return self.send("POST", path, body, {"Content-Type": content_type})

    def ask(self, path: str, question: dict) -> dict:
        """A proven request. A nonce that is no longer good costs one more turn and nothing else."""
        body = json.dumps(question).encode()
        try:
            return self.send("POST", path, body, self.proof(path, body))
        except Problem as problem:
            if problem.slug != "use-nonce":
                raise
        return self.send("POST", path, body, self.proof(path, body))

    def proof(self, path: str, body: bytes) -> dict:
        if not self.nonce:
            return {}
        claims = messages.proof_claims(self.identity.server_id, "POST", path, body, self.nonce)
        return {"Device-Proof": messages.sign(self.id, "device-proof+jwt", claims, self.device)}

    def ask_in_pace(self, path: str, question: dict) -> dict:
        """A question that is repeated: at least two seconds apart (§5, §9), later when the server says so."""
        time.sleep(max(0.0, self.not_before.get(path, 0.0) - time.monotonic()))
        wait = 2.0
        try:
            return self.ask(path, question)
        except Problem as problem:
            wait = max(wait, problem.body.get("retry_after", 0))
            raise
        finally:
            self.not_before[path] = time.monotonic() + wait


class ApproveKey:
    """The key that says yes, encrypted with the PIN."""

    def __init__(self, pin: str):
        key, guard = messages.new_key(), serialization.BestAvailableEncryption(pin.encode())
        self.sealed = key.private_bytes(messages.DER, serialization.PrivateFormat.PKCS8, guard)
        self.public = key.public_key()

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self.public

    def opened(self, pin: str | None) -> ec.EllipticCurvePrivateKey:
        try:
            return serialization.load_der_private_key(self.sealed, (pin or "").encode())
        except (TypeError, ValueError):
            raise Refused("this is not the PIN") from None


def spki_and_level(key) -> dict:
    return {"spki": b64url(messages.spki(key)), "level": "software"}


# --- By hand ----------------------------------------------------------------------------------------------------------


def told(challenge: Challenge) -> str:
    """What is signed, and nothing else (§8)."""
    claims = challenge.claims
    if pairing := claims.get("pairing"):
        return f"a new phone, {pairing['name']} ({pairing['platform']}, {pairing['ip']}), for {claims['user']['name']}"
    if not (rp := claims.get("rp")):
        return f"{claims.get('purpose') or challenge.mode} for {claims['user']['name']}"
    seen = claims["ctx"]
    place = f" in {seen['place']}" if seen.get("place") else ""
    warning = f"\n  CAREFUL: the page itself was opened from {seen['page_ip']}" if seen.get("page_ip") else ""
    where = f"{seen['browser']} at {seen['ip']}{place}"
    return f"{claims['purpose']} at {rp['name']} ({rp['origin']}) as {claims['user']['name']}, {where}{warning}"


def answer(phone: Phone, challenge: Challenge) -> None:
    """Shows one challenge, and asks the person where there is something to ask."""
    print(f"\n{told(challenge)}")
    if challenge.mode == "code":
        print(f"  the code to type there: {challenge.claims['code']}")
    phone.shown(challenge)
    if challenge.mode == "code":
        return
    can_approve = phone.approve and challenge.may_be_approved and phone.state(challenge) == "pending"
    yes = "the number shown there" if challenge.needs_number else "yes"
    typed = asked(f"  {yes + ', ' if can_approve else ''}n (no), f (this was not me), or nothing to let it be: ")
    while typed:
        try:
            if typed in ("n", "f"):
                outcome = phone.say_no(challenge, fraud=typed == "f")
                if typed == "f" and phone.approve and asked("  The account is locked. Unlock it? [y/N] ") == "y":
                    return answer(phone, phone.ask_to_unlock())
            else:
                pin = getpass.getpass("  PIN: ")
                outcome = phone.say_yes(challenge, pin, typed if challenge.needs_number else None)
            print(f"  {outcome['outcome']}")
            return
        except (Refused, Problem) as refused:
            print(f"  {refused}")
            if isinstance(refused, Problem) and not refused.body.get("tries_left"):
                return
            typed = asked("  again, or nothing to let it be: ")


def asked(question: str) -> str:
    """What the person typed. A number may be typed in groups."""
    return input(question).lower().replace(" ", "").replace("-", "")


def follow(phone: Phone) -> None:
    """Receives until the person ends it. Each thing once, though it comes again and again."""
    known = set()

    def is_new(*thing) -> bool:
        new = thing not in known
        known.add(thing)
        return new

    while True:
        challenges, notices, ended = phone.inbox()
        for notice in notices:
            if is_new(notice["nid"]):
                print(f"\nnotice: {notice['kind']}, {notice['detail']}")
        for item in ended:
            if is_new(item["cid"], item["seq"], item["state"]):
                print(f"\n{item['cid']}: {item['state']}")
        for complaint in phone.complaints:
            if is_new(complaint):
                print(f"\nrefused: {complaint}")
        for challenge in challenges:
            if is_new(challenge.claims["cid"], challenge.claims["seq"]):
                answer(phone, challenge)


HELP = """\
First it asks for a PIN, which guards its approvals, and shows which organisation and account it is about to be paired
with. Then it shows a check number: type that where you already are (the enrol page in your browser), or read it to
support. Once the pairing is active it waits for logins, until you press Ctrl-C; then it unlinks itself, for it keeps
its keys nowhere.

  python3 phone.py --server http://127.0.0.1:8080 --user anna --code XEVX-YX8Y-H
"""


def main() -> None:
    about, style = "A Koppel phone for trying a server by hand.", argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=about, epilog=HELP, formatter_class=style)
    parser.add_argument("--server", required=True, metavar="HOST", help="name[:port]; plain http on this machine only")
    parser.add_argument("--user", required=True, metavar="NAME", help="your login name at the organisation")
    parser.add_argument("--code", required=True, metavar="XXXX-XXXX-X", help="the koppelcode you were given")
    parser.add_argument("--name", default="Python phone", help='how the phone is listed ("%(default)s")')
    parser.add_argument("--codes-only", action="store_true", help="make no key for approvals: show codes and deny")
    options = parser.parse_args()
    try:
        messages.read_koppelcode(options.code)
        pin = None if options.codes_only else getpass.getpass("Choose a PIN: ")
        phone = Phone(options.server, options.name, pin)
        said = phone.begin(options.user, options.code)
        if asked(f"Pair with {said['organisation']} ({said['host']}) as {said['account']}? [y/N] ") != "y":
            return
        print(f"Check number: {phone.reveal(pin)}")
        while (state := phone.status()["state"]) == "pending":
            pass
        print(f"This phone is {state}.")
        if state == "active":
            try:
                follow(phone)
            finally:
                phone.unlink()
                print("\nUnlinked.")
    except KeyboardInterrupt:
        print()
    except (Refused, Problem, OSError) as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
