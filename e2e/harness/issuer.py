"""Issuers of access tokens (RFC 9068) and client certificates. All signatures are made with the
`openssl` program, so that none of the product's code takes part.
"""

import base64
import json
import subprocess
import time
import uuid
from pathlib import Path


def openssl(*arguments: str, data: bytes | None = None) -> bytes:
    completed = subprocess.run(
        ["openssl", *arguments], input=data, capture_output=True, check=False
    )
    if completed.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]}: {completed.stderr.decode()}")
    return completed.stdout


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """An issuer with one key, ES256 or RS256. The public key is published in a JWKS file."""

    def __init__(self, folder: Path, name: str, algorithm: str, agencies: list[str]):
        self.name, self.algorithm, self.agencies = name, algorithm, agencies
        self.url = f"https://{name}.example"
        self.key = folder / f"{name}.key.pem"
        self.jwks = folder / f"{name}.jwks.json"
        self.key_id = uuid.uuid4().hex
        self.jwks.write_text(
            json.dumps(
                {
                    "keys": [
                        self._create_key() | {"kid": self.key_id, "use": "sig", "alg": algorithm}
                    ]
                }
            )
        )

    def _create_key(self) -> dict:
        """Generates the key pair and returns the public key's JWK members."""
        if self.algorithm == "ES256":
            openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(self.key))
            # The last 64 bytes of a P-256 public key in DER are its coordinates.
            point = openssl("ec", "-in", str(self.key), "-pubout", "-outform", "DER")[-64:]
            return {
                "kty": "EC",
                "crv": "P-256",
                "x": base64url(point[:32]),
                "y": base64url(point[32:]),
            }
        openssl("genrsa", "-out", str(self.key), "2048")
        modulus = (
            openssl("rsa", "-in", str(self.key), "-noout", "-modulus")
            .decode()
            .strip()
            .split("=")[1]
        )
        return {"kty": "RSA", "n": base64url(bytes.fromhex(modulus)), "e": "AQAB"}

    def token(
        self,
        audience: str,
        agency: str,
        roles: list[str],
        subject: str,
        name: str,
        offence_data: bool,
        now: int | None = None,
    ) -> str:
        now = int(time.time()) if now is None else now
        claims = {
            "iss": self.url,
            "aud": audience,
            "sub": subject,
            "client_id": "case-system",
            "jti": str(uuid.uuid4()),
            "iat": now,
            "exp": now + 3_000,
            "agency": agency,
            "roles": roles,
            "name": name,
        }
        if offence_data:
            claims["offence_data"] = True
        header = {"typ": "at+jwt", "alg": self.algorithm, "kid": self.key_id}
        signing_input = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
        return f"{signing_input}.{base64url(self._sign(signing_input.encode()))}"

    def _sign(self, signing_input: bytes) -> bytes:
        signature = openssl("dgst", "-sha256", "-sign", str(self.key), data=signing_input)
        return signature if self.algorithm == "RS256" else der_to_jws_signature(signature)


def der_to_jws_signature(der: bytes) -> bytes:
    """Converts a DER-encoded ECDSA signature to the form of JWS: two integers of 32 bytes each (RFC
    7518 section 3.4).
    """
    integers, offset = [], 2
    for _ in range(2):
        length = der[offset + 1]
        integers.append(int.from_bytes(der[offset + 2 : offset + 2 + length], "big"))
        offset += 2 + length
    return b"".join(integer.to_bytes(32, "big") for integer in integers)


class ClientCertificate:
    """A record system's client certificate and the certificate authority that issued it."""

    def __init__(self, folder: Path, name: str):
        self.ca_file, self.file, self.key = (
            folder / f"{name}.{part}.pem" for part in ("ca", "certificate", "key")
        )
        authority_key, request, extensions = (
            folder / f"{name}.{part}" for part in ("ca.key", "csr", "ext")
        )
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        openssl(
            "req",
            "-x509",
            *curve,
            "-keyout",
            str(authority_key),
            "-out",
            str(self.ca_file),
            "-days",
            "2",
            "-subj",
            "/CN=Record systems",
        )
        openssl(
            "req",
            "-new",
            *curve,
            "-keyout",
            str(self.key),
            "-out",
            str(request),
            "-subj",
            f"/CN={name}",
        )
        extensions.write_text(
            f"extendedKeyUsage=clientAuth\nbasicConstraints=critical,CA:FALSE\nsubjectAltName=DNS:{name}.example\n"
        )
        openssl(
            "x509",
            "-req",
            "-in",
            str(request),
            "-CA",
            str(self.ca_file),
            "-CAkey",
            str(authority_key),
            "-days",
            "2",
            "-out",
            str(self.file),
            "-extfile",
            str(extensions),
        )
