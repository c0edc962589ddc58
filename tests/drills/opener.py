"""A thief with everything at hand: opens sealed rows with whatever keys a keystore still holds. Written from the format
alone, on the system's OpenSSL, so that it shares no code with the service."""

import base64
import ctypes
import ctypes.util
import hashlib
import hmac
import json
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

CRYPTO = ctypes.CDLL(ctypes.util.find_library("crypto"))
for name in ("EVP_CIPHER_CTX_new", "EVP_aes_256_gcm"):
    getattr(CRYPTO, name).restype = ctypes.c_void_p
SET_TAG = 0x11


def opened(key: bytes, bound: bytes, sealed: bytes) -> bytes | None:
    """The plaintext of format version, nonce, ciphertext and tag (AES-256-GCM); none when anything is not as it was."""
    if len(sealed) < 29 or sealed[0] != 1:
        return None
    nonce, text, tag = sealed[1:13], sealed[13:-16], sealed[-16:]
    context = ctypes.c_void_p(CRYPTO.EVP_CIPHER_CTX_new())
    plain, length = ctypes.create_string_buffer(len(text) + 16), ctypes.c_int()
    try:
        CRYPTO.EVP_DecryptInit_ex(context, ctypes.c_void_p(CRYPTO.EVP_aes_256_gcm()), None, key, nonce)
        CRYPTO.EVP_DecryptUpdate(context, None, ctypes.byref(length), bound, len(bound))
        CRYPTO.EVP_DecryptUpdate(context, plain, ctypes.byref(length), text, len(text))
        CRYPTO.EVP_CIPHER_CTX_ctrl(context, SET_TAG, 16, tag)
        rest = ctypes.create_string_buffer(16)
        whole = CRYPTO.EVP_DecryptFinal_ex(context, rest, ctypes.byref(ctypes.c_int())) == 1
    finally:
        CRYPTO.EVP_CIPHER_CTX_free(context)
    return plain.raw[:len(text)] if whole else None


def bind(*fields: str | bytes | UUID | int) -> bytes:
    """Associated data: each field led by its length."""
    out = b""
    for field in fields:
        part = field.encode() if isinstance(field, str) else field.bytes if isinstance(field, UUID) else struct.pack(">q", field) if isinstance(field, int) else field
        out += struct.pack(">I", len(part)) + part
    return out


def derived(secret: bytes, label: str) -> bytes:
    """HKDF-SHA-256 without salt (RFC 5869), 32 bytes."""
    extracted = hmac.new(bytes(32), secret, hashlib.sha256).digest()
    return hmac.new(extracted, label.encode() + b"\x01", hashlib.sha256).digest()


def micros(instant: str) -> int:
    at = datetime.fromisoformat(instant.replace("Z", "+00:00"))
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


class Loot:
    """Every key that a keystore's folder still gives, with its root key: by kind and identifier."""

    def __init__(self, keys: Path, root_key: Path):
        raw = root_key.read_bytes()
        root_secret = raw if len(raw) == 32 else base64.b64decode(raw.strip())
        self.keys: dict[str, dict[str, bytes]] = {"epoch": {}, "scope": {}, "permanent": {}, "audit": {}, "index-root": {}}
        # The label under which the keystore derives what it seals its files with; the root key itself, should it do without.
        roots = [derived(root_secret, "chronology keystore 1"), root_secret]
        for path in keys.rglob("*.key"):
            self._take(path, roots)

    def _take(self, path: Path, roots: list[bytes]) -> None:
        try:
            stored = json.loads(path.read_bytes())
        except ValueError:
            return
        salt, commitment, sealed = (base64.b64decode(stored[name]) for name in ("salt", "commitment", "sealed"))
        bound = bind("chronology stored key 1", stored["kind"], stored["id"], micros(stored["created_at"]), salt, commitment)
        for root in roots:
            if key := opened(root, bound, sealed):
                self.keys[stored["kind"]][stored["id"]] = key

    def data_key(self, table: str, row: str, version: int, scopes: list[str], expires_at: int, partnership: str, wrapped: bytes) -> bytes | None:
        """The data key in `wrapped`, under any epoch and any scope whose keys are here, the fragment's own besides where there is
        one, or the partnership's own."""
        place = ("chronology wrap 1", table, UUID(row), version)
        if permanent := self.keys["permanent"].get(partnership):
            bound = bind(*place, "permanent", UUID(partnership))
            if key := opened(derived(permanent, "chronology permanent wrapping key 1"), bound, wrapped):
                return key
        for scope in scopes:
            for epoch in self.keys["epoch"].values():
                secret = self.keys["scope"].get(scope)
                bound = bind(*place, "until", UUID(scope), expires_at)
                if secret and (key := opened(derived(epoch + secret, "chronology wrapping key 1"), bound, wrapped)):
                    return key
                own = self.keys["scope"].get(row)
                bound = bind(*place, "until", UUID(scope), UUID(row), expires_at)
                if secret and own and (key := opened(derived(epoch + secret + own, "chronology wrapping key 2"), bound, wrapped)):
                    return key
        return None

    def words(self, row: dict) -> str | None:
        """What is sealed beside a wrapped key."""
        key = self.data_key(row["table"], row["id"], row["version"], row["scopes"], row["expires_at"], row["partnership"], row["wrapped"])
        plain = key and opened(key, bind("chronology payload 1", row["sealed_table"], UUID(row["sealed_id"]), row["version"]), row["sealed"])
        return plain.decode() if plain else None
