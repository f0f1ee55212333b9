"""Holds messages.py against tests/vectors: what a phone makes and what it reads, the good cases and the bad ones.

Each function takes one file and gives its cases, and whether they came out right. Left out is what only a server does:
deriving digits, making nonces, and reading what phones sent.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

import messages
from messages import Identity, Refused, b64url, unb64url

# A case and whether it came out right.
Checked = tuple[str, bool]

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "vectors"


def private(scalar: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(unb64url(scalar), "big"), ec.SECP256R1())


def outcome(make: Callable) -> object:
    """What comes of it; a refusal is the refusal's class."""
    try:
        return make()
    except Refused as refused:
        return type(refused)


def refused(made: object) -> bool:
    return isinstance(made, type) and issubclass(made, Refused)


def koppelcode(vectors: dict) -> Iterator[Checked]:
    for case in vectors["cases"]:
        made = outcome(lambda: messages.read_koppelcode(case["typed"]))
        yield case["name"], made == case["sent"] if case["valid"] else refused(made)


def host(vectors: dict) -> Iterator[Checked]:
    for case in vectors["cases"]:
        made = outcome(lambda: messages.read_host(case["typed"]))
        yield case["name"], made == (case["host"], case["origin"]) if case["valid"] else refused(made)


def text(vectors: dict) -> Iterator[Checked]:
    for case in vectors["cases"]:
        right = messages.is_clean(case["given"]) == case["accepted_as_is"]
        yield case["name"], right and messages.is_clean(case["clean"])


def jws(vectors: dict) -> Iterator[Checked]:
    kids = {"pop+jwt": None, "notice+jwt": "1", "challenge+jwt": "1"}
    for case in vectors["cases"]:
        # Wrong claims in a phone's message are for a server to find, and hidden text is found where a notice is read.
        if case.get("step") == "payload" or case["name"] == "decision of another device":
            continue
        kid = kids.get(case["typ"], "dv_4fpcvjbpad354zc4kgh2mhcpa4")
        made = outcome(lambda: messages.read(case["jws"], case["typ"], messages.read_spki(case["key"]), kid))
        if not case["valid"]:
            right = refused(made)
        else:
            right = made == json.loads(case["payload"]) and messages.signing_hash(case["jws"]) == case["signing_hash"]
        yield case["name"], right


def identity(vectors: dict) -> Iterator[Checked]:
    for case in vectors["cases"]:
        pinned = case["pinned"] and Identity(**case["pinned"])
        made = outcome(lambda: messages.read_chain(case["chain"], pinned))
        yield case["name"], made == Identity(**case["identity"]) if case["valid"] else refused(made)


def pairing(vectors: dict) -> Iterator[Checked]:
    known = messages.read_chain(vectors["chain"])
    for case in vectors["cases"]:
        if case["kind"] != "story":
            continue
        said = messages.read_m2(case["m2"], known, case["m1"].encode(), vectors["host"], 0)
        T = messages.transcript(case["m2"], case["O"])
        messages.read_activation(case["activation"], known, vectors["phone"]["device"], T)
        right = said["c"] == case["c"] and refuses_other_m2(vectors, known, case, said)
        right &= b64url(messages.commitment(case["O"])) == case["C"]
        right &= (b64url(T), messages.check_number(T)) == (case["T"], case["check_number"])
        for use in ("id", "approve"):
            if pop := case["m3"].get(f"pop_{use}"):
                key = private(vectors["phone"][use]["scalar"])
                ours = messages.sign(key, "pop+jwt", {"T": b64url(T), "use": use})
                right &= same_message(pop, ours, "pop+jwt", key, None)
        yield case["name"], right


def refuses_other_m2(vectors: dict, known: Identity, case: dict, said: dict) -> bool:
    """The vectors hold no m2 that a phone refuses, so these are made from the good one."""
    key, m1 = private(vectors["server"]["key"]["scalar"]), case["m1"].encode()

    def made(signer: ec.EllipticCurvePrivateKey = key, kid: str = "1", typ: str = "pairing+jwt", **changed) -> object:
        m2 = messages.sign(signer, typ, said | changed, kid)
        return outcome(lambda: messages.read_m2(m2, known, m1, vectors["host"], said["exp"] - 1))

    assert made() == said
    wrong = [made(c=b64url(bytes(32))), made(host="evil.example.org"), made(exp=said["exp"] - 1), made(version=2)]
    wrong += [made(server_id=b64url(bytes(32))), made(organisation="De\u202eLinden"), made(account="anna ")]
    wrong += [made(messages.new_key()), made(kid="2"), made(typ="challenge+jwt")]
    return all(map(refused, wrong))


def activation(vectors: dict) -> Iterator[Checked]:
    known, T = messages.read_chain(vectors["chain"]), unb64url(vectors["T"])
    for case in vectors["cases"]:
        made = outcome(lambda: messages.read_activation(case["jws"], known, vectors["phone"]["device"], T))
        yield case["name"], case["valid"] != refused(made)


