"""Members of a tar file, which is read to its end or refused: ``tarfile`` ends in silence at a damaged header."""

import tarfile
from collections.abc import Iterator
from pathlib import Path

from gan.errors import UserError
from gan.formats import printable

__all__ = ["whole_members"]


def whole_members(tar: tarfile.TarFile, path: Path) -> Iterator[tarfile.TarInfo]:
    """Yield the members of a plain tar file, all of whose content is in the file.

    The file may end after the content of its last member, without the blocks that mark the end of an archive.

    Args:
        tar: The open file.
        path: Its path, for messages.

    Raises:
        UserError: If a member ends beyond the file, or a header is cut or damaged.
    """
    size, last = path.stat().st_size, None
    while True:
        try:
            member = tar.next()
        except tarfile.ReadError as error:
            if last is not None and last.isreg() and not last.issparse() and size < tar.offset:  # its padding is cut
                return
            raise _refused(tar, path, last) from error
        if member is None:
            break
        if not member.issparse() and member.isreg() and member.offset_data + member.size > size:
            raise _refused(tar, path, last, is_cut=True)
        yield member
        last = member
    if not _ends(path, tar.offset):
        raise _refused(tar, path, last)


def _ends(path: Path, offset: int) -> bool:
    """Return whether a file ends at an offset, or has a block of zeros there."""
    with path.open("rb") as file:
        file.seek(offset)
        return not any(file.read(tarfile.BLOCKSIZE))


def _refused(tar: tarfile.TarFile, path: Path, last: tarfile.TarInfo | None, is_cut: bool = False) -> UserError:
    """Return the error of a file that is cut off where the reading ended, or damaged there."""
    assert tar.fileobj is not None
    is_cut = is_cut or tar.fileobj.tell() >= path.stat().st_size
    place = "within its first member" if last is None else f"after {printable(last.name)}"
    state = "cut off" if is_cut else "damaged"
    return UserError(f"data.path: {printable(str(path))} is {state} {place}: copy it again")
