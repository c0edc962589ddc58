"""Requests that are no HTTP, and the answers that they must get: problem documents with the headers of every answer."""

import json
import socket
import ssl

from hostile import careless_context

HEADERS = {"strict-transport-security": "max-age=", "x-content-type-options": "nosniff", "cache-control": "no-store",
           "x-request-id": "", "content-type": "application/problem+json"}
# What answers that a request was never finished may also be: the connection closed without any.
TIMED_OUT = "head that never ends"
# A good request comes first, and its answer.
AFTER_A_GOOD_ONE = "garbage after a good request"


def requests(token: str) -> dict[str, bytes]:
    """By name, each for a connection of its own."""
    first, host, end = b"GET /livez HTTP/1.1\r\n", b"Host: localhost\r\n", b"\r\n"
    post = b"POST /v1/families HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nIdempotency-Key: malformed-1\r\n" \
           + f"Authorization: Bearer {token}\r\n".encode()
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
        "5000 headers": first + host + b"".join(b"X-%d: 1\r\n" % number for number in range(5_000)) + end,
        "two different Content-Length": post + b"Content-Length: 2\r\nContent-Length: 3\r\n" + end + b"{} ",
        "Content-Length that is no number": post + b"Content-Length: two\r\n" + end + b"{}",
        "negative Content-Length": post + b"Content-Length: -2\r\n" + end + b"{}",
        "Content-Length with a sign": post + b"Content-Length: +2\r\n" + end + b"{}",
        "Content-Length beyond 64 bits": post + b"Content-Length: 99999999999999999999999\r\n" + end + b"{}",
        "Content-Length and chunked": post + chunked + b"Content-Length: 2\r\n" + end + b"2\r\n{}\r\n0\r\n\r\n",
        "unknown Transfer-Encoding": post + b"Transfer-Encoding: sent-by-post\r\n" + end + b"{}",
        # Not here: chunks that cannot be read, from somebody signed in. The HTTP reader closes some of those connections before
        # the answer is there.
        AFTER_A_GOOD_ONE: first + host + end + b"GARBAGE\r\n\r\n",
        TIMED_OUT: first + host + b"X-Unfinished: ",
    }


def answered(port: int, name: str, data: bytes, patience: float) -> bytes:
    """The answer, or as much of it as comes until the service closes the connection or is silent."""
    raw = socket.create_connection(("127.0.0.1", port), timeout=patience, source_address=("127.88.0.1", 0))
    expected = 2 if name == AFTER_A_GOOD_ONE else 1
    said, found = b"", []
    try:
        with careless_context().wrap_socket(raw) as connection:
            try:
                connection.sendall(data)
            except OSError:
                pass
            while len(found) < expected and (received := connection.recv(65_536)):
                said += received
                found = answers(said)
    except (OSError, ssl.SSLError):
        pass
    finally:
        raw.close()
    return found[-1] if len(found) == expected else said[sum(map(len, found)):]


def answers(said: bytes) -> list[bytes]:
    """The answers that have come whole, with as many bytes as each announces."""
    found = []
    while b"\r\n\r\n" in said:
        head, _, rest = said.partition(b"\r\n\r\n")
        length = fields(head).get("content-length", "0")
        end = len(head) + 4 + (int(length) if length.isdigit() else 0)
        if len(said) < end:
            break
        found.append(said[:end])
        said = said[end:]
    return found


def fields(head: bytes) -> dict[str, str]:
    lines = (line.decode("latin-1").partition(":") for line in head.split(b"\r\n")[1:])
    return {name.strip().lower(): value.strip() for name, _, value in lines}


def fault(name: str, said: bytes) -> str:
    """What is wrong with an answer to a malformed request; nothing when all is as it should be."""
    if not said:
        return "" if name == TIMED_OUT else f"{name}: closed without an answer"
    head, _, body = said.partition(b"\r\n\r\n")
    line = head.split(b"\r\n")[0].decode("latin-1")
    status = int(line.split(" ")[1]) if line.startswith("HTTP/1.") and line.split(" ")[1].isdigit() else 0
    if not 400 <= status < 500 and status not in (501, 505):
        return f"{name}: answered {line!r}"
    missing = [header for header, value in HEADERS.items() if value not in fields(head).get(header, "\n") or header not in fields(head)]
    if missing:
        return f"{name}: {status} without {', '.join(missing)}"
    try:
        problem = json.loads(body)
    except ValueError:
        return f"{name}: {status} with a body that is no JSON"
    good = problem.get("status") == status and problem.get("type") and problem.get("title")
    good = good and problem.get("requestId") == fields(head)["x-request-id"]
    return "" if good else f"{name}: {status} with the problem document {problem}"