def envelope(vectors: dict) -> Iterator[Checked]:
    for case in vectors["cases"]:
        own = case if "auth" in case else vectors["phone"]
        seal, auth = private((case.get("seal") or vectors["phone"]["seal"])["scalar"]), unb64url(own["auth"])
        if case["kind"] == "cipher":
            right = messages.open_aes128gcm(unb64url(case["body"]), seal, auth) == unb64url(case["plaintext"])
        else:
            made = outcome(lambda: messages.open_envelope(case["envelope"], seal, auth))
            right = made == case["message"] if case["valid"] else refused(made)
        yield case["name"], right


def challenge(vectors: dict) -> Iterator[Checked]:
    known, phone = messages.read_chain(vectors["chain"]), vectors["phone"]
    for case in vectors["cases"]:
        made = outcome(lambda: messages.read_challenge(case["jws"], known, phone["device"]))
        if not case["valid"]:
            right = refused(made) and (made is messages.Newer) == (case["error"] == "newer")
        else:
            may = case["may_be_approved"], case["needs_number"]
            right = not refused(made) and made.claims == case.get("claims", made.claims)
            right = right and (made.may_be_approved, made.needs_number) == may
            if "envelope" in case:
                seal, auth = private(phone["seal"]["scalar"]), unb64url(phone["auth"])
                right = right and messages.open_envelope(case["envelope"], seal, auth) == case["jws"]
        yield case["name"], right


def notice(vectors: dict) -> Iterator[Checked]:
    known = messages.read_chain(vectors["chain"])
    for case in vectors["cases"]:
        made = outcome(lambda: messages.read_notice(case["jws"], known, vectors["phone"]["device"]))
        yield case["name"], made == case["claims"] if case["valid"] else refused(made)


def device_proof(vectors: dict) -> Iterator[Checked]:
    """Whether this phone could have made the proof: so for the accepted ones, and for no other."""
    key, device = private(vectors["phone"]["id"]["scalar"]), vectors["phone"]["device"]
    for case in vectors["cases"]:
        # Old and repeated proofs were right once: only a server can tell.
        if case.get("step") in ("nonce", "jti"):
            continue
        request, proof = case["request"], case["proof"]

        def ours() -> bool:
            theirs = messages.read(proof, "device-proof+jwt", key.public_key(), device)
            where = request["method"], request["path"], request["body"].encode()
            made = messages.proof_claims(vectors["server"]["server_id"], *where, theirs.get("nonce"))
            return theirs == made | drawn(theirs) and len(unb64url(theirs["nonce"])) == 24

        yield case["name"], (outcome(ours) is True) == (case["expect"] == "accepted")


def decision(vectors: dict) -> Iterator[Checked]:
    """The same for decisions."""
    phone = vectors["phone"]
    for case in vectors["cases"]:
        asked, decision = messages.Challenge(case["challenge"], claims_of(case["challenge"])), case["decision"]

        def ours() -> bool:
            answer = claims_of(decision)
            key = private(phone["approve" if answer["dec"] == "approve" else "id"]["scalar"])
            theirs = messages.read(decision, "decision+jwt", key.public_key(), phone["device"])
            made = messages.decision_claims(asked, theirs["dec"], theirs["uv"], theirs.get("num"))
            return theirs == made | drawn(theirs)

        yield case["name"], (outcome(ours) is True) == case["valid"]


def drawn(claims: dict) -> dict:
    """The claims that differ each time, if they have the right form."""
    if type(claims.get("iat")) is not int or claims["iat"] < 0 or len(unb64url(claims.get("jti"))) != 16:
        raise Refused("not what a phone draws")
    return {"iat": claims["iat"], "jti": claims["jti"]}


def claims_of(jws: str) -> dict:
    return messages.read_object(unb64url(jws.split(".")[1]))


def same_message(theirs: str, ours: str, typ: str, key: ec.EllipticCurvePrivateKey, kid: str | None) -> bool:
    """Whether both verify and say the same. Their bytes may differ: JSON has many spellings, a signature is random."""
    public = key.public_key()
    return messages.read(theirs, typ, public, kid) == messages.read(ours, typ, public, kid)


FILES = [koppelcode, host, text, jws, identity, pairing, activation, envelope, challenge, notice]
FILES += [device_proof, decision]


def check(file: Callable[[dict], Iterator[Checked]]) -> tuple[str, int, list[str]]:
    """The name of the file, how many of its cases were checked, and which of them came out wrong."""
    name, checked = f"{file.__name__}.json", []
    try:
        checked.extend(file(json.loads((FOLDER / name).read_text("utf-8"))))
    except Exception as error:
        checked.append((repr(error), False))
    return name, len(checked), [case for case, right in checked if not right]


if __name__ == "__main__":
    for file in FILES:
        print(*check(file))
