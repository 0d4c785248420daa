"""Models from strangers are data: each trap is refused in one line, before it takes memory, time or another file."""

import io
import json
import os
import tarfile
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hostile_models import KINDS, changed, copied
from polyseme.indexer.elmo import load_encoder
from polyseme.indexer.elmo.config import BiLMConfig, config_from_json
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.formats.allennlp import read_allennlp, write_allennlp
from polyseme.indexer.elmo.formats.model_folder import read_card, read_model, read_output_layer, verify_model
from polyseme.indexer.elmo.hub.files import module_folder
from polyseme.indexer.elmo.model import Model, check_weights
from polyseme.indexer.elmo.sense_space import Expected
from polyseme.indexer.errors import ModelError
from safetensors.numpy import load_file, save_file

MEBIBYTE = 1 << 20


def refused(read: Callable[[], object], memory: int = 64 * MEBIBYTE) -> str:
    """Return the message of a refusal that has taken little memory."""
    tracemalloc.start()
    try:
        with pytest.raises(ModelError) as caught:
            read()
        assert tracemalloc.get_traced_memory()[1] < memory
    finally:
        tracemalloc.stop()
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a model folder without checksums."""
    return copied(tmp_path)


@pytest.fixture
def pair(tmp_path: Path, tiny_model: Model) -> Path:
    write_allennlp(tmp_path / "pair", tiny_model)
    return tmp_path / "pair"


@pytest.mark.parametrize("kind", KINDS)
def test_random_models_end_in_a_model_or_in_one_line(kind: str) -> None:
    KINDS[kind](int(os.environ.get("POLYSEME_FUZZ", "30")))


# config.json and options.json


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("lstm", "n_layers"), 10**7, "up to 64 layers"),
        (("lstm", "cell"), 10**9, "up to 64 layers of up to 16,384"),
        (("character_cnn", "n_highway"), 10**6, "up to 64 layers"),
        (("character_cnn", "filters"), [[1, 4]] * 1000, "up to 64 layers"),
        (("character_cnn", "filters"), [[10**5, 4]], "up to 64 layers of up to 16,384"),
        (("character_cnn", "max_characters"), 10**9, "more than any word needs"),
        (("lstm", "cell_clip"), -1, "a number above 0"),
        (("lstm", "cell_clip"), "nan", "a number above 0"),
        (("lstm", "projection"), 1e308, "up to 64 layers"),
        (("character_cnn", "activation"), "x" * 10**4, "has a wrong value"),
    ],
)
def test_senseless_sizes_are_refused_before_memory_is_asked_for(
    path: tuple[str, str], value: Any, message: str, folder: Path
) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(changed(config, path, value)), encoding="utf-8")
    found = refused(lambda: read_model(folder))
    assert message in found
    assert len(found) < 400


def test_configuration_of_more_weights_than_any_model_has_is_refused() -> None:
    with pytest.raises(ModelError, match=r"asks for .* weights, more than"):
        BiLMConfig(char_dim=16, filters=((1, 32),), n_highway=0, cell=16384, projection=8192, n_lstm=60)


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"a":' * 100_000, '{"format": NaN}', '{"format": 1e999, "a": Infinity}', "9" * 5000, '"\ud800"'],
)
def test_odd_json_is_refused(text: str, folder: Path, pair: Path) -> None:
    for model, name in ((folder, "config.json"), (pair, "options.json")):
        (model / name).write_bytes(text.encode("utf-8", "surrogatepass"))
        assert name in refused(lambda model=model: load_encoder(model))  # type: ignore[misc]


def test_infinite_size_is_refused() -> None:
    with pytest.raises(ModelError, match="wrong value"):
        config_from_json(
            {"format": 1, "character_cnn": {"dim": float("inf"), "filters": []}, "lstm": {}, "normalise": []}, "it"
        )


@pytest.mark.parametrize("name", ["config.json", "vocab.txt", "SHA256SUMS"])
def test_endless_files_are_refused(name: str, folder: Path) -> None:
    (folder / name).unlink(missing_ok=True)
    with (folder / name).open("wb") as stream:
        stream.truncate(1 << 34)  # 16 GiB without a byte on the disk
    assert name in refused(lambda: verify_model(folder) if name == "SHA256SUMS" else read_model(folder), 80 * MEBIBYTE)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes")
@pytest.mark.parametrize("name", ["config.json", "weights.safetensors", "vocab.txt", "sense_space.safetensors"])
def test_pipes_and_devices_do_not_block(name: str, folder: Path) -> None:
    (folder / name).unlink()
    os.mkfifo(folder / name)
    if name == "sense_space.safetensors":
        read_model(folder)  # as if the file were not there
    else:
        assert name in refused(lambda: read_model(folder))
    (folder / name).unlink()
    (folder / name).symlink_to("/dev/zero")
    if name != "sense_space.safetensors":
        assert name in refused(lambda: read_model(folder))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes")
def test_card_that_is_a_pipe_does_not_block(folder: Path) -> None:
    (folder / "MODEL_CARD.md").unlink()
    os.mkfifo(folder / "MODEL_CARD.md")
    assert "not a plain file" in refused(lambda: read_card(folder))


def test_checksums_of_other_places_are_not_computed(folder: Path) -> None:
    (folder / "SHA256SUMS").write_text(f"{'0' * 64}  ../../../../etc/passwd\n", encoding="utf-8")
    assert "'../../../../etc/passwd', which SHA256SUMS lists, is missing" in refused(lambda: verify_model(folder))


# safetensors


def with_header(content: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    change(header)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + content[8 + size :]


def test_header_longer_than_its_file_is_refused(folder: Path) -> None:
    (folder / "weights.safetensors").write_bytes((1 << 62).to_bytes(8, "little") + b"{}")
    assert "its header has 4,611,686,018,427,387,904 bytes" in refused(lambda: read_model(folder))


def test_ten_million_tensors_are_refused(folder: Path) -> None:
    entry = b'"%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},'
    text = b"{" + b"".join(entry % n for n in range(300_000)) + b'"z":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'
    (folder / "weights.safetensors").write_bytes(len(text).to_bytes(8, "little") + text)
    del text
    assert "more than the file or than 1,048,576" in refused(lambda: read_model(folder), 4 * MEBIBYTE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda header: header["mix.gamma"].update(dtype="BOOL"), "of type 'BOOL'"),
        (lambda header: header["mix.gamma"].update(dtype="F8_E4M3"), "of type 'F8_E4M3'"),
        (lambda header: header["mix.gamma"].update(dtype="I32"), "of type 'I32'"),
        (lambda header: header["mix.gamma"].update(shape=[2**40, 2**20]), "do not fit its shape"),
        (lambda header: header["mix.gamma"].update(shape=[-1]), "has the sizes"),
        (lambda header: header["mix.gamma"].update(shape=[True]), "has the sizes"),
        (lambda header: header["mix.gamma"].update(data_offsets=[0, 4]), "does not begin where"),
        (
            lambda header: header.update(more={"dtype": "F32", "shape": [1], "data_offsets": [2**40, 2**40 + 4]}),
            "begin",
        ),
        (lambda header: header.pop("projection.bias"), "does not begin where"),
        (lambda header: header.update(more=7), "is not that of a tensor"),
        (lambda header: header.update({f"e{n}": header["mix.gamma"] for n in range(5000)}), "more than 4096"),
    ],
)
def test_headers_that_lie_are_refused(change: Callable[[dict[str, Any]], object], message: str, folder: Path) -> None:
    path = folder / "weights.safetensors"
    path.write_bytes(with_header(path.read_bytes(), change))
    assert message in refused(lambda: read_model(folder))


def test_key_that_a_header_has_twice_is_refused(folder: Path) -> None:
    entry = b'"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'
    text = b"{" + entry + b"," + entry + b"}"
    (folder / "weights.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + bytes(4))
    assert "a key twice" in refused(lambda: read_model(folder))


def test_tensors_of_another_shape_are_refused_before_they_are_read(folder: Path) -> None:
    weights = load_file(folder / "weights.safetensors")
    save_file(weights | {"projection.bias": np.zeros(30_000_000, np.float32)}, folder / "weights.safetensors")
    assert "projection.bias has shape (30000000,)" in refused(lambda: read_model(folder), 8 * MEBIBYTE)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("map", np.nan, "'map' holds values that are not numbers"),
        ("shift", np.inf, "'shift' holds values that are not numbers"),
        ("rarity", 0, "its window or rarity is 0"),
        ("window", 10**9, "its window or rarity is 1000000000"),
        ("total", -1, "counts below 0"),
        ("counts", -5, "counts below 0"),
        ("blocks", 9, "a block of the kind 9"),
        ("blocks", -1, "a block of the kind -1"),
    ],
)
def test_sense_space_with_senseless_values_is_refused(name: str, value: float, message: str, folder: Path) -> None:
    path = folder / "sense_space.safetensors"
    tensors = dict(load_file(path))
    tensors[name] = np.full_like(tensors[name], value)
    save_file(tensors, path)
    assert message in refused(lambda: read_model(folder))


def test_sense_space_with_groups_of_different_lengths_is_refused(tiny_model: Model) -> None:
    assert tiny_model.sense_space is not None
    groups = np.zeros((3, tiny_model.config.projection), np.float32)
    for keys, bias, values in ((groups, 4, groups), (groups, 3, groups[:2]), (groups[:, :2], 3, groups)):
        expected = Expected(keys, np.zeros(bias, np.float32), values)
        space = replace(tiny_model.sense_space, blocks=replace(tiny_model.sense_space.blocks, expected=expected))
        with pytest.raises(ModelError, match="for a model of another size"):
            check_weights(replace(tiny_model, sense_space=space), "it")


@pytest.mark.parametrize("name", ["weights", "bias", "counts", "total"])
def test_output_layer_of_another_shape_is_refused(name: str, folder: Path) -> None:
    path = folder / "softmax.safetensors"
    tensors = load_file(path) | {"counts": np.ones(5, np.int64), "total": np.asarray(9)}
    save_file(tensors, path)
    assert read_output_layer(folder) is not None
    save_file(tensors | {name: np.zeros((2, 2, 2), tensors[name].dtype)}, path)
    assert "does not fit vocab.txt and config.json" in refused(lambda: read_output_layer(folder))
    if name in ("weights", "bias"):
        save_file(tensors | {name: np.full_like(tensors[name], np.nan)}, path)
        assert "values that are not numbers" in refused(lambda: read_output_layer(folder))


def test_weights_that_overflow_are_reported_at_the_first_sentence(tiny_model: Model) -> None:
    huge = {name: np.full_like(array, 3e38) for name, array in tiny_model.weights.items() if "projection" in name}
    encoder = ElmoEncoder(replace(tiny_model, weights={**tiny_model.weights, **huge}), "huge")
    with np.errstate(all="ignore"), pytest.raises(ModelError, match="huge turns a sentence into values that are not"):
        encoder.represent([["the", "bank"]])


# HDF5


def replaced(pair: Path, make: Callable[[h5py.File], object], name: str = "char_embed") -> str:
    """Return the refusal of a pair whose dataset was replaced."""
    with h5py.File(pair / "weights.hdf5", "r+") as file:
        del file[name]
        make(file)
    return refused(lambda: read_allennlp(pair))


def test_links_of_hdf5_are_not_followed(pair: Path, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.hdf5", "w") as other:
        other["char_embed"] = np.zeros((261, 4), np.float32)
    external, soft = h5py.ExternalLink(str(tmp_path / "other.hdf5"), "char_embed"), h5py.SoftLink("/CNN/W_cnn_0")
    for link in (external, soft):
        with h5py.File(pair / "weights.hdf5", "r+") as file:
            del file["CNN_proj/W_proj"]
            file["CNN_proj/W_proj"] = link
        assert "CNN_proj/W_proj is a link to another place" in refused(lambda: read_allennlp(pair))
    assert "no HDF5 file with char_embed" in replaced(pair, lambda file: file.update({"char_embed": external}))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes")
def test_link_of_hdf5_to_a_pipe_does_not_block(pair: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    link = h5py.ExternalLink(str(tmp_path / "pipe"), "x")
    assert "no HDF5 file with char_embed" in replaced(pair, lambda file: file.update({"char_embed": link}))


def test_numbers_from_other_files_are_refused(pair: Path, tmp_path: Path) -> None:
    (tmp_path / "raw").write_bytes(bytes(range(256)) * 100)
    external = [(str(tmp_path / "raw"), 0, 261 * 4 * 4)]
    shape = (261, 4)
    assert "takes its numbers from other files" in replaced(
        pair, lambda file: file.create_dataset("char_embed", shape, "f4", external=external)
    )
    layout = h5py.VirtualLayout(shape, "f4")
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.hdf5"), "x", shape)
    assert "takes its numbers from other files" in replaced(
        pair, lambda file: file.create_virtual_dataset("char_embed", layout)
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shape": (261, 4), "dtype": "i4"}, "of type 'int32', not of floats"),
        ({"shape": (261, 4), "dtype": "c8"}, "not of floats"),
        ({"shape": (261, 4), "dtype": h5py.string_dtype()}, "not of floats"),
        ({"shape": (10**7, 10**7), "dtype": "f4", "chunks": (10, 10)}, "has shape (10000000, 10000000)"),
        ({"shape": (261, 4), "dtype": "f4", "compression": "lzf"}, "packed by a filter"),
        ({"shape": (261, 4), "dtype": "f4", "scaleoffset": 3}, "packed by a filter"),
        ({"shape": (261, 4), "dtype": "f4"}, "declares 4,176 bytes and stores 0"),
        ({"shape": (261, 4), "dtype": "f4", "maxshape": (None, None), "chunks": (1 << 12, 1 << 12)}, "has chunks of"),
    ],
)
def test_datasets_that_no_model_needs_are_refused(options: dict[str, Any], message: str, pair: Path) -> None:
    assert message in replaced(pair, lambda file: file.create_dataset("char_embed", **options))


def test_chunk_that_unpacks_to_far_more_than_it_declares_is_refused(pair: Path) -> None:
    bomb = zlib.compress(bytes(8 * MEBIBYTE), 9)

    def make(file: h5py.File) -> None:
        made = file.create_dataset("char_embed", (261, 4), "f4", chunks=(261, 4), compression="gzip")
        made.id.write_direct_chunk((0, 0), bomb)

    assert "unpacks to more than its 4,176 bytes" in replaced(pair, make)


def test_packed_dataset_of_an_honest_file_is_read(pair: Path, tiny_model: Model) -> None:
    with h5py.File(pair / "weights.hdf5", "r+") as file:
        values = file["char_embed"][()]
        del file["char_embed"]
        options = {"compression": "gzip", "shuffle": True, "fletcher32": True, "chunks": (100, 3)}
        file.create_dataset("char_embed", data=values, **options)
    assert np.array_equal(
        read_allennlp(pair).weights["characters.embedding"], tiny_model.weights["characters.embedding"]
    )


def test_zip_that_unpacks_to_gigabytes_is_refused(pair: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(pair / "options.json", "options.json")
        with archive.open("weights.hdf5", "w", force_zip64=True) as member:
            for _ in range(300):
                member.write(bytes(MEBIBYTE))
    assert "far more than a model has" in refused(lambda: read_allennlp(tmp_path / "bomb.zip"), 8 * MEBIBYTE)
    with zipfile.ZipFile(tmp_path / "slow.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.write(pair / "options.json", "options.json")
        archive.write(pair / "weights.hdf5", "weights.hdf5")
    assert "packed as no model is" in refused(lambda: read_allennlp(tmp_path / "slow.zip"))


# Archives of modules


def archive_of(path: Path, members: dict[str, int], packed: bool = True) -> Path:
    """Write an archive of zeros: name -> number of bytes."""
    with tarfile.open(path, "w:gz" if packed else "w") as tar:
        for name, size in members.items():
            member = tarfile.TarInfo(name)
            member.size = size
            tar.addfile(member, io.BytesIO(bytes(size)))
    return path


def unpack(path: Path) -> None:
    with module_folder(str(path)):
        pass


def test_archive_that_unpacks_to_gigabytes_is_refused_early(tmp_path: Path) -> None:
    bomb = archive_of(tmp_path / "bomb.tar.gz", {"saved_model.pb": 5, "variables/x": 256 * MEBIBYTE})
    assert bomb.stat().st_size < MEBIBYTE
    assert "do not trust this archive" in refused(lambda: unpack(bomb), 8 * MEBIBYTE)


def test_archive_of_too_many_files_is_refused(tmp_path: Path) -> None:
    many = archive_of(tmp_path / "many.tar.gz", {f"assets/{n}": 0 for n in range(1500)})
    assert "far more files or bytes" in refused(lambda: unpack(many))


def test_header_of_an_archive_does_not_take_memory(tmp_path: Path) -> None:
    import gzip

    member = tarfile.TarInfo("x")
    member.type, member.size = tarfile.XHDTYPE, 256 * MEBIBYTE
    with gzip.open(tmp_path / "header.tar.gz", "wb", compresslevel=1) as stream:
        stream.write(member.tobuf(tarfile.PAX_FORMAT))
        for _ in range(256):
            stream.write(bytes(MEBIBYTE))
    assert "do not trust this archive" in refused(lambda: unpack(tmp_path / "header.tar.gz"))


def test_sparse_member_is_refused(tmp_path: Path) -> None:
    member = tarfile.TarInfo("saved_model.pb")
    member.type, member.size = tarfile.GNUTYPE_SPARSE, 0
    block = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    block[386:410] = b"%011o\0%011o\0" % (0, 0)
    block[483:495] = b"%011o\0" % (8 << 30)  # the size that it claims
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block[:512])
    (tmp_path / "sparse.tar").write_bytes(bytes(block) + bytes(1024))
    assert "do not trust this archive" in refused(lambda: unpack(tmp_path / "sparse.tar"))


@pytest.mark.parametrize("name", ["C:outside", "a\\..\\outside", "../outside", "/outside"])
def test_names_that_leave_the_folder_on_any_system_are_refused(name: str, tmp_path: Path) -> None:
    assert "which no module needs" in refused(lambda: unpack(archive_of(tmp_path / "odd.tar.gz", {name: 3})))


def test_file_that_an_archive_has_twice_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "twice.tar", "w") as tar:
        for content in (b"good", b"evil"):
            member = tarfile.TarInfo("saved_model.pb")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    assert "cannot be unpacked" in refused(lambda: unpack(tmp_path / "twice.tar"))


def test_plain_archive_of_an_honest_module_is_unpacked(tmp_path: Path) -> None:
    honest = archive_of(tmp_path / "honest.tar", {"saved_model.pb": 5, "variables/x": 40 * MEBIBYTE}, packed=False)
    with module_folder(str(honest)) as found:
        assert (found / "variables" / "x").stat().st_size == 40 * MEBIBYTE
