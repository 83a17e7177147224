"""Download of a file to a cache, once."""

import shutil
from hashlib import sha256
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlparse
from urllib.request import urlopen

from gan.errors import UserError
from gan.formats import printable
from gan.runs.writing import atomic_path

__all__ = ["download"]

TIMEOUT = 60  # seconds without an answer


def download(url: str, folder: Path) -> Path:
    """Return a file of a URL, which is downloaded unless the folder has it.

    Args:
        url: With the scheme http or https.
        folder: Folder of downloaded files.

    Raises:
        UserError: If it cannot be downloaded, or less arrives than the server has announced.
    """
    name = Path(urlparse(url).path).name
    path = folder / f"{sha256(url.encode()).hexdigest()[:16]}-{name}"
    if path.exists():
        return path
    try:
        with urlopen(url, timeout=TIMEOUT) as response, atomic_path(path) as partial:
            with partial.open("wb") as file:
                shutil.copyfileobj(response, file)
            announced, size = response.headers.get("Content-Length"), partial.stat().st_size
            if announced is not None and int(announced) != size:
                raise URLError(f"{size:,} of {int(announced):,} bytes arrived")
    except (URLError, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", None) or error
        raise UserError(f"cannot download {printable(url)} ({printable(str(reason))})") from error
    return path
