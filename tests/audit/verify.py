"""Verifies an exported log of audit records with nothing of the service's own: SHA-256 from the standard library, and
the arithmetic of RFC 6962 (trees, proofs) and RFC 8032 (Ed25519) written down once more.

    verify.py FOLDER ORIGIN PUBLIC_KEY [JOURNAL]      FOLDER holds checkpoint, tile/ and tile/entries/ (C2SP tlog-tiles)

With JOURNAL, the folder of a node's journals, every record that these say is committed must be in the log: give it for a log
in which no record waits for its place.

The log is to be at rest: while a node works, numbers whose transactions are under way are missing.

Prints size and root; ends with status 1 and a word of what is wrong.
"""

import base64
import hashlib
import sys
import uuid
from pathlib import Path

WIDTH = 256


class Wrong(Exception):
    """The log is not what it says."""


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(leaves: list[bytes]) -> bytes:
    """The Merkle tree hash of RFC 6962, section 2.1, as it is written there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(root_of(leaves[:middle]), root_of(leaves[middle:]))


def follows(index: int, size: int, leaf: bytes, path: list[bytes], root: bytes) -> bool:
    """Whether an audit path leads from a leaf to a root: the path of section 2.1.1, taken from its end."""

    def climb(index: int, size: int, path: list[bytes]) -> bytes:
        if size == 1:
            if path:
                raise Wrong("an audit path that is too long")
            return leaf
        if not path:
            raise Wrong("an audit path that is too short")
        middle = 1 << (size - 1).bit_length() - 1
        if index < middle:
            return node_hash(climb(index, middle, path[:-1]), path[-1])
        return node_hash(path[-1], climb(index - middle, size - middle, path[:-1]))

    return 0 <= index < size and climb(index, size, path) == root


# --- Ed25519, RFC 8032 section 5.1, in the plainest way ---------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def added(one, other):
    (x1, y1), (x2, y2) = one, other
    product = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + product, P - 2, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - product, P - 2, P) % P
    return x, y


def times(number: int, point):
    result = (0, 1)
    while number:
        if number & 1:
            result = added(result, point)
        point, number = added(point, point), number >> 1
    return result


def point_of(data: bytes):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise Wrong("a public key or signature that is no point of the curve")
    return (P - x if x & 1 != sign else x), y


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed_by(public_key: bytes, message: bytes, signature: bytes) -> bool:
    if len(signature) != 64 or len(public_key) != 32:
        return False
    number = int.from_bytes(signature[32:], "little")
    if number >= ORDER:
        return False
    challenge = hashlib.sha512(signature[:32] + public_key + message).digest()
    challenge = int.from_bytes(challenge, "little") % ORDER
    return times(number, BASE) == added(point_of(signature[:32]), times(challenge, point_of(public_key)))


# --- The log ----------------------------------------------------------------------------------------------------------


def checkpoint(note: str, origin: str, public_key: bytes) -> tuple[int, bytes]:
    """Size and root, if the note is signed by that key for that log."""
    body, _, signatures = note.partition("\n\n")
    lines = (body + "\n").split("\n")
    if len(lines) != 4 or lines[0] != origin:
        raise Wrong("a checkpoint of another log")
    key_id = hashlib.sha256(origin.encode() + b"\n\1" + public_key).digest()[:4]
    for line in signatures.splitlines():
        mark, _, rest = line.partition(" ")
        name, _, signature = rest.rpartition(" ")
        raw = base64.b64decode(signature)
        if mark == "\u2014" and name == origin and raw[:4] == key_id and signed_by(public_key, (body + "\n").encode(), raw[4:]):
            return int(lines[1]), base64.b64decode(lines[2])
    raise Wrong("a checkpoint that the key has not signed")


def tile(index: int, width: int) -> str:
    path, rest = f"{index % 1000:03d}", index // 1000
    while rest:
        path, rest = f"x{rest % 1000:03d}/{path}", rest // 1000
    return path + (f".p/{width}" if width < WIDTH else "")


def tiles(count: int):
    for index in range((count + WIDTH - 1) // WIDTH):
        yield tile(index, min(WIDTH, count - index * WIDTH))


def entries(folder: Path, size: int) -> list[bytes]:
    found = []
    for name in tiles(size):
        data = (folder / "tile/entries" / name).read_bytes()
        while data:
            length = int.from_bytes(data[:2], "big")
            found.append(data[2 : 2 + length])
            data = data[2 + length :]
    if len(found) != size:
        raise Wrong(f"{len(found)} records, and {size} were signed")
    return found


def numbered(leaf: bytes) -> tuple[uuid.UUID, uuid.UUID, int]:
    """Partnership, run and number of a record: after the format version (1 byte) and the record's id (16 bytes)."""
    if len(leaf) < 57 or leaf[0] != 1:
        raise Wrong("a record of another format")
    return uuid.UUID(bytes=leaf[17:33]), uuid.UUID(bytes=leaf[33:49]), int.from_bytes(leaf[49:57], "big", signed=True)


