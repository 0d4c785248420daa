"""The folder of a sentence transformer. It may come from a stranger, so links and sizes are checked before reading."""

import json
from pathlib import Path
from typing import Any

from ..elmo.limits import MAX_JSON_BYTES, one_line, read_bytes
from ..errors import ModelError


class ModelFiles:
    """The files of a folder. Links that lead out of the folder are refused."""

    def __init__(self, source: str | Path) -> None:
        path = Path(source).expanduser()
        try:
            self.folder = path.resolve()
            is_folder = self.folder.is_dir()
        except (OSError, RuntimeError, ValueError) as error:
            raise ModelError(f"the sentence model {str(source)!r} cannot be read ({one_line(error)})") from error
        if not is_folder:
            raise ModelError(f"there is no folder {path} with a sentence model; give the folder of a transformer")

    def has(self, name: str) -> bool:
        """Return whether there is a file or a link of that name."""
        path = self.folder / name
        return path.is_symlink() or path.exists()

    def path(self, name: str) -> Path:
        """Return the path of a file that is inside the folder.

        Raises:
            ModelError: The name or a link leads out of the folder, or nowhere.
        """
        path = self.folder / name
        try:
            real = path.resolve(strict=True)
        except (OSError, RuntimeError, ValueError) as error:
            raise ModelError(f"{path} cannot be read ({one_line(error)}); get the model again") from error
        if not real.is_relative_to(self.folder):
            raise ModelError(f"{path} is a link out of the folder; copy the model with `cp -rL` and name the copy")
        return real

    def read(self, name: str, limit: int) -> bytes:
        """Read a file of at most `limit` bytes.

        Raises:
            ModelError: The file cannot be read, is too long, or is outside the folder.
        """
        try:
            return read_bytes(self.path(name), limit)
        except OSError as error:
            reason = error.strerror or one_line(error)
            raise ModelError(f"{self.folder / name} cannot be read ({reason}); get the model again") from error

    def json(self, name: str) -> Any:
        """Read a JSON file. A missing file is None.

        Raises:
            ModelError: The file is damaged, too long, or outside the folder.
        """
        if not self.has(name):
            return None
        try:
            return json.loads(self.read(name, MAX_JSON_BYTES))
        except (ValueError, RecursionError) as error:
            raise ModelError(f"{self.folder / name} is not JSON ({one_line(error)}); get the model again") from error
