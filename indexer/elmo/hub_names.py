"""Names of weights: bilm-tf's variables, as `google/elmo` has them, and ours (`config.tensor_shapes`). Pure."""

import re

_DIRECTIONS = {"0": "forward", "1": "backward"}
_CONV = re.compile(r"CNN/(W|b)_cnn_(\d+)$")
_HIGHWAY = re.compile(r"CNN_high_(\d+)/(W|b)_(carry|transform)$")
_LSTM = re.compile(r"RNN_([01])/.*cell_?(\d+)/(?:.*?/)?(projection/kernel|kernel|bias|W_P_0|W_0|B)$", re.IGNORECASE)
_KINDS = {"W": "kernel", "b": "bias"}
_LSTM_KINDS = {"projection/kernel": "projection", "w_p_0": "projection", "w_0": "kernel", "b": "bias"}
_PLAIN = {
    "char_embed": "characters.embedding",
    "CNN_proj/W_proj": "projection.kernel",
    "CNN_proj/b_proj": "projection.bias",
    "aggregation/weights": "mix.weights",
    "aggregation/scaling": "mix.gamma",
}


def our_name(variable: str) -> str | None:
    """Our name (see `config.tensor_shapes`) for one of bilm-tf's variables; None for any other."""
    if match := _CONV.search(variable):
        return f"characters.conv.{int(match[2])}.{_KINDS[match[1]]}"
    if match := _HIGHWAY.search(variable):
        return f"highway.{int(match[1])}.{match[3]}.{_KINDS[match[2]]}"
    if match := _LSTM.search(variable):
        kind = match[3].lower()
        return f"{_DIRECTIONS[match[1]]}.{int(match[2])}.{_LSTM_KINDS.get(kind, kind)}"
    return next((ours for theirs, ours in _PLAIN.items() if f"/{variable}".endswith(f"/{theirs}")), None)


def their_name(name: str) -> str:
    """The name that `google/elmo` has for one of our weights; the inverse of `our_name`."""
    part, *rest = name.split(".")
    plain = {ours: theirs for theirs, ours in _PLAIN.items()}
    if name in plain:
        return plain[name] if part == "mix" else f"bilm/{plain[name]}"
    if part == "characters":
        return f"bilm/CNN/{'W' if rest[2] == 'kernel' else 'b'}_cnn_{rest[1]}"
    if part == "highway":
        return f"bilm/CNN_high_{rest[0]}/{'W' if rest[2] == 'kernel' else 'b'}_{rest[1]}"
    kind = "projection/kernel" if rest[1] == "projection" else rest[1]
    direction = next(number for number, direction in _DIRECTIONS.items() if direction == part)
    return f"bilm/RNN_{direction}/RNN/MultiRNNCell/Cell{rest[0]}/rnn/lstm_cell/{kind}"
