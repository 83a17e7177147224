"""Damage to a file: random bytes of it, and, in a zip archive, its members under valid checksums."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

__all__ = ["damage"]

LONGEST = 4096  # bytes of a damaged range
OF_MEMBERS = 0.4  # share of the damage to archives that is done to members

Members = dict[str, bytes]


def flip_bit(content: bytearray, random: Random) -> None:
    """Change one bit, as an aged disk does."""
    content[random.randrange(len(content))] ^= 1 << random.randrange(8)


def zero_range(content: bytearray, random: Random) -> None:
    """Set a range to zero, as a file system does with blocks that were never written."""
    start, length = _range(content, random)
    content[start : start + length] = bytes(length)


def truncate(content: bytearray, random: Random) -> None:
    """Cut off the end."""
    del content[random.randrange(len(content)) :]


def append(content: bytearray, random: Random) -> None:
    """Append random bytes."""
    content += random.randbytes(random.randint(1, LONGEST))


def swap_ranges(content: bytearray, random: Random) -> None:
    """Exchange two ranges of the same length."""
    (a, length), (b, _) = _range(content, random), _range(content, random)
    length = min(length, len(content) - b, abs(a - b))
    content[a : a + length], content[b : b + length] = content[b : b + length], content[a : a + length]


BYTES: list[Callable[[bytearray, Random], None]] = [flip_bit, zero_range, truncate, append, swap_ranges]
"""Functions that damage a file's bytes in place."""


def _range(content: bytearray, random: Random) -> tuple[int, int]:
    """Draw a range: its start and its length."""
    start = random.randrange(len(content))
    return start, min(random.randint(1, LONGEST), len(content) - start)


def swap_members(members: Members, random: Random) -> None:
    """Exchange two members, of the same size where there are such."""
    first = random.choice(list(members))
    others = [name for name in members if name != first]
    alike = [name for name in others if len(members[name]) == len(members[first]) and members[name] != members[first]]
    second = random.choice(alike or others)
    members[first], members[second] = members[second], members[first]


def drop_member(members: Members, random: Random) -> None:
    """Leave one member out."""
    del members[random.choice(list(members))]


def change_member(members: Members, random: Random) -> None:
    """Change one bit of a member."""
    name = random.choice([name for name, content in members.items() if content])
    content = bytearray(members[name])
    flip_bit(content, random)
    members[name] = bytes(content)


MEMBERS: list[Callable[[Members, Random], None]] = [swap_members, drop_member, change_member]
"""Functions that damage the members of an archive, whose checksums are then right."""


def damage(path: Path, random: Random) -> str:
    """Damage a file, and return how; only zip archives have members."""
    content = path.read_bytes()
    while path.read_bytes() == content:
        of_members = zipfile.is_zipfile(path) and random.random() < OF_MEMBERS
        how = (_damage_members if of_members else _damage_bytes)(path, random)
    return how


def _damage_members(path: Path, random: Random) -> str:
    change = random.choice(MEMBERS)
    with zipfile.ZipFile(path) as archive:
        members, comment = {name: archive.read(name) for name in archive.namelist()}, archive.comment
    change(members, random)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.comment = comment
    return change.__name__


def _damage_bytes(path: Path, random: Random) -> str:
    change, content = random.choice(BYTES), bytearray(path.read_bytes())
    change(content, random)
    path.write_bytes(content)
    return change.__name__
