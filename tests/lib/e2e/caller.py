"""Somebody who calls the service over TLS, with a token of their own and nothing but the standard library."""

import http.client
import json
import ssl
import uuid
from dataclasses import dataclass
from pathlib import Path

from .issuer import ClientCertificate


class Unexpected(AssertionError):
    """The service answered otherwise than the story goes."""


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: object
    raw: bytes

    @property
    def etag(self) -> str:
        return self.headers["etag"]

    def __getitem__(self, name: str):
        return self.body[name]


class Caller:
    """One person or system, over a new connection for each call: restarts of the service are not their business."""

    def __init__(self, who: str, port: int, authority: Path, token: str | None, certificate: ClientCertificate | None = None):
        self.who, self.port, self.token = who, port, token
        self.context = ssl.create_default_context(cafile=str(authority))
        self.context.verify_flags |= getattr(ssl, "VERIFY_X509_STRICT", 0)
        if certificate:
            self.context.load_cert_chain(certificate.file, certificate.key)

    def call(self, method: str, path: str, body=None, expect: int | tuple[int, ...] = 200, **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        data = None
        if body is not None:
            data, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        connection = http.client.HTTPSConnection("localhost", self.port, timeout=20, context=self.context)
        try:
            connection.request(method, path, data, sent)
            response = connection.getresponse()
            answer = read(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()
        self._check(method, path, answer, expect)
        return answer

    def _check(self, method: str, path: str, answer: Answer, expect: int | tuple[int, ...]) -> None:
        expected = expect if isinstance(expect, tuple) else (expect,)
        if answer.status not in expected:
            said = answer.raw.decode(errors="replace")[:1500]
            raise Unexpected(f"{self.who}: {method} {path} answered {answer.status} instead of {expected}: {said}")
        kind = answer.headers.get("content-type", "")
        if answer.status >= 400 and kind != "application/problem+json":
            raise Unexpected(f"{self.who}: {method} {path} answered {answer.status} as {kind or 'nothing'}")

    def get(self, path: str, **options) -> Answer:
        return self.call("GET", path, **options)

    def post(self, path: str, body=None, expect: int | tuple[int, ...] = (200, 201), key: str | None = None, **options) -> Answer:
        return self.call("POST", path, body, expect=expect, Idempotency_Key=key or str(uuid.uuid4()), **options)

    def put(self, path: str, body, etag: str | None = None, **options) -> Answer:
        return self.call("PUT", path, body, **({"If_Match": etag} if etag else {}), **options)

    def patch(self, path: str, body, etag: str, **options) -> Answer:
        return self.call("PATCH", path, body, If_Match=etag, **options)

    def delete(self, path: str, etag: str, **options) -> Answer:
        return self.call("DELETE", path, If_Match=etag, expect=options.pop("expect", 204), **options)


def read(status: int, headers: dict[str, str], raw: bytes) -> Answer:
    headers = {name.lower(): value for name, value in headers.items()}
    is_json = headers.get("content-type", "").split(";")[0] in ("application/json", "application/problem+json")
    return Answer(status, headers, json.loads(raw) if is_json and raw else None, raw)
