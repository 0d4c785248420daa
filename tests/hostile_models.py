"""Models that a stranger could send, made at random, and what reading one may do: return a model or a ModelError.

The tests try a few. `python -m hostile_models KIND N` in this folder tries N of one kind, for as long as one likes.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import random
import resource
import shutil
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from polyseme.indexer.elmo.formats.allennlp import read_allennlp, write_allennlp
from polyseme.indexer.elmo.formats.model_folder import read_model, read_output_layer
from polyseme.indexer.elmo.formats.tagger_file import read_tagger, tagger_to_tensors
from polyseme.indexer.elmo.hub.files import module_digest, module_folder
from polyseme.indexer.elmo.model import check_weights
from polyseme.indexer.errors import ModelError
from safetensors.numpy import save_file
from taggers import tagger_for

MAX_SECONDS = 20.0
MAX_BYTES = 2 << 30
TINY = Path(__file__).parent / "fixtures" / "tiny_elmo"

_sizes = st.one_of(st.integers(-2, 40), st.sampled_from([2**31, 2**40, 2**63, 10**7, 10**30]))
_odd = st.one_of(
    st.none(),
    st.booleans(),
    _sizes,
    st.sampled_from([0.5, -1.0, 1e308, float("nan"), float("inf"), "", "x" * 3000, "relu", "tanh", "9" * 5000]),
    st.lists(_sizes, max_size=4),
    st.lists(st.lists(_sizes, max_size=3), max_size=4),
    st.recursive(st.none(), lambda inner: st.lists(inner, max_size=2), max_leaves=8),
)
_types = st.sampled_from(["F32", "F16", "F64", "I8", "I64", "BOOL", "BF16", "F8_E4M3", "U64", "C64", "", None, 7])
_entries = st.one_of(
    st.fixed_dictionaries(
        {"dtype": _types, "shape": st.lists(_sizes, max_size=4), "data_offsets": st.lists(_sizes, max_size=3)}
    ),
    _odd,
)


def survives(read: Callable[[], object]) -> None:
    """Run a reader. It returns or raises ModelError with one line, within the limits of time and memory."""
    before, held = time.process_time(), peak()
    try:
        read()
    except ModelError as error:
        message = str(error)
        assert "\n" not in message
        assert len(message) <= 600, message  # the paths of the tests are long
    assert time.process_time() - before < MAX_SECONDS
    assert peak() - held < MAX_BYTES  # what ran before in this process has a peak of its own


def peak() -> int:
    """Return the peak of memory of this process in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def runs(examples: int, strategy: st.SearchStrategy[Any], attempt: Callable[[Path, Any], None]) -> None:
    """Make `examples` of a strategy and try each in a folder of its own."""

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @seed(random.randrange(2**32) if examples > 1000 else 17)
    @given(strategy)
    def each(value: Any) -> None:
        with tempfile.TemporaryDirectory() as folder:
            attempt(Path(folder), value)

    each()


def copied(folder: Path) -> Path:
    """Return a copy of the tiny model without its checksums, which would refuse every change."""
    target = Path(shutil.copytree(TINY, folder / "model"))
    (target / "SHA256SUMS").unlink()
    return target


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return JSON with another value at a path."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(copy[path[0]], path[1:], new)
    return copy


def paths(value: Any) -> list[tuple[Any, ...]]:
    """Return the paths of all values of a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(), *((key, *rest) for key, child in inner for rest in paths(child))]


def try_config(examples: int) -> None:
    """Change a value of `config.json` or `options.json`."""
    config = json.loads((TINY / "config.json").read_text(encoding="utf-8"))

    def attempt(folder: Path, change: tuple[tuple[Any, ...], Any]) -> None:
        model = copied(folder)
        (model / "config.json").write_text(json.dumps(changed(config, *change)), encoding="utf-8")
        survives(lambda: read_model(model))

    runs(examples, st.tuples(st.sampled_from(paths(config)), _odd), attempt)


def try_options(examples: int) -> None:
    """Change a value of AllenNLP's `options.json`."""
    with tempfile.TemporaryDirectory() as place:
        pair = Path(place, "pair")
        write_allennlp(pair, read_model(TINY))
        options = json.loads((pair / "options.json").read_text(encoding="utf-8"))

        def attempt(_: Path, change: tuple[tuple[Any, ...], Any]) -> None:
            (pair / "options.json").write_text(json.dumps(changed(options, *change)), encoding="utf-8")
            survives(lambda: read_allennlp(pair))

        runs(examples, st.tuples(st.sampled_from(paths(options)), _odd), attempt)


def try_tensors(examples: int) -> None:
    """Change an entry of the header of a safetensors file, or its length, or its bytes."""
    whole = {name: (TINY / name).read_bytes() for name in ("weights.safetensors", "softmax.safetensors")}
    whole["sense_space.safetensors"] = (TINY / "sense_space.safetensors").read_bytes()

    def attempt(folder: Path, value: tuple[str, int, Any, int, bytes]) -> None:
        name, number, entry, length, tail = value
        content = whole[name]
        size = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + size])
        keys = sorted(header)
        header[keys[number % len(keys)]] = entry
        text = json.dumps(header).encode()
        model = copied(folder)
        (model / name).write_bytes((len(text) + length).to_bytes(8, "little") + text + content[8 + size :] + tail)
        survives(lambda: (read_model(model), read_output_layer(model)))

    lengths = st.one_of(st.just(0), st.integers(0, 9), st.sampled_from([10**6, 10**9, 2**62]))
    runs(
        examples,
        st.tuples(st.sampled_from(sorted(whole)), _sizes.filter(abs), _entries, lengths, st.binary(max_size=9)),
        attempt,
    )


