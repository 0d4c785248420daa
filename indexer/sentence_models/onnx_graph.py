"""Read what an ONNX file asks for, before ONNX Runtime sees it. A file may come from a stranger.

The file is a protobuf message. Only the fields that matter here are followed (onnx.proto, version 1). A graph is a
program without files of its own, so weights in other files are refused. A graph without loops ends.
"""

from collections.abc import Iterator

from ..elmo.limits import shown

MAX_FIELDS = 4_000_000
"""Maximum number of fields that are followed in one file."""
MAX_DEPTH = 32
"""Maximum depth of messages that are inside each other."""
REFUSED = frozenset({"Loop", "Scan", "EPContext", "PyOp"})
"""Operators that may run for ever, or that read other files."""
BATCH_DEPENDENT = frozenset({"DynamicQuantizeLinear", "DynamicQuantizeMatMul", "DynamicQuantizeLSTM"})
"""Operators that scale by the greatest value of the whole batch."""

_MESSAGES = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_OPERATOR, _EXTERNAL_DATA, _DATA_LOCATION = 4, 13, 14


def operators(content: bytes) -> frozenset[str]:
    """Return the names of the operators in an ONNX file.

    Raises:
        ValueError: The file is damaged, has its weights in other files, or has a refused operator.
    """
    found: set[str] = set()
    pending: list[tuple[str, memoryview, int]] = [("model", memoryview(content), 0)]
    count, graphs = 0, 0
    while pending:
        kind, data, depth = pending.pop()
        graphs += kind == "graph"
        if depth > MAX_DEPTH:
            raise ValueError("its parts are nested too deeply")
        inner = _MESSAGES[kind]
        for number, value in _fields(data):
            count += 1
            if count > MAX_FIELDS:
                raise ValueError("it has too many parts")
            if kind == "tensor" and (number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value != 0)):
                raise ValueError("it has weights in another file; export it as one file")
            if not isinstance(value, memoryview):
                continue
            if kind == "node" and number == _OPERATOR:
                found.add(bytes(value[:100]).decode("utf-8", "replace"))
            elif number in inner:
                pending.append((inner[number], value, depth + 1))
    if not graphs:
        raise ValueError("it has no graph")
    if refused := sorted(found & REFUSED):
        raise ValueError(f"it has the operator {shown(refused[0])}, which no sentence model needs")
    return frozenset(found)


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield number and value of each field of a message: an integer, or the bytes of what has a length."""
    place, end = 0, len(data)
    while place < end:
        key, place = _varint(data, place)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, place = _varint(data, place)
            yield number, value
            continue
        if kind == 2:
            length, place = _varint(data, place)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise ValueError("it is not an ONNX file")
        if not number or length > end - place:
            raise ValueError("it is not an ONNX file, or it is cut short")
        yield number, data[place : place + length]
        place += length


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    """Return an integer of up to 64 bits, and the place after it."""
    value = 0
    for n, byte in enumerate(data[place : place + 10]):
        value |= (byte & 0x7F) << (7 * n)
        if byte < 0x80:
            return value, place + n + 1
    raise ValueError("it is not an ONNX file, or it is cut short")