def without_gaps(leaves: list[bytes]) -> dict[tuple[uuid.UUID, int], bytes]:
    """The leaves by run and number, when each run has every number from 1 to its highest once."""
    found: dict[tuple[uuid.UUID, int], bytes] = {}
    for leaf in leaves:
        _, run, number = numbered(leaf)
        if (run, number) in found:
            raise Wrong(f"run {run} has two records with the number {number}")
        found[run, number] = leaf
    highest: dict[uuid.UUID, int] = {}
    for run, number in found:
        highest[run] = max(number, highest.get(run, 0))
    missing = [(run, number) for run, last in highest.items() for number in range(1, last + 1) if (run, number) not in found]
    if missing or len(found) != sum(highest.values()):
        first = f", the first is number {missing[0][1]} of run {missing[0][0]}" if missing else ""
        raise Wrong(f"{len(missing)} numbers without a record{first}")
    return found


def committed(folder: Path, partnership: uuid.UUID) -> dict[tuple[uuid.UUID, int], bytes]:
    """What journals say is committed of one partnership: the leaf's hash by run and number.

    A file is named by its run. `+ PARTNERSHIP NUMBER HASH` announces a record of that run and `= PARTNERSHIP NUMBER` says that
    it was committed; a later announcement of the same number replaces an earlier one. `~ PARTNERSHIP RUN NUMBER HASH` says
    that a void record was committed in the place of any run's number. A last line without an end was cut off.
    """
    announced: dict[tuple[uuid.UUID, int], bytes] = {}
    settled: dict[tuple[uuid.UUID, int], bytes] = {}
    filled: dict[tuple[uuid.UUID, int], bytes] = {}
    for file in sorted(folder.glob("*.journal")):
        run = uuid.UUID(file.stem.rpartition("-")[0])
        for line in file.read_bytes().split(b"\n")[:-1]:
            words = line.decode().split(" ")
            if len(words) < 3 or words[1] != str(partnership):
                continue
            if words[0] == "+":
                announced[run, int(words[2])] = bytes.fromhex(words[3])
            elif words[0] == "=" and (run, int(words[2])) in announced:
                settled[run, int(words[2])] = announced[run, int(words[2])]
            elif words[0] == "~":
                filled[uuid.UUID(words[2]), int(words[3])] = bytes.fromhex(words[4])
    return filled | settled


def as_journals_say(leaves: list[bytes], folder: Path) -> None:
    """Every record that a journal says is committed is in the log, as it was announced."""
    found = without_gaps(leaves)
    for partnership in {numbered(leaf)[0] for leaf in leaves}:
        for (run, number), hashed in committed(folder, partnership).items():
            leaf = found.get((run, number))
            if leaf is None:
                raise Wrong(f"number {number} of run {run} is missing, and a journal says that it was committed")
            if leaf_hash(leaf) != hashed:
                raise Wrong(f"number {number} of run {run} is another record than the one a journal says was committed")


def verify(folder: Path, origin: str, public_key: bytes, journal: Path | None = None) -> tuple[int, bytes]:
    size, root = checkpoint((folder / "checkpoint").read_text(), origin, public_key)
    leaves = entries(folder, size)
    without_gaps(leaves)
    if journal:
        as_journals_say(leaves, journal)
    level = [leaf_hash(leaf) for leaf in leaves]
    if root_of(level) != root:
        raise Wrong("the records do not lead to the root that was signed")
    number = 0
    while level:
        stored = b"".join((folder / f"tile/{number}" / name).read_bytes() for name in tiles(len(level)))
        if stored != b"".join(level):
            raise Wrong(f"hashes of level {number} that are not those of the records")
        level = [root_of(level[start : start + WIDTH]) for start in range(0, len(level) - WIDTH + 1, WIDTH)]
        number += 1
    return size, root


def main() -> None:
    folder, origin, public_key = Path(sys.argv[1]), sys.argv[2], base64.b64decode(sys.argv[3])
    journal = Path(sys.argv[4]) if len(sys.argv) > 4 else None
    try:
        size, root = verify(folder, origin, public_key, journal)
    except Wrong as wrong:
        print(f"wrong: {wrong}")
        sys.exit(1)
    print(f"{size} {base64.b64encode(root).decode()}")


if __name__ == "__main__":
    main()
