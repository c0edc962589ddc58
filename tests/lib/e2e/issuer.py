"""Issuers of access tokens (RFC 9068) with keys of their own, and client certificates. Everything is signed by the
`openssl` program, so nothing here is the product's code."""

import base64
import json
import subprocess
import time
import uuid
from pathlib import Path


def openssl(*arguments: str, data: bytes | None = None) -> bytes:
    done = subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr.decode()}")
    return done.stdout


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """One issuer with one key, ES256 or RS256, its public half in a JWKS file."""

    def __init__(self, folder: Path, name: str, algorithm: str, agencies: list[str]):
        self.name, self.algorithm, self.agencies = name, algorithm, agencies
        self.url = f"https://{name}.example"
        self.key = folder / f"{name}.key.pem"
        self.jwks = folder / f"{name}.jwks.json"
        self.key_id = uuid.uuid4().hex
        self.jwks.write_text(json.dumps({"keys": [self._public() | {"kid": self.key_id, "use": "sig", "alg": algorithm}]}))

    def _public(self) -> dict:
        if self.algorithm == "ES256":
            openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(self.key))
            # The last 64 bytes of a P-256 public key in DER are its two coordinates.
            point = openssl("ec", "-in", str(self.key), "-pubout", "-outform", "DER")[-64:]
            return {"kty": "EC", "crv": "P-256", "x": encoded(point[:32]), "y": encoded(point[32:])}
        openssl("genrsa", "-out", str(self.key), "2048")
        modulus = openssl("rsa", "-in", str(self.key), "-noout", "-modulus").decode().strip().split("=")[1]
        return {"kty": "RSA", "n": encoded(bytes.fromhex(modulus)), "e": "AQAB"}

    def token(self, audience: str, agency: str, roles: list[str], subject: str, name: str, offence_data: bool, now: int | None = None) -> str:
        now = int(time.time()) if now is None else now
        claims = {"iss": self.url, "aud": audience, "sub": subject, "client_id": "case-system", "jti": str(uuid.uuid4()),
                  "iat": now, "exp": now + 3_000, "agency": agency, "roles": roles, "name": name}
        if offence_data:
            claims["offence_data"] = True
        header = {"typ": "at+jwt", "alg": self.algorithm, "kid": self.key_id}
        signed = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
        return f"{signed}.{encoded(self._signature(signed.encode()))}"

    def _signature(self, signed: bytes) -> bytes:
        signature = openssl("dgst", "-sha256", "-sign", str(self.key), data=signed)
        return signature if self.algorithm == "RS256" else fixed_length(signature)


def fixed_length(der: bytes) -> bytes:
    """An ECDSA signature as JWS has it (RFC 7518 section 3.4): both numbers in 32 bytes, without DER around them."""
    numbers, at = [], 2
    for _ in range(2):
        length = der[at + 1]
        numbers.append(int.from_bytes(der[at + 2:at + 2 + length], "big"))
        at += 2 + length
    return b"".join(number.to_bytes(32, "big") for number in numbers)


class ClientCertificate:
    """A record system's certificate, with the authority that issued it."""

    def __init__(self, folder: Path, name: str):
        self.authority, self.file, self.key = (folder / f"{name}.{part}.pem" for part in ("ca", "certificate", "key"))
        authority_key, request, wishes = (folder / f"{name}.{part}" for part in ("ca.key", "csr", "ext"))
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        openssl("req", "-x509", *curve, "-keyout", str(authority_key), "-out", str(self.authority), "-days", "2",
                "-subj", "/CN=Record systems")
        openssl("req", "-new", *curve, "-keyout", str(self.key), "-out", str(request), "-subj", f"/CN={name}")
        wishes.write_text(f"extendedKeyUsage=clientAuth\nbasicConstraints=critical,CA:FALSE\nsubjectAltName=DNS:{name}.example\n")
        openssl("x509", "-req", "-in", str(request), "-CA", str(self.authority), "-CAkey", str(authority_key),
                "-days", "2", "-out", str(self.file), "-extfile", str(wishes))
