r"""Run AllenNLP's ELMo in another Python: `python -m benchmarks.encode.speed --allennlp PYTHON`.

AllenNLP requires versions of PyTorch that do not exist for Python 3.11. Its ELMo also runs with newer versions if it is
installed without its requirements, in an environment of its own:

    python -m venv APART
    APART/bin/pip install torch torchvision h5py numpy overrides requests tqdm filelock boto3 nltk dill base58 jsonnet \
        spacy cached_path lmdb more_itertools fairscale "transformers<4.46" "huggingface_hub<0.26"
    APART/bin/pip install --no-deps allennlp==2.10.1

That Python runs this file as a script. It needs no other file of the project. The file must not be called
`allennlp.py`, which would hide the library.
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

BATCH = 64
"""Number of sentences in a batch of AllenNLP and of the module."""


class AllenNLP:
    """A process of another Python that encodes the same sentences on request."""

    def __init__(self, python: Path, model: Model, sentences: Sequence[list[str]], folder: Path) -> None:
        """Start the process. It encodes the sentences in the given order and exchanges files through `folder`."""
        from polyseme.indexer.elmo.formats.allennlp import write_allennlp

        write_allennlp(folder / "pair", model)
        (folder / "sentences.json").write_text(json.dumps(list(sentences)), encoding="utf-8")
        command = [str(python), "-W", "ignore", str(Path(__file__).resolve()), str(folder)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._folder, self._count = folder, len(sentences)
        self.cpu_seconds()  # the first call loads the weights and is not measured

    def cpu_seconds(self) -> float:
        """Encode the sentences again and return the CPU seconds."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("again\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the other Python ended; run its command by hand to see why: see allennlp_peer.py")
        return float(answer)

    def layers(self) -> list[npt.NDArray[np.float32]]:
        """Return the layers of each sentence: (n_layers, t, dim)."""
        with np.load(self._folder / "layers.npz") as arrays:
            return [arrays[str(row)] for row in range(self._count)]

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


def _their_elmo(pair: Path) -> tuple[Any, Any]:
    """Load AllenNLP's network from a pair of files. Return it and its function from sentences to character ids."""
    from allennlp.modules.elmo import _ElmoBiLm, batch_to_ids

    (options,), (weights,) = pair.glob("*.json"), pair.glob("*.hdf5")
    return _ElmoBiLm(str(options), str(weights)).eval(), batch_to_ids


def answer_on_demand(folder: Path) -> None:
    """Encode all sentences for each line on stdin, and print the CPU seconds."""
    import torch

    sentences = json.loads((folder / "sentences.json").read_text(encoding="utf-8"))
    network, ids = _their_elmo(folder / "pair")
    kept: dict[str, npt.NDArray[np.float32]] = {}
    for _ in sys.stdin:
        began = time.process_time()
        found = []
        with torch.no_grad():
            for start in range(0, len(sentences), BATCH):
                network._elmo_lstm.reset_states()  # otherwise a batch would continue from the state of the last one
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
