"""An attacker with full access: decrypts sealed rows with all keys that a keystore still contains.
Implemented from the format with the system's OpenSSL, so that it shares no code with the service.
"""

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


def decrypt_aes_gcm(key: bytes, associated_data: bytes, sealed: bytes) -> bytes | None:
    """Decrypts a sealed value: format version, nonce, ciphertext and tag (AES-256-GCM). None if
    authentication fails.
    """
    if len(sealed) < 29 or sealed[0] != 1:
        return None
    nonce, ciphertext, tag = sealed[1:13], sealed[13:-16], sealed[-16:]
    context = ctypes.c_void_p(CRYPTO.EVP_CIPHER_CTX_new())
    plaintext, length = ctypes.create_string_buffer(len(ciphertext) + 16), ctypes.c_int()
    try:
        CRYPTO.EVP_DecryptInit_ex(
            context, ctypes.c_void_p(CRYPTO.EVP_aes_256_gcm()), None, key, nonce
        )
        CRYPTO.EVP_DecryptUpdate(
            context, None, ctypes.byref(length), associated_data, len(associated_data)
        )
        CRYPTO.EVP_DecryptUpdate(
            context, plaintext, ctypes.byref(length), ciphertext, len(ciphertext)
        )
        CRYPTO.EVP_CIPHER_CTX_ctrl(context, SET_TAG, 16, tag)
        rest = ctypes.create_string_buffer(16)
        is_authentic = CRYPTO.EVP_DecryptFinal_ex(context, rest, ctypes.byref(ctypes.c_int())) == 1
    finally:
        CRYPTO.EVP_CIPHER_CTX_free(context)
    return plaintext.raw[: len(ciphertext)] if is_authentic else None


def encode_associated_data(*fields: str | bytes | UUID | int) -> bytes:
    """Associated data in the service's encoding: each field after its length."""
    result = b""
    for field in fields:
        encoded = encode_field(field)
        result += struct.pack(">I", len(encoded)) + encoded
    return result


def encode_field(field: str | bytes | UUID | int) -> bytes:
    if isinstance(field, str):
        return field.encode()
    if isinstance(field, UUID):
        return field.bytes
    return struct.pack(">q", field) if isinstance(field, int) else field


def hkdf_sha256(secret: bytes, label: str) -> bytes:
    """HKDF-SHA-256 (RFC 5869) without salt; 32 bytes of output."""
    pseudorandom_key = hmac.new(bytes(32), secret, hashlib.sha256).digest()
    return hmac.new(pseudorandom_key, label.encode() + b"\x01", hashlib.sha256).digest()


def to_microseconds(instant: str) -> int:
    time = datetime.fromisoformat(instant.replace("Z", "+00:00"))
    return (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


class RecoveredKeys:
    """Every key in a keystore's folder that the root key can decrypt, by kind and identifier."""

    def __init__(self, keys: Path, root_key: Path):
        raw = root_key.read_bytes()
        root_secret = raw if len(raw) == 32 else base64.b64decode(raw.strip())
        self.keys: dict[str, dict[str, bytes]] = {
            "epoch": {},
            "scope": {},
            "permanent": {},
            "audit": {},
            "index-root": {},
        }
        # The key that the keystore derives for its files with this label; also the root key itself,
        # in case it is used directly.
        candidates = [hkdf_sha256(root_secret, "chronology keystore 1"), root_secret]
        for path in keys.rglob("*.key"):
            self._recover_key(path, candidates)

    def _recover_key(self, path: Path, candidates: list[bytes]) -> None:
        try:
            stored = json.loads(path.read_bytes())
        except ValueError:
            return
        salt, commitment, sealed = (
            base64.b64decode(stored[name]) for name in ("salt", "commitment", "sealed")
        )
        created_at = to_microseconds(stored["created_at"])
        associated_data = encode_associated_data(
            "chronology stored key 1", stored["kind"], stored["id"], created_at, salt, commitment
        )
        for candidate in candidates:
            if key := decrypt_aes_gcm(candidate, associated_data, sealed):
                self.keys[stored["kind"]][stored["id"]] = key

    def unwrap_data_key(
        self,
        table: str,
        row: str,
        version: int,
        scopes: list[str],
        expires_at: int,
        partnership: str,
        wrapped: bytes,
    ) -> bytes | None:
        """The data key in `wrapped`, or none if the recovered keys cannot decrypt it. Tries the
        partnership's permanent key, and every epoch key with every scope key, alone and together
        with the row's own key if there is one.
        """
        prefix = ("chronology wrap 1", table, UUID(row), version)
        if permanent := self.keys["permanent"].get(partnership):
            associated_data = encode_associated_data(*prefix, "permanent", UUID(partnership))
            wrapping_key = hkdf_sha256(permanent, "chronology permanent wrapping key 1")
            if key := decrypt_aes_gcm(wrapping_key, associated_data, wrapped):
                return key
        row_key = self.keys["scope"].get(row)
        for scope in scopes:
            scope_key = self.keys["scope"].get(scope)
            if not scope_key:
                continue
            for epoch_key in self.keys["epoch"].values():
                associated_data = encode_associated_data(*prefix, "until", UUID(scope), expires_at)
                wrapping_key = hkdf_sha256(epoch_key + scope_key, "chronology wrapping key 1")
                if key := decrypt_aes_gcm(wrapping_key, associated_data, wrapped):
                    return key
                if not row_key:
                    continue
                associated_data = encode_associated_data(
                    *prefix, "until", UUID(scope), UUID(row), expires_at
                )
                wrapping_key = hkdf_sha256(
                    epoch_key + scope_key + row_key, "chronology wrapping key 2"
                )
                if key := decrypt_aes_gcm(wrapping_key, associated_data, wrapped):
                    return key
        return None

    def decrypt_row(self, row: dict) -> str | None:
        """The plaintext of a sealed row, or none if its data key cannot be recovered."""
        key = self.unwrap_data_key(
            row["table"],
            row["id"],
            row["version"],
            row["scopes"],
            row["expires_at"],
            row["partnership"],
            row["wrapped"],
        )
        associated_data = encode_associated_data(
            "chronology payload 1", row["sealed_table"], UUID(row["sealed_id"]), row["version"]
        )
        plaintext = key and decrypt_aes_gcm(key, associated_data, row["sealed"])
        return plaintext.decode() if plaintext else None
