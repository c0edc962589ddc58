"""An API client with one access token, over TLS, built on the standard library alone."""

import http.client
import json
import ssl
import uuid
from dataclasses import dataclass
from pathlib import Path

from .issuer import ClientCertificate


class CheckFailed(AssertionError):
    """A response or a state of the service differs from what the check expects."""


@dataclass
class ApiResponse:
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
    """One person or system that calls the API. Each call opens a new connection, so a restart of
    the service does not matter.
    """

    def __init__(
        self,
        name: str,
        port: int,
        ca_file: Path,
        token: str | None,
        certificate: ClientCertificate | None = None,
    ):
        self.name, self.port, self.token = name, port, token
        self.context = ssl.create_default_context(cafile=str(ca_file))
        self.context.verify_flags |= getattr(ssl, "VERIFY_X509_STRICT", 0)
        if certificate:
            self.context.load_cert_chain(certificate.file, certificate.key)

    def call(
        self, method: str, path: str, body=None, expect: int | tuple[int, ...] = 200, **headers: str
    ) -> ApiResponse:
        """Sends a request. Raises `CheckFailed` when the status is not one of those in `expect`."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            fields["Authorization"] = f"Bearer {self.token}"
        data = None
        if body is not None:
            data, fields["Content-Type"] = json.dumps(body).encode(), "application/json"
        connection = http.client.HTTPSConnection(
            "localhost", self.port, timeout=20, context=self.context
        )
        try:
            connection.request(method, path, data, fields)
            received = connection.getresponse()
            response = parse_response(received.status, dict(received.getheaders()), received.read())
        finally:
            connection.close()
        self._check(method, path, response, expect)
        return response

    def _check(
        self, method: str, path: str, response: ApiResponse, expect: int | tuple[int, ...]
    ) -> None:
        expected = expect if isinstance(expect, tuple) else (expect,)
        if response.status not in expected:
            text = response.raw.decode(errors="replace")[:1500]
            raise CheckFailed(
                f"{self.name}: {method} {path} returned {response.status}, expected one of {expected}: {text}"
            )
        content_type = response.headers.get("content-type", "")
        if response.status >= 400 and content_type != "application/problem+json":
            raise CheckFailed(
                f"{self.name}: {method} {path} returned {response.status} with content type {content_type or 'none'}"
            )

    def get(self, path: str, **options) -> ApiResponse:
        return self.call("GET", path, **options)

    def post(
        self,
        path: str,
        body=None,
        expect: int | tuple[int, ...] = (200, 201),
        key: str | None = None,
        **options,
    ) -> ApiResponse:
        return self.call(
            "POST", path, body, expect=expect, Idempotency_Key=key or str(uuid.uuid4()), **options
        )

    def put(self, path: str, body, etag: str | None = None, **options) -> ApiResponse:
        return self.call("PUT", path, body, **({"If_Match": etag} if etag else {}), **options)

    def patch(self, path: str, body, etag: str, **options) -> ApiResponse:
        return self.call("PATCH", path, body, If_Match=etag, **options)

    def delete(self, path: str, etag: str, **options) -> ApiResponse:
        return self.call(
            "DELETE", path, If_Match=etag, expect=options.pop("expect", 204), **options
        )


def parse_response(status: int, headers: dict[str, str], raw: bytes) -> ApiResponse:
    headers = {name.lower(): value for name, value in headers.items()}
    is_json = headers.get("content-type", "").split(";")[0] in (
        "application/json",
        "application/problem+json",
    )
    return ApiResponse(status, headers, json.loads(raw) if is_json and raw else None, raw)
