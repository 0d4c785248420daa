"""Damaged files of every format: none may end in an error of a library, a hang, or gigabytes of memory.

The environment variable POLYSEME_FUZZ is the number of inputs for each format. The choice of the tool and the figures
of a long run stand in `docs/development/hostile-files.md`.
"""

import io
import os
import re
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polyseme.indexer.readers import SUFFIXES, format_of
from polyseme.indexer.readers.apart import ReaderProcess
from polyseme.indexer.readers.metadata import MetadataTable
from polyseme.indexer.readers.records import Extract, Failure, ReadOptions, UnreadableError
from samples import samples

# A failing input is often long. Hypothesis warns of that, and the warning would hide the failure.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
INPUTS = int(os.environ.get("POLYSEME_FUZZ", "100"))
SECONDS = 20
MEMORY = 2 * 2**30
HARM = re.compile(r"damaged: [A-Z]\w*(Error|Exception|Warning)\b|ended with status|takes more than|than there is")
# Read as another format is.
SAME = (
    *(".markdown", ".htm", ".ndjson", ".ott", ".dot", ".latex", ".xlsm", ".docm", ".dotx", ".dotm"),
    *(".xml", ".conll", ".vert", ".vertical", ".text", ".asc", ".mht"),
)
SLOW = {".tex": 10}  # fuzzing divides the number of inputs by this, because each starts a program
FORMATS = sorted({suffix: 0 for suffix in SUFFIXES if suffix not in SAME})
TOKENS = [
    *(b"", b"\0", b"\n", b"\r", b'"', b"'", b",", b";", b"\t", b"<", b">", b"/>", b"&", b"=", b"[", b"]", b"{", b"}"),
    *(b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"---\n", b"...\n", b"*", b"_", b"`", b"> "),
    *(b"<div>", b"</div>", b"<b id=1>", b"<table>", b"<svg>", b"<!--", b"<![CDATA[", b"<script>", b"<pre>", b"<p a=1"),
    *(b"&a;", b'<!ENTITY a "b">', b"\\u", b"\\ud800", b"1e999", b"-0", b"NaN", b"null", b"&x *x", b"!!map", b"? "),
    *(b"<<", b">>", b"endobj", b"stream", b"/Kids", b"/Length 99999999999", b"/Count -1", b"PK\x05\x06", b"PK\x01\x02"),
    *(b"\xff\xff\xff\xff", b"\x00\x00\x00\x80", b"<w:p>", b"<w:r>", b"</w:p>", b"![", b"](", b"- ", b"    ", b"|-|\n"),
]


@pytest.fixture(scope="module")
def reader() -> Iterator[ReaderProcess]:
    found = ReaderProcess()
    yield found
    found.close()


@cache
def seeds(suffix: str) -> list[bytes]:
    with TemporaryDirectory() as folder:
        return samples(Path(folder))[suffix]


@st.composite
def changed(draw: st.DrawFn, data: bytes) -> bytes:
    """Draw a few changes of bytes: flips, cuts, tokens, repetitions and exchanged parts."""
    for _ in range(draw(st.integers(1, 4))):
        start, size = draw(st.integers(0, len(data))), draw(st.integers(0, 64))
        part = data[start : start + size]
        match draw(st.sampled_from(("flip", "cut", "end", "insert", "repeat", "move"))):
            case "flip":
                part = bytes(byte ^ draw(st.integers(1, 255)) for byte in part[:2]) + part[2:]
            case "cut":
                part = b""
            case "end":
                data, part = data[: start + size], part
            case "insert":
                part = draw(st.sampled_from(TOKENS)) * draw(st.sampled_from((1, 1, 2, 50, 3000))) + part
            case "repeat":
                part *= draw(st.sampled_from((2, 30, 1000)))
            case "move":
                part = data[draw(st.integers(0, len(data))) :][:size]
        data = data[:start] + part + data[start + size :]
    return data


@st.composite
def damaged(draw: st.DrawFn, suffix: str) -> bytes:
    """Draw a damaged file. In an archive either a member or the archive itself is damaged."""
    data = draw(st.sampled_from(seeds(suffix)))
    if suffix not in (".docx", ".epub", ".odt", ".ods", ".xlsx", ".zip") or draw(st.integers(0, 2)) == 0:
        return draw(changed(data))
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w") as new:
        names = [name for name in old.namelist() if name.endswith((".xml", ".rels", ".opf", ".xhtml", ".txt", ".html"))]
        chosen = draw(st.sampled_from(names))
        for name in old.namelist():
            new.writestr(name, draw(changed(old.read(name))) if name == chosen else old.read(name))
    return file.getvalue()


def check(reader: ReaderProcess, path: Path) -> None:
    started = time.process_time()
    for item in reader.read(path, ReadOptions()):
        assert isinstance(item, Extract | Failure)
        assert isinstance(item, Extract) or not HARM.search(item.reason), item.reason
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize("suffix", FORMATS)
def test_no_damaged_file_harms(suffix: str, reader: ReaderProcess) -> None:
    folder = TemporaryDirectory()
    path = Path(folder.name) / f"a{suffix}"

    @given(damaged(suffix))
    @settings(max_examples=INPUTS // SLOW.get(suffix, 1), database=None, suppress_health_check=list(HealthCheck))
    def run(data: bytes) -> None:
        path.write_bytes(data)
        check(reader, path)

    found = format_of(path)
    is_apart = found is not None and found.apart  # Hypothesis itself takes gigabytes for thousands of inputs
    before = peak(is_apart)
    with folder:
        run()
    assert peak(is_apart) - before < MEMORY  # tests that ran before in this process have a peak of their own


@given(damaged(".csv"))
@settings(max_examples=INPUTS, database=None, suppress_health_check=list(HealthCheck))
def test_no_damaged_metadata_table_harms(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "metadata.csv"
        path.write_bytes(data)
        with suppress(UnreadableError):
            table = MetadataTable(path)
            assert table.describe("a", "a", None) is not None


def peak(is_apart: bool) -> int:
    """Return the peak of memory of the children of this process or its own in bytes, where the system tells it."""
    if sys.platform == "win32":
        return 0
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_CHILDREN if is_apart else resource.RUSAGE_SELF).ru_maxrss
