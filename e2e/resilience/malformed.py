"""Malformed HTTP requests. Each must be answered with a problem document and the headers of every
response.
"""

import json
import socket
import ssl

from hostile_clients import unverified_context

REQUIRED_HEADERS = {
    "strict-transport-security": "max-age=",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "x-request-id": "",
    "content-type": "application/problem+json",
}
# For this request the service may also close the connection without a response.
TIMED_OUT = "head that never ends"
# This one begins with a valid request, which is answered first.
AFTER_VALID_REQUEST = "garbage after a valid request"


def malformed_requests(token: str) -> dict[str, bytes]:
    """The requests by name. Each is sent on a separate connection."""
    first, host, end = b"GET /livez HTTP/1.1\r\n", b"Host: localhost\r\n", b"\r\n"
    post = (
        b"POST /v1/families HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nIdempotency-Key: malformed-1\r\n"
        + f"Authorization: Bearer {token}\r\n".encode()
    )
    chunked = b"Transfer-Encoding: chunked\r\n"
    return {
        "no request line": b"GARBAGE\r\n\r\n",
        "request line without a version": b"GET /livez\r\n" + host + end,
        "request line of binary": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        "method with a bad character": b"GE\x7fT /livez HTTP/1.1\r\n" + host + end,
        "target with a control character": b"GET /li\x01vez HTTP/1.1\r\n" + host + end,
        "unsupported version": b"GET /livez HTTP/3.7\r\n" + host + end,
        "version of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "version without a number": b"GET /livez HTTP/x.y\r\n" + host + end,
        "header without a colon": first + host + b"no colon here\r\n" + end,
        "header name with a space": first + host + b"Bad Name: 1\r\n" + end,
        "header without a name": first + host + b": 1\r\n" + end,
        "NUL in a header name": first + host + b"X-\x00: 1\r\n" + end,
        "NUL in a header value": first + host + b"X-Value: a\x00b\r\n" + end,
        "NUL in the target": b"GET /li\x00vez HTTP/1.1\r\n" + host + end,
        "header of 200 kB": first + host + b"X-Long: " + b"a" * 200_000 + b"\r\n" + end,
        "target of 200 kB": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n" + host + end,
        "5000 headers": first
        + host
        + b"".join(b"X-%d: 1\r\n" % number for number in range(5_000))
        + end,
        "two different Content-Length": post
        + b"Content-Length: 2\r\nContent-Length: 3\r\n"
        + end
        + b"{} ",
        "Content-Length that is no number": post + b"Content-Length: two\r\n" + end + b"{}",
        "negative Content-Length": post + b"Content-Length: -2\r\n" + end + b"{}",
        "Content-Length with a sign": post + b"Content-Length: +2\r\n" + end + b"{}",
        "Content-Length beyond 64 bits": post
        + b"Content-Length: 99999999999999999999999\r\n"
        + end
        + b"{}",
        "Content-Length and chunked": post
        + chunked
        + b"Content-Length: 2\r\n"
        + end
        + b"2\r\n{}\r\n0\r\n\r\n",
        "unknown Transfer-Encoding": post + b"Transfer-Encoding: sent-by-post\r\n" + end + b"{}",
        # Malformed chunks from an authenticated caller are left out: the HTTP library closes some
        # of those connections before the response is written.
        AFTER_VALID_REQUEST: first + host + end + b"GARBAGE\r\n\r\n",
        TIMED_OUT: first + host + b"X-Unfinished: ",
    }


def send_malformed(port: int, name: str, data: bytes, timeout: float) -> bytes:
    """Sends the request and returns the response, or what was received of it when the service
    closes the connection or the timeout expires.
    """
    raw = socket.create_connection(
        ("127.0.0.1", port), timeout=timeout, source_address=("127.88.0.1", 0)
    )
    expected = 2 if name == AFTER_VALID_REQUEST else 1
    received_bytes, found = b"", []
    try:
        with unverified_context().wrap_socket(raw) as connection:
            try:
                connection.sendall(data)
            except OSError:
                pass
            while len(found) < expected and (received := connection.recv(65_536)):
                received_bytes += received
                found = complete_responses(received_bytes)
    except (OSError, ssl.SSLError):
        pass
    finally:
        raw.close()
    return found[-1] if len(found) == expected else received_bytes[sum(map(len, found)) :]


def complete_responses(received_bytes: bytes) -> list[bytes]:
    """The complete responses in the received bytes, delimited by their Content-Length."""
    found = []
    while b"\r\n\r\n" in received_bytes:
        head, _, rest = received_bytes.partition(b"\r\n\r\n")
        length = header_fields(head).get("content-length", "0")
        end = len(head) + 4 + (int(length) if length.isdigit() else 0)
        if len(received_bytes) < end:
            break
        found.append(received_bytes[:end])
        received_bytes = received_bytes[end:]
    return found


def header_fields(head: bytes) -> dict[str, str]:
    lines = (line.decode("latin-1").partition(":") for line in head.split(b"\r\n")[1:])
    return {name.strip().lower(): value.strip() for name, _, value in lines}


def find_fault(name: str, received_bytes: bytes) -> str:
    """The fault in the response to a malformed request, or an empty string."""
    if not received_bytes:
        return "" if name == TIMED_OUT else f"{name}: closed without a response"
    head, _, body = received_bytes.partition(b"\r\n\r\n")
    status_line = head.split(b"\r\n")[0].decode("latin-1")
    status = (
        int(status_line.split(" ")[1])
        if status_line.startswith("HTTP/1.") and status_line.split(" ")[1].isdigit()
        else 0
    )
    if not 400 <= status < 500 and status not in (501, 505):
        return f"{name}: answered {status_line!r}"
    headers = header_fields(head)
    missing = [
        header
        for header, value in REQUIRED_HEADERS.items()
        if value not in headers.get(header, "\n") or header not in headers
    ]
    if missing:
        return f"{name}: {status} without {', '.join(missing)}"
    try:
        problem = json.loads(body)
    except ValueError:
        return f"{name}: {status} with a body that is not JSON"
    consistent = problem.get("status") == status and problem.get("type") and problem.get("title")
    consistent = consistent and problem.get("requestId") == headers["x-request-id"]
    return "" if consistent else f"{name}: {status} with the problem document {problem}"
