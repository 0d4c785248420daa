"""Configurations survive both file formats. An error names what cannot be understood."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.elmo.config import (
    Activation,
    BiLMConfig,
    Normalise,
    config_from_json,
    config_to_json,
    parse_json,
    read_config,
)
from polyseme.indexer.elmo.formats.allennlp import config_from_options, config_to_options
from polyseme.indexer.errors import ModelError

sizes = st.integers(1, 512)
clips = st.none() | st.floats(0.1, 10)
configs = st.builds(
    BiLMConfig,
    char_dim=sizes,
    filters=st.lists(st.tuples(st.integers(1, 7), sizes), min_size=1, max_size=7).map(tuple),
    n_highway=st.integers(0, 3),
    cell=sizes,
    projection=sizes,
    n_lstm=st.integers(1, 4),
    activation=st.sampled_from(Activation),
    skip=st.booleans(),
    cell_clip=clips,
    proj_clip=clips,
    max_characters=st.integers(7, 60),
    normalise=st.sampled_from([(), (Normalise.STRAIGHT_QUOTES,)]),
)

# The file that bilm-tf writes after training. The files of NLPL's models and of google/elmo differ in sizes only.
TRAINED = """{"bidirectional": true, "char_cnn": {"activation": "relu", "embedding": {"dim": 16},
"filters": [[1, 32], [2, 32], [3, 64], [4, 128], [5, 256], [6, 512], [7, 1024]], "max_characters_per_token": 50,
"n_characters": 261, "n_highway": 2}, "dropout": 0.1, "lstm": {"cell_clip": 3, "dim": 4096, "n_layers": 2,
"proj_clip": 3, "projection_dim": 512, "use_skip_connections": true}, "all_clip_norm_val": 10.0, "n_epochs": 10,
"n_train_tokens": 768648884, "batch_size": 128, "n_tokens_vocab": 793471, "unroll_steps": 20,
"n_negative_samples_batch": 8192}"""


@given(configs)
def test_config_json_round_trip(config: BiLMConfig) -> None:
    assert config_from_json(json.loads(json.dumps(config_to_json(config))), "here") == config


@given(configs)
def test_options_round_trip_loses_only_normalise(config: BiLMConfig) -> None:
    back = config_from_options(json.loads(json.dumps(config_to_options(config))), "here")
    assert back == replace(config, normalise=())


def test_options_of_a_finished_training_are_read() -> None:
    config = config_from_options(json.loads(TRAINED), "options.json")
    assert (config.n_layers, config.dim, config.n_filters, config.n_highway) == (3, 1024, 2048, 2)
    assert (config.cell, config.cell_clip, config.skip, config.normalise) == (4096, 3.0, True, ())


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"lstm": {"dim": 4, "projection_dim": 2, "n_layers": 1, "peepholes": True}}, "'peepholes'"),
        ({"surprise": 1}, "'surprise'"),
        ({"bidirectional": False}, "one direction"),
        ({"lstm": {"dim": 4, "projection_dim": 2}}, "'n_layers'"),
        ({"lstm": {"dim": "many", "projection_dim": 2, "n_layers": 1}}, "many"),
        ({"lstm": None}, "wrong value"),
    ],
)
def test_wrong_options_are_named_in_one_line(change: dict[str, Any], named: str) -> None:
    with pytest.raises(ModelError, match=named) as caught:
        config_from_options(json.loads(TRAINED) | change, "here/options.json")
    assert "here/options.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_newer_format_and_unknown_keys_are_refused(tiny_folder: Path) -> None:
    content = json.loads((tiny_folder / "config.json").read_text(encoding="utf-8"))
    with pytest.raises(ModelError, match="format 2, not 1; use a newer Polyseme"):
        config_from_json(content | {"format": 2}, "config.json")
    with pytest.raises(ModelError, match="unknown key 'colour'"):
        config_from_json(content | {"colour": "red"}, "config.json")
    with pytest.raises(ModelError, match="lacks the key 'lstm'"):
        config_from_json({key: value for key, value in content.items() if key != "lstm"}, "config.json")


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(ModelError, match="at least 1"):
        BiLMConfig(char_dim=4, filters=(), n_highway=0, cell=4, projection=2)
    with pytest.raises(ModelError, match="widest filter"):
        BiLMConfig(char_dim=4, filters=((9, 4),), n_highway=0, cell=4, projection=2, max_characters=8)


def test_broken_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json cannot be read"):
        read_config(tmp_path / "config.json")
    (tmp_path / "config.json").write_text('{"format": ', encoding="utf-8")
    with pytest.raises(ModelError, match=r"config\.json is not valid JSON"):
        read_config(tmp_path / "config.json")
    with pytest.raises(ModelError, match="does not hold a JSON object"):
        parse_json("[1]", "x")
