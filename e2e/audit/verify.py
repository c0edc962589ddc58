"""An independent verifier of exported audit logs. It shares no code with the service: SHA-256 comes
from the standard library; Merkle trees and proofs (RFC 6962) and Ed25519 (RFC 8032) are implemented
here again.

    verify.py FOLDER ORIGIN PUBLIC_KEY [JOURNAL]

FOLDER is an exported log (C2SP tlog-tiles) with checkpoint, tile/ and tile/entries/. JOURNAL is the
folder of a node's journals. If it is given, every record that a journal marks as committed must be
in the log, so it may only be given when all committed records are sequenced.

No node may be running on the database during the export: the numbers of open transactions would be
reported as missing.

Prints size and root. If verification fails, prints the reason and exits with status 1.
"""

import base64
import hashlib
import sys
import uuid
from pathlib import Path

WIDTH = 256


class VerificationError(Exception):
    """The log is inconsistent, incomplete or not signed by the expected key."""


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def merkle_root(leaves: list[bytes]) -> bytes:
    """The Merkle tree hash of RFC 6962, section 2.1."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(merkle_root(leaves[:middle]), merkle_root(leaves[middle:]))


def is_inclusion_proof(index: int, size: int, leaf: bytes, path: list[bytes], root: bytes) -> bool:
    """Whether the audit path (RFC 6962, section 2.1.1) leads from the leaf to the root."""

    def root_from(index: int, size: int, path: list[bytes]) -> bytes:
        if size == 1:
            if path:
                raise VerificationError("the audit path is too long")
            return leaf
        if not path:
            raise VerificationError("the audit path is too short")
        middle = 1 << (size - 1).bit_length() - 1
        if index < middle:
            return node_hash(root_from(index, middle, path[:-1]), path[-1])
        return node_hash(path[-1], root_from(index - middle, size - middle, path[:-1]))

    return 0 <= index < size and root_from(index, size, path) == root


# --- Ed25519, RFC 8032 section 5.1, not optimised -------------------------------------------------

P = 2**255 - 19
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def add_points(one, other):
    (x1, y1), (x2, y2) = one, other
    product = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + product, P - 2, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - product, P - 2, P) % P
    return x, y


def multiply_point(number: int, point):
    result = (0, 1)
    while number:
        if number & 1:
            result = add_points(result, point)
        point, number = add_points(point, point), number >> 1
    return result


def decode_point(data: bytes):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * SQRT_OF_MINUS_ONE % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise VerificationError("the public key or signature does not encode a point on the curve")
    return (P - x if x & 1 != sign else x), y


BASE = decode_point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed_by(public_key: bytes, message: bytes, signature: bytes) -> bool:
    if len(signature) != 64 or len(public_key) != 32:
        return False
    number = int.from_bytes(signature[32:], "little")
    if number >= GROUP_ORDER:
        return False
    challenge = hashlib.sha512(signature[:32] + public_key + message).digest()
    challenge = int.from_bytes(challenge, "little") % GROUP_ORDER
    return multiply_point(number, BASE) == add_points(
        decode_point(signature[:32]), multiply_point(challenge, decode_point(public_key))
    )


# --- The log --------------------------------------------------------------------------------------


def parse_checkpoint(note: str, origin: str, public_key: bytes) -> tuple[int, bytes]:
    """Size and root of a checkpoint (C2SP signed note). Raises `VerificationError` unless the key
    has signed it for this log.
    """
    body, _, signatures = note.partition("\n\n")
    lines = (body + "\n").split("\n")
    if len(lines) != 4 or lines[0] != origin:
        raise VerificationError("the checkpoint belongs to another log")
    key_id = hashlib.sha256(origin.encode() + b"\n\1" + public_key).digest()[:4]
    for line in signatures.splitlines():
        mark, _, rest = line.partition(" ")
        name, _, signature = rest.rpartition(" ")
        raw = base64.b64decode(signature)
        if (
            mark == "\u2014"
            and name == origin
            and raw[:4] == key_id
            and is_signed_by(public_key, (body + "\n").encode(), raw[4:])
        ):
            return int(lines[1]), base64.b64decode(lines[2])
    raise VerificationError("the checkpoint is not signed by the key")


def tile_path(index: int, width: int) -> str:
    path, rest = f"{index % 1000:03d}", index // 1000
    while rest:
        path, rest = f"x{rest % 1000:03d}/{path}", rest // 1000
    return path + (f".p/{width}" if width < WIDTH else "")


def tile_paths(count: int):
    for index in range((count + WIDTH - 1) // WIDTH):
        yield tile_path(index, min(WIDTH, count - index * WIDTH))


def read_entries(folder: Path, size: int) -> list[bytes]:
    records = []
    for name in tile_paths(size):
        data = (folder / "tile/entries" / name).read_bytes()
        while data:
            length = int.from_bytes(data[:2], "big")
            records.append(data[2 : 2 + length])
            data = data[2 + length :]
    if len(records) != size:
        raise VerificationError(
            f"{len(records)} records in the log, but the checkpoint is for {size}"
        )
    return records


def parse_leaf(leaf: bytes) -> tuple[uuid.UUID, uuid.UUID, int]:
    """Partnership, run and number of a record. They follow the format version (1 byte) and the
    record's id (16 bytes).
    """
    if len(leaf) < 57 or leaf[0] != 1:
        raise VerificationError("a record has an unknown format")
    return (
        uuid.UUID(bytes=leaf[17:33]),
        uuid.UUID(bytes=leaf[33:49]),
        int.from_bytes(leaf[49:57], "big", signed=True),
    )


def index_leaves(leaves: list[bytes]) -> dict[tuple[uuid.UUID, int], bytes]:
    """The leaves by run and number. Raises `VerificationError` unless each run has every number
    from 1 to its highest once.
    """
    records_by_number: dict[tuple[uuid.UUID, int], bytes] = {}
    for leaf in leaves:
        _, run, number = parse_leaf(leaf)
        if (run, number) in records_by_number:
            raise VerificationError(f"run {run} has two records with the number {number}")
        records_by_number[run, number] = leaf
    highest: dict[uuid.UUID, int] = {}
    for run, number in records_by_number:
        highest[run] = max(number, highest.get(run, 0))
    missing = [
        (run, number)
        for run, last in highest.items()
        for number in range(1, last + 1)
        if (run, number) not in records_by_number
    ]
    if missing or len(records_by_number) != sum(highest.values()):
        first = f", the first is number {missing[0][1]} of run {missing[0][0]}" if missing else ""
        raise VerificationError(f"{len(missing)} numbers have no record{first}")
    return records_by_number


def committed_records(folder: Path, partnership: uuid.UUID) -> dict[tuple[uuid.UUID, int], bytes]:
    """The records of one partnership that the journals mark as committed: the leaf's hash by run
    and number.

    A journal file is named after its run. `+ PARTNERSHIP NUMBER HASH` is written before a record is
    committed, `= PARTNERSHIP NUMBER` after; a later `+` line with the same number replaces an
    earlier one. `~ PARTNERSHIP RUN NUMBER HASH` means that a void record was committed for an
    unused number of any run. An incomplete last line is ignored.
    """
    intended: dict[tuple[uuid.UUID, int], bytes] = {}
    committed: dict[tuple[uuid.UUID, int], bytes] = {}
    voided: dict[tuple[uuid.UUID, int], bytes] = {}
    for file in sorted(folder.glob("*.journal")):
        run = uuid.UUID(file.stem.rpartition("-")[0])
        for line in file.read_bytes().split(b"\n")[:-1]:
            fields = line.decode().split(" ")
            if len(fields) < 3 or fields[1] != str(partnership):
                continue
            if fields[0] == "+":
                intended[run, int(fields[2])] = bytes.fromhex(fields[3])
            elif fields[0] == "=" and (run, int(fields[2])) in intended:
                committed[run, int(fields[2])] = intended[run, int(fields[2])]
            elif fields[0] == "~":
                voided[uuid.UUID(fields[2]), int(fields[3])] = bytes.fromhex(fields[4])
    return voided | committed


def check_against_journals(leaves: list[bytes], folder: Path) -> None:
    """Checks that every record marked as committed in a journal is in the log, with the hash given
    there.
    """
    records_by_number = index_leaves(leaves)
    for partnership in {parse_leaf(leaf)[0] for leaf in leaves}:
        for (run, number), expected_hash in committed_records(folder, partnership).items():
            leaf = records_by_number.get((run, number))
            if leaf is None:
                raise VerificationError(
                    f"number {number} of run {run} is missing, but a journal marks it as committed"
                )
            if leaf_hash(leaf) != expected_hash:
                raise VerificationError(
                    f"number {number} of run {run} differs from the record that a journal marks as committed"
                )


def verify(
    folder: Path, origin: str, public_key: bytes, journal: Path | None = None
) -> tuple[int, bytes]:
    """Size and root of the log. Raises `VerificationError` when any check fails."""
    size, root = parse_checkpoint((folder / "checkpoint").read_text(), origin, public_key)
    leaves = read_entries(folder, size)
    index_leaves(leaves)
    if journal:
        check_against_journals(leaves, journal)
    level = [leaf_hash(leaf) for leaf in leaves]
    if merkle_root(level) != root:
        raise VerificationError("the records do not lead to the signed root")
    number = 0
    while level:
        stored = b"".join(
            (folder / f"tile/{number}" / name).read_bytes() for name in tile_paths(len(level))
        )
        if stored != b"".join(level):
            raise VerificationError(f"the hashes of level {number} do not match the records")
        level = [
            merkle_root(level[start : start + WIDTH])
            for start in range(0, len(level) - WIDTH + 1, WIDTH)
        ]
        number += 1
    return size, root


def main() -> None:
    folder, origin, public_key = Path(sys.argv[1]), sys.argv[2], base64.b64decode(sys.argv[3])
    journal = Path(sys.argv[4]) if len(sys.argv) > 4 else None
    try:
        size, root = verify(folder, origin, public_key, journal)
    except VerificationError as error:
        print(f"verification failed: {error}")
        sys.exit(1)
    print(f"{size} {base64.b64encode(root).decode()}")


if __name__ == "__main__":
    main()
