r"""AllenNLP's own ELMo beside ours, by another Python that has it: `encode.py --allennlp PYTHON`.

AllenNLP was last released for versions of PyTorch that Python 3.11 has no more. Its ELMo runs with newer ones where
packages are installed without what they require, apart from the project:

    python -m venv APART
    APART/bin/pip install torch torchvision h5py numpy overrides requests tqdm filelock boto3 nltk dill base58 jsonnet \
        spacy cached_path lmdb more_itertools fairscale "transformers<4.46" "huggingface_hub<0.26"
    APART/bin/pip install --no-deps allennlp==2.10.1

That Python runs this file, and needs nothing else of the project.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from polyseme.indexer.elmo.model import Model

BATCH = 64  # sentences of a batch of theirs and of the module


class AllenNLP:
    """A process of another Python that encodes the same sentences whenever it is asked to."""

    def __init__(self, python: Path, model: Model, sentences: Sequence[list[str]], folder: Path) -> None:
        """sentences: in the order in which they are to be read; folder: a place for what goes there and back."""
        from polyseme.indexer.elmo.formats.allennlp import write_allennlp

        write_allennlp(folder / "pair", model)
        (folder / "sentences.json").write_text(json.dumps(list(sentences)), encoding="utf-8")
        command = [str(python), "-W", "ignore", str(Path(__file__).resolve()), str(folder)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._folder, self._count = folder, len(sentences)
        self.cpu_seconds()  # what is loaded and made at first does not count

    def cpu_seconds(self) -> float:
        """Seconds of the processor that the sentences take once more."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("again\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the other Python ended; run it by itself to see why: see encode_allennlp.py")
        return float(answer)

    def layers(self) -> list[npt.NDArray[np.float32]]:
        """What it found for each sentence: (n_layers, t, dim)."""
        with np.load(self._folder / "layers.npz") as arrays:
            return [arrays[str(row)] for row in range(self._count)]

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


def _their_elmo(pair: Path) -> tuple[Any, Any]:
    """Their network with the weights of a pair of files, and what makes character ids of sentences."""
    from allennlp.modules.elmo import _ElmoBiLm, batch_to_ids

    (options,), (weights,) = pair.glob("*.json"), pair.glob("*.hdf5")
    return _ElmoBiLm(str(options), str(weights)).eval(), batch_to_ids


def answer_on_demand(folder: Path) -> None:
    """For each line read: encode all sentences, say how many seconds of the processor that took."""
    import torch

    sentences = json.loads((folder / "sentences.json").read_text(encoding="utf-8"))
    network, ids = _their_elmo(folder / "pair")
    kept: dict[str, npt.NDArray[np.float32]] = {}
    for _ in sys.stdin:
        began = time.process_time()
        found = []
        with torch.no_grad():
            for start in range(0, len(sentences), BATCH):
                network._elmo_lstm.reset_states()  # or a batch would go on where the one before it ended
                found.append(network(ids(sentences[start : start + BATCH]))["activations"])  # (b, t + 2, dim) each
        seconds = time.process_time() - began
        if not kept:
            for number, activations in enumerate(found):
                layers = np.stack([layer.numpy() for layer in activations])  # (n_layers, b, t + 2, dim)
                for row, sentence in enumerate(sentences[number * BATCH : (number + 1) * BATCH]):
                    kept[str(number * BATCH + row)] = layers[:, row, 1 : len(sentence) + 1]
            np.savez(folder / "layers.npz", **kept)  # type: ignore[arg-type]
        print(seconds, flush=True)


if __name__ == "__main__":
    answer_on_demand(Path(sys.argv[1]))