def try_tagger(examples: int) -> None:
    """Replace tensors of a tagger, and tag a sentence if it is read."""
    model = read_model(TINY)
    whole = dict(tagger_to_tensors(tagger_for(model)))
    states = np.ones((3, 2, model.config.dim), np.float32)

    def attempt(folder: Path, changes: list[tuple[str, Any]]) -> None:
        path = folder / "tagger.safetensors"
        save_file(whole | dict(changes), path)

        def read() -> None:
            tagger = check_weights(replace(model, tagger=read_tagger(path)), "it").tagger
            with np.errstate(all="ignore"):
                assert tagger
                for found in tagger.tags([states], [["a", "bank"]]):
                    assert (found.upos < len(tagger.tagset.upos)).all()
                    assert (found.xpos < len(tagger.tagset.xpos)).all()

        survives(read)

    sizes = st.sampled_from([0, 1, 2, 3, 4, 5, 6, 7, 11, 15, 20, 255])
    kinds = st.sampled_from([np.float16, np.float32, np.float64, np.uint8, np.int64])
    values = st.sampled_from([0, 1, 2, -1, 3e38, np.inf, np.nan])

    def array(shape: list[int], kind: Any, value: float) -> Any:
        with np.errstate(all="ignore"):
            return np.full(shape, value).astype(kind)

    arrays = st.builds(array, st.lists(sizes, max_size=3), kinds, values)
    texts = st.text("aB\n\t1_\x1b\u00e9", max_size=12).map(lambda text: np.frombuffer(text.encode(), np.uint8))
    runs(examples, st.lists(st.tuples(st.sampled_from(sorted(whole)), st.one_of(arrays, texts)), max_size=3), attempt)


def try_hdf5(examples: int) -> None:
    """Flip bytes of an HDF5 file, or replace a dataset by one with another type, shape, chunk, filter or link."""
    with tempfile.TemporaryDirectory() as place:
        pair = Path(place, "pair")
        write_allennlp(pair, read_model(TINY))
        whole = (pair / "weights.hdf5").read_bytes()

        def attempt(_: Path, value: tuple[Any, list[tuple[int, int]]]) -> None:
            dataset, flips = value
            (pair / "weights.hdf5").write_bytes(whole)
            if dataset is not None:
                with (
                    contextlib.suppress(Exception),
                    h5py.File(pair / "weights.hdf5", "r+") as file,
                ):
                    del file["char_embed"]
                    shape, kind, options = dataset
                    file.create_dataset("char_embed", shape, kind, **options)
            content = bytearray((pair / "weights.hdf5").read_bytes())
            for offset, byte in flips:
                content[offset % len(content)] = byte
            (pair / "weights.hdf5").write_bytes(content)
            survives(lambda: read_allennlp(pair))

        shapes = st.sampled_from([(261, 4), (262, 4), (10**6, 10**6), (1,), (), (261, 4, 1), (0, 4)])
        options = st.sampled_from(
            [{}, {"compression": "gzip"}, {"compression": "lzf"}, {"chunks": True}, {"fillvalue": 1}]
        )
        kinds = st.sampled_from(["f4", "f2", "f8", ">f4", "i4", "?", "c8", "S5", "f4,f4"])
        flips = st.lists(st.tuples(st.integers(0, 4096), st.integers(0, 255)), max_size=4)
        runs(examples, st.tuples(st.none() | st.tuples(shapes, kinds, options), flips), attempt)


def try_archive(examples: int) -> None:
    """Make an archive with odd names, types and sizes, cut or changed anywhere."""

    def attempt(folder: Path, value: tuple[list[tuple[str, bytes, int]], list[tuple[int, int]], int]) -> None:
        members, flips, kept = value
        plain = io.BytesIO()
        with contextlib.suppress(ValueError, OverflowError), tarfile.open(fileobj=plain, mode="w") as tar:
            for name, kind, size in members:
                member = tarfile.TarInfo(name)
                member.type, member.size, member.linkname = kind, size, "/etc/passwd"
                with contextlib.suppress(OSError):
                    tar.addfile(member, io.BytesIO(bytes(min(size, 1 << 16))))
        content = bytearray(plain.getvalue())
        for offset, byte in flips:
            if content:
                content[offset % len(content)] = byte
        packed = gzip.compress(bytes(content), 1)
        path = folder / "module.tar.gz"
        path.write_bytes(packed[: len(packed) * kept // 100] if kept < 100 else packed)

        def read() -> None:
            with module_folder(str(path)) as found:
                module_digest(found)

        survives(read)
        assert {one.name for one in folder.iterdir()} == {"module.tar.gz"}

    names = st.sampled_from(
        [
            "saved_model.pb",
            "variables/variables.index",
            "../outside",
            "/tmp/outside",
            "a\\b",
            "C:x",
            "a//b",
            ".",
            "é" * 99,
        ]
    )
    types = st.sampled_from(
        [tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE]
    )
    members = st.lists(st.tuples(names, types, st.sampled_from([0, 5, 600, 2**33, 2**50])), max_size=5)
    flips = st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=4)
    runs(examples, st.tuples(members, flips, st.sampled_from([100, 100, 99, 50, 3])), attempt)


KINDS: dict[str, Callable[[int], None]] = {
    "config": try_config,
    "options": try_options,
    "tensors": try_tensors,
    "tagger": try_tagger,
    "hdf5": try_hdf5,
    "archive": try_archive,
}

if __name__ == "__main__":
    _, kind, count = sys.argv
    KINDS[kind](int(count))
    print(f"{kind}: {count} models, peak {peak() // 2**20} MiB")
