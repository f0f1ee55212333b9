"""What goes over the wire: computed and checked, without a network and without a state.

Written from docs/protocol.md and tests/vectors alone; every § is a section of docs/protocol.md. `vectors.py` holds it
against the vectors.
"""

import hashlib
import hmac
import ipaddress
import json
import re
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

DER = serialization.Encoding.DER


class Refused(Exception):
    """What the phone itself refuses: a mistyped code, a message that does not verify."""


class Newer(Refused):
    """A message of a key that the phone has not seen yet: fetch the chain (§3), then read again."""


# --- Encodings (§1) ---------------------------------------------------------------------------------------------------


def b64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64url(text: str) -> bytes:
    """The strict inverse: one text for one value, so padding, foreign symbols and stray bits are refused."""
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (TypeError, ValueError):
        raise Refused("not base64url") from None
    if b64url(data) != text:
        raise Refused("not the one spelling in base64url")
    return data


def lp(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def hkdf(ikm: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """HKDF-SHA-256 (RFC 5869) of at most one block, which is all that the protocol asks for."""
    return hmac.digest(hmac.digest(salt or bytes(32), ikm, "sha256"), info + b"\x01", "sha256")[:length]


def read_object(data: bytes) -> dict:
    """One JSON object, each member once (§1): a doubled member would let two readers see two messages."""

    def once(members: list) -> dict:
        if len(dict(members)) != len(members):
            raise ValueError("a member stands twice")
        return dict(members)

    try:
        value = json.loads(data.decode(), object_pairs_hook=once)
    except ValueError:
        raise Refused("not JSON") from None
    if not isinstance(value, dict):
        raise Refused("not a JSON object")
    return value


# Control characters and other spaces; what hides or turns (two lines); what is no character; three marks in a row;
# spaces out of place.
UNCLEAN = re.compile(
    "[\x00-\x1f\x7f-\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]"
    "|[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800]"
    "|[\u3164\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a\U000e0000-\U0010ffff]"
    "|[\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef]"
    "|[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]{3}"
    "|^ | $|  "
)


def is_clean(text: object) -> bool:
    """Whether a text of the server may be shown (§8). One that may not is never mended: it is not what was meant."""
    if not isinstance(text, str) or UNCLEAN.search(text) or len(text.encode()) > 64:
        return False
    return all(ord(symbol) & 0xFFFE != 0xFFFE for symbol in text)


def read_host(typed: str) -> tuple[str, str]:
    """HOST and its origin (§1). Plain http is for loopback alone."""
    form = re.fullmatch(r"(?:(https?)://)?(\[[0-9a-fA-F:.]+\]|[^][/?#@:\s]+)(?::([1-9][0-9]{0,4}))?/?", typed)
    if not form:
        raise Refused("not a host: name or name:port")
    scheme, name, port = form.groups()
    try:
        name = f"[{ipaddress.IPv6Address(name[1:-1])}]" if name[0] == "[" else name.encode("idna").decode().lower()
    except ValueError:
        raise Refused("not a host name") from None
    loopback = name in ("localhost", "[::1]") or re.fullmatch(r"127(\.\d{1,3}){3}", name) is not None
    scheme = scheme or ("http" if loopback else "https")
    if name.endswith(".") or int(port or 1) > 65535 or (scheme == "http" and not loopback):
        raise Refused("not a host that may be used")
    host = name if port in (None, {"http": "80", "https": "443"}[scheme]) else f"{name}:{port}"
    return host, f"{scheme}://{host}"


# --- Koppelcode (§4) --------------------------------------------------------------------------------------------------

SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def read_koppelcode(typed: str) -> str:
    """The nine symbols that travel. A mistyped code is found here, before it costs a try."""
    code = typed.upper().replace(" ", "").replace("-", "").translate(str.maketrans("OIL", "011"))
    if not all(symbol in SYMBOLS for symbol in code):
        raise Refused("a symbol that is in no koppelcode")
    if len(code) != 9:
        raise Refused("a koppelcode has nine symbols")
    values, check = [SYMBOLS.index(symbol) for symbol in code], 0
    # Horner's rule for Σ αⁱ·sᵢ: multiplying by α = 2 is a shift, and x⁵ = x² + 1 brings it back into five bits.
    for value in reversed(values[:8]):
        check = (check ^ value) << 1
        check ^= 0b100101 if check & 32 else 0
    if check != values[8]:
        raise Refused("this koppelcode is mistyped")
    return code


# --- Signed messages (§1) ---------------------------------------------------------------------------------------------


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def read_spki(text: str) -> ec.EllipticCurvePublicKey:
    try:
        key = serialization.load_der_public_key(unb64url(text))
    except ValueError:
        raise Refused("not a public key") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Refused("not a key on P-256")
    return key


def sign(key: ec.EllipticCurvePrivateKey, typ: str, claims: dict, kid: str | None = None) -> str:
    header = {"alg": "ES256", "typ": typ} | ({"kid": kid} if kid else {})
    signing_input = ".".join(b64url(json.dumps(part).encode()) for part in (header, claims))
    r, s = decode_dss_signature(key.sign(signing_input.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signing_input}.{b64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def signing_hash(jws: str) -> str:
    return b64url(sha256(jws.rpartition(".")[0].encode()))


def read(jws: str, typ: str, key: ec.EllipticCurvePublicKey, kid: str | None) -> dict:
    """The claims of a message that is of exactly this type, with exactly this header, signed by this key."""
    parts = jws.split(".")
    if len(jws) > 8192 or len(parts) != 3:
        raise Refused("not a signed message")
    header, payload, signature = map(unb64url, parts)
    # The phone knows the whole header beforehand: nothing in it chooses how the message is verified.
    if read_object(header) != {"alg": "ES256", "typ": typ} | ({"kid": kid} if kid else {}):
        raise Refused(f"not a header of {typ}, version {kid}")
    if len(signature) != 64:
        raise Refused("not a signature of 64 bytes")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        key.verify(encode_dss_signature(r, s), f"{parts[0]}.{parts[1]}".encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise Refused(f"a {typ} with a wrong signature") from None
    return read_object(payload)


# --- The server's identity (§3) ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Identity:
    server_id: str
    version: int
    key: str
    link: str | None  # the hash of the newest link: what the next `prev` must be


def read_chain(chain: list[str], pinned: Identity | None = None) -> Identity:
    """Checks every link from the first key to the newest; with `pinned`, that the chain goes on from there."""
    if not 1 <= len(chain) <= 64:
        raise Refused("not a chain of identities")
    # The first link is signed by the key that it brings, each later one by its predecessor.
    first = str(read_object(unb64url((chain[0].split(".") + [""])[1])).get("spki"))
    believed, seen = Identity(b64url(sha256(unb64url(first))), 0, first, None), []
    for jws in chain:
        claims = read(jws, "identity+jwt", read_spki(believed.key), str(believed.version or 1))
        if (claims.get("server_id"), claims.get("version")) != (believed.server_id, believed.version + 1):
            raise Refused("an identity of another server or version")
        if claims.get("prev") != believed.link:
            raise Refused("a chain that does not hold together")
        believed = Identity(believed.server_id, believed.version + 1, claims.get("spki", ""), signing_hash(jws))
        seen.append(believed)
    read_spki(believed.key)
    if pinned and pinned not in seen:
        raise Refused("this server is not the one that was paired: rolled back, forked or another")
    return believed


def read_from_server(jws: str, typ: str, identity: Identity) -> dict:
    """A message of the server the phone knows."""
    kid = read_object(unb64url(jws.partition(".")[0])).get("kid")
    if re.fullmatch("[1-9][0-9]{0,9}", str(kid)) and int(kid) > identity.version:
        raise Newer("a message of a newer key")
    return read(jws, typ, read_spki(identity.key), str(identity.version))


# --- Pairing (§5) -----------------------------------------------------------------------------------------------------


def commitment(opening: str) -> bytes:
    """C: the promise of O, given before the server has chosen anything."""
    return sha256(b"koppel/pair/commit/v1" + lp(opening.encode()))


def transcript(m2: str, opening: str) -> bytes:
    """T: what both sides saw. Signatures are left out, for they can be ground."""
    return sha256(b"koppel/pair/v1" + lp(m2.rpartition(".")[0].encode()) + lp(opening.encode()))


def check_number(T: bytes) -> str:
    return f"{int.from_bytes(hkdf(T, b'', b'koppel/pair/check/v1', 8), 'big') % 1_000_000:06}"


def read_m2(m2: str, identity: Identity, m1: bytes, host: str, now: float) -> dict:
    """What the server says to m1: for nobody else, from nowhere else, and still good."""
    said = read_from_server(m2, "pairing+jwt", identity)
    ours = {"c": b64url(sha256(m1)), "host": host, "server_id": identity.server_id, "version": identity.version}
    if any(said.get(name) != value for name, value in ours.items()):
        raise Refused("an answer to another phone, or of another host")
    if not all(name in said for name in ("pid", "rs", "exp")) or said["exp"] <= now:
        raise Refused("an answer whose time is over")
    if not (is_clean(said.get("organisation")) and is_clean(said.get("account"))):
        raise Refused("an answer that cannot be shown")
    return said


def read_activation(jws: str, identity: Identity, device: str, T: bytes) -> None:
    claims = read_from_server(jws, "activation+jwt", identity)
    ours = {"T": b64url(T), "device": device, "server_id": identity.server_id, "version": identity.version}
    if any(claims.get(name) != value for name, value in ours.items()):
        raise Refused("an activation of another pairing")


# --- Envelope and what is in it (§7, §8) ------------------------------------------------------------------------------


def open_aes128gcm(body: bytes, seal: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """RFC 8291, one record of size 4096: the plaintext with its padding."""
    salt, size, key_id, sealed = body[:16], body[16:20], body[21:86], body[86:]
    if size != (4096).to_bytes(4, "big") or body[20:21] != b"\x41" or key_id[:1] != b"\x04":
        raise Refused("not the head of an envelope")
    try:
        shared = seal.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key_id))
        own = seal.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        ikm = hkdf(shared, auth, b"WebPush: info\x00" + own + key_id, 32)
        key = hkdf(ikm, salt, b"Content-Encoding: aes128gcm\x00", 16)
        return AESGCM(key).decrypt(hkdf(ikm, salt, b"Content-Encoding: nonce\x00", 12), sealed, None)
    except (InvalidTag, ValueError):
        raise Refused("not an envelope for this phone") from None


def open_envelope(envelope: str, seal: ec.EllipticCurvePrivateKey, auth: bytes) -> str:
    """The message in an envelope, which is 2,150 bytes whatever it holds."""
    body = unb64url(envelope)
    if len(body) != 2150:
        raise Refused("an envelope has 2150 bytes")
    padded = open_aes128gcm(body, seal, auth).rstrip(b"\x00")
    try:
        if not padded.endswith(b"\x02"):
            raise ValueError
        return padded[:-1].decode()
    except ValueError:
        raise Refused("not a sealed text") from None


@dataclass(frozen=True)
class Challenge:
    jws: str
    claims: dict

    @property
    def mode(self) -> str:
        return self.claims["mode"]

    @property
    def needs_number(self) -> bool:
        return self.mode in ("number", "confirm_pairing")

    @property
    def may_be_approved(self) -> bool:
        """A mode that nobody knows yet may be denied, never approved."""
        return self.needs_number or self.mode == "unlock"


LOGIN = {"rp", "bind", "purpose", "ctx"}
PARTS = {"code": LOGIN | {"code"}, "number": LOGIN, "confirm_pairing": {"pairing"}, "unlock": set()}


def read_challenge(jws: str, identity: Identity, device: str) -> Challenge:
    claims = read_from_server(jws, "challenge+jwt", identity)
    ours = {"dev": device, "server_id": identity.server_id, "version": identity.version}
    if any(claims.get(name) != value for name, value in ours.items()):
        raise Refused("a challenge for another phone or of another server")
    needed = PARTS.get(claims.get("mode"))
    if (claims.get("mode"), claims.get("purpose")) == ("code", "test"):
        needed = {"code", "purpose"}
    if needed is not None and {name for name in LOGIN | {"code", "pairing"} if name in claims} != needed:
        raise Refused("a challenge with parts that do not fit its mode")
    try:
        shown = [claims["user"]["name"], claims["user"]["id"]]
        if "rp" in claims:
            rp, seen = claims["rp"], claims["ctx"]
            shown += [rp["name"], rp["origin"], seen["browser"], seen.get("place", "")]
        if "pairing" in claims:
            shown += [claims["pairing"]["name"], claims["pairing"].get("place", "")]
        whole = claims["exp"] > claims["iat"] and bool(claims["cid"] and claims["seq"] and claims["mode"])
    except (KeyError, TypeError):
        raise Refused("a challenge that lacks something") from None
    if not whole or not all(map(is_clean, shown)):
        raise Refused("a challenge that cannot be shown")
    return Challenge(jws, claims)


def read_notice(jws: str, identity: Identity, device: str) -> dict:
    """A kind that nobody knows yet is shown as something that changed."""
    claims = read_from_server(jws, "notice+jwt", identity)
    if claims.get("dev") != device or not is_clean(claims.get("detail")):
        raise Refused("a notice for another phone, or one that cannot be shown")
    return claims


# --- What the phone signs (§6, §10) -----------------------------------------------------------------------------------


def proof_claims(server_id: str, method: str, path: str, body: bytes, nonce: str) -> dict:
    freshness = {"jti": b64url(secrets.token_bytes(16)), "nonce": nonce, "iat": int(time.time())}
    return {"aud": server_id, "htm": method, "htu": path, "bh": b64url(sha256(body))} | freshness


def decision_claims(challenge: Challenge, answer: str, uv: str, number: str | None = None) -> dict:
    seen = challenge.claims
    digits = isinstance(number, str) and re.fullmatch("[0-9]{6,8}", number)
    if number is not None and not (digits and answer == "approve"):
        raise Refused("a number has six to eight digits, and goes with a yes")
    asked = {"aud": seen["server_id"], "ch": b64url(sha256(challenge.jws.encode()))}
    asked |= {name: seen[name] for name in ("cid", "seq", "dev")}
    told = {"dec": answer, "uv": uv} | ({} if number is None else {"num": number})
    return asked | told | {"iat": int(time.time()), "jti": b64url(secrets.token_bytes(16))}
