"""The training network and one training step: loss of both language models, clipped gradients, Adam.

Adam: Kingma and Ba 2015.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from ..elmo import Precision
from ..elmo.config import DIRECTIONS, BiLMConfig, is_product_weight, tensor_shapes
from ..elmo.model import Model, OutputLayer
from ..elmo.networks.bilm import BiLM
from ..vectors.arrays import Array, Int32s, Integers, Places
from .batches import OutputRows, Spellings, Window, spell
from .layers import GroupedCharCNN, UnrolledLSTM, candidate_normaliser, group_bounds, rows_of

SOFTMAX = ("softmax.weights", "softmax.bias")
"""Names of the output layer's weights."""
CHARACTER_PREFIXES = ("characters.", "highway.", "projection.")
"""Prefixes of the names of the character CNN's weights."""
BETA1, BETA2, EPSILON = 0.9, 0.99, 1e-8
"""Parameters of Adam."""
MAX_NORM = 1.0
"""Maximum norm of all gradients together."""
_FORMS_AT_ONCE = 4096  # forms that the character CNN reads in one batch

Arrays = dict[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class TrainingShape:
    """Everything that determines the TensorFlow graph of a training step, apart from the model."""

    rows: int  # rows of text read in parallel
    steps: int  # tokens of each row in a window
    candidates: int  # of the softmax, equal to the number of words for the full softmax
    dropout: float
    precision: Precision
    frozen: bool = False  # whether the character CNN is frozen, so that windows come with `WindowWords`


@dataclass(frozen=True, slots=True, eq=False)
class WindowWords:
    """The distinct words of a window, as vectors of a frozen character CNN."""

    vectors: Array  # (words, projection)
    places: Places  # (2, steps, rows): row of `vectors` of each input


WindowInputs = Spellings | WindowWords


class WordTable:
    """Vectors of a text's forms from a frozen character CNN. A vector is computed when it is first needed."""

    def __init__(self, model: Model, spellings: Integers) -> None:
        self._spellings = spellings  # (types, max_characters)
        self._bounds = group_bounds(model.config)
        self._vectors = np.zeros((len(spellings), model.config.projection), np.float32)  # (types, projection)
        self._known = np.zeros(len(spellings), bool)  # (types,)
        bilm = BiLM(model.config, {name: tf.constant(weight, tf.float32) for name, weight in model.weights.items()})
        specs = [tf.TensorSpec((None, model.config.max_characters), tf.int32), tf.TensorSpec((None,), tf.int32)]
        cnn = GroupedCharCNN(model.config, bilm.cnn)
        self._read = tf.function(lambda ids, groups: bilm.projected(cnn(ids, groups)), input_signature=specs)

    def __call__(self, inputs: Int32s) -> WindowWords:
        """Return the words of a window.

        Args:
            inputs: Type ids (2, steps, rows).
        """
        found, places = np.unique(inputs, return_inverse=True)
        missing = found[~self._known[found]]
        for start in range(0, len(missing), _FORMS_AT_ONCE):
            part = missing[start : start + _FORMS_AT_ONCE].astype(np.int32)  # (part,)
            spelled = spell(part, self._spellings, self._bounds)
            vectors = self._read(spelled.characters, spelled.groups).numpy()  # (part + groups, projection)
            self._vectors[part] = vectors[spelled.places]
        self._known[missing] = True
        return WindowWords(self._vectors[found], places.reshape(inputs.shape).astype(np.int32))


class TrainingNetwork:
    """Weights, optimiser state and carried LSTM state as TensorFlow variables. `arrays` returns all of them."""

    def __init__(self, model: Model, output: OutputLayer, shape: TrainingShape, seed: int) -> None:
        self.config, self.shape, self.seed = model.config, shape, seed
        self._low = tf.bfloat16 if shape.precision is Precision.BFLOAT16 else tf.float32
        fixed = ("mix.", *CHARACTER_PREFIXES) if shape.frozen else "mix."
        self.fixed = {n: np.asarray(array, np.float32) for n, array in model.weights.items() if n.startswith(fixed)}
        trained = {name: model.weights[name] for name in tensor_shapes(model.config) if name not in self.fixed}
        trained |= dict(zip(SOFTMAX, (output.weights, output.bias), strict=True))
        self._words = output.words
        self.weights = {name: _variable(name, array) for name, array in trained.items()}
        self._means = {name: _variable(f"mean.{name}", np.zeros_like(w)) for name, w in trained.items()}
        self._squares = {name: _variable(f"square.{name}", np.zeros_like(w)) for name, w in trained.items()}
        n, b = model.config.n_lstm, shape.rows
        self._cells = _variable("cells", np.zeros((len(DIRECTIONS), n, b, model.config.cell)))
        self._outputs = _variable("outputs", np.zeros((len(DIRECTIONS), n, b, model.config.projection)))
        self._updates = _variable("updates", np.zeros(()))
        self._step = tf.function(self._train, input_signature=_signature(self.config, shape))

    def train(self, window: Window, words: WindowInputs, output_rows: OutputRows, rate: float, step: int) -> float:
        """Train one step and return the loss in nats per token, the mean over both directions.

        A step whose gradients are not finite changes only the carried state.

        Args:
            words: The words of the window.
            output_rows: The rows of the output layer that the window needs.
            rate: Learning rate.
            step: Number of the step, which seeds dropout.
        """
        loss = self._step(*_arrays(window, words, output_rows), np.float32(rate), np.array([self.seed, step], np.int32))
        return float(loss)

    def gradients(
        self, window: Window, words: WindowInputs, output_rows: OutputRows, step: int
    ) -> tuple[float, Arrays]:
        """Return the loss and the gradient of each weight by name, without changing anything."""
        batch = [tf.convert_to_tensor(array) for array in _arrays(window, words, output_rows)]
        loss, found, _ = self._gradients(batch, tf.constant([self.seed, step], tf.int32))
        arrays: Arrays = {name: gradient.numpy() for name, gradient in found.items()}
        for name in SOFTMAX:
            dense = np.zeros(self.weights[name].shape, np.float32)  # (words, ...)
            dense[output_rows.words] = arrays[name]
            arrays[name] = dense
        return float(loss), arrays

    def states(self, window: Window, words: WindowInputs) -> Array:
        """Return the top states of a window, which predict the next words: (2, steps, rows, projection).

        Dropout is that of step 0. Only the carried state changes.
        """
        inputs, spelled, groups = map(tf.constant, _word_arrays(words))
        keep_mask, seed = tf.constant(window.keep_mask), tf.constant([0, 0])
        tops, (cells, outputs) = self._states(self._dense(), inputs, spelled, groups, keep_mask, seed)
        self._cells.assign(cells)
        self._outputs.assign(outputs)
        return np.stack([top.numpy() for top in tops])

    def arrays(self) -> Arrays:
        """Return copies of everything that training changes: weights, optimiser state and carried state."""
        return {name: variable.numpy() for name, variable in self._variables().items()}

    def restore(self, arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
        """Load what `arrays` returned. Names and shapes must be the same."""
        for name, variable in self._variables().items():
            variable.assign(arrays[name])

    def model(self) -> Model:
        """Return the model with its current weights."""
        return Model(self.config, self.fixed | {n: self.weights[n].numpy() for n in self.weights if n not in SOFTMAX})

    def output_layer(self) -> OutputLayer:
        """Return the output layer with its current weights."""
        return OutputLayer(self._words, *(self.weights[name].numpy() for name in SOFTMAX))

    def _variables(self) -> dict[str, tf.Variable]:
        found = {f"weight.{name}": variable for name, variable in self.weights.items()}
        found |= {f"mean.{name}": variable for name, variable in self._means.items()}
        found |= {f"square.{name}": variable for name, variable in self._squares.items()}
        return found | {"state.cells": self._cells, "state.outputs": self._outputs, "updates": self._updates}

    def _train(self, *arguments: tf.Tensor) -> tf.Tensor:
        *batch, rate, seed = arguments
        needed = batch[_NEEDED]  # (r,)
        loss, gradients, (cells, outputs) = self._gradients(batch, seed)
        self._cells.assign(cells)
        self._outputs.assign(outputs)
        norm = tf.linalg.global_norm(list(gradients.values()))
        if tf.math.is_finite(norm):
            self._update(gradients, needed, rate, MAX_NORM / tf.maximum(norm, MAX_NORM))
        return loss

    def _update(self, gradients: dict[str, tf.Tensor], needed: tf.Tensor, rate: tf.Tensor, scale: tf.Tensor) -> None:
        """Apply Adam. In the output layer only the needed rows and their moments change.

        Args:
            needed: Rows of the output layer, (r,).
            scale: Factor that clips the gradients.
        """
        updates = self._updates.assign_add(1.0)
        powers = BETA1**updates, BETA2**updates
        for name, gradient in gradients.items():
            variables = self.weights[name], self._means[name], self._squares[name]
            if name in SOFTMAX:
                _update_rows(variables, gradient * scale, needed, rate, powers)
            else:
                handles = [variable.handle for variable in variables]
                tf.raw_ops.ResourceApplyAdam(
                    var=handles[0],
                    m=handles[1],
                    v=handles[2],
                    beta1_power=powers[0],
                    beta2_power=powers[1],
                    lr=rate,
                    beta1=BETA1,
                    beta2=BETA2,
                    epsilon=EPSILON,
                    grad=gradient * scale,
                )

    def _gradients(
        self, batch: Sequence[tf.Tensor], seed: tf.Tensor
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
        """Return the loss, the gradients by name and the carried state after the window.

        The gradients of the output layer are those of the needed rows.
        """
        inputs, spelled, groups, keep_mask, targets, needed, correction = batch
        dense = self._dense()
        rows, bias = (tf.gather(self.weights[name], needed) for name in SOFTMAX)  # (r, p), (r,)
        with tf.GradientTape() as tape:
            leaves = dense | dict(zip(SOFTMAX, (rows, bias), strict=True))
            tape.watch(list(leaves.values()))
            states, carried = self._states(dense, inputs, spelled, groups, keep_mask, seed)
            loss = sum(
                self._loss(states[d], targets[d], rows, bias + correction) for d in range(len(DIRECTIONS))
            ) / len(DIRECTIONS)
        names = list(leaves)
        gradients = tape.gradient(loss, [leaves[name] for name in names])
        return loss, dict(zip(names, gradients, strict=True)), carried

    def _dense(self) -> dict[str, tf.Tensor]:
        """Return all trained weights except the output layer's."""
        return {name: tf.convert_to_tensor(weight) for name, weight in self.weights.items() if name not in SOFTMAX}

    def _states(
        self,
        dense: dict[str, tf.Tensor],
        inputs: tf.Tensor,
        spelled: tf.Tensor,
        groups: tf.Tensor,
        keep_mask: tf.Tensor,
        seed: tf.Tensor,
    ) -> tuple[list[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
        """Return the top states (steps, rows, projection) of both directions, and the carried state after the window.

        Args:
            spelled: The words' character ids (u, max_characters), or their vectors (u, projection) if frozen.
        """
        low = {n: tf.cast(weight, self._low) if is_product_weight(n) else weight for n, weight in dense.items()}
        bilm = BiLM(self.config, low | {name: tf.constant(array) for name, array in self.fixed.items()})
        words = spelled  # (u, projection)
        if not self.shape.frozen:
            words = bilm.projected(GroupedCharCNN(self.config, bilm.cnn)(spelled, groups))  # (u, projection)
        read = rows_of(words, inputs)  # (2, steps, rows, projection)
        tops, cells, outputs = [], [], []
        for d, direction in enumerate(DIRECTIONS):
            x = read[d]  # (steps, rows, projection)
            for n, lstm in enumerate(bilm.stacks[d]):
                x = self._drop(x, seed, 10 * d + n)
                unrolled = UnrolledLSTM(lstm, low[f"{direction}.{n}.kernel"])
                y, cell, output = unrolled(x, keep_mask, self._cells[d, n], self._outputs[d, n])
                x = x + y if n and self.config.skip else y  # (steps, rows, projection)
                cells.append(cell)
                outputs.append(output)
            tops.append(self._drop(x, seed, 10 * d + 9))
        shapes = self._cells.shape, self._outputs.shape
        carried = (tf.reshape(tf.stack(cells), shapes[0]), tf.reshape(tf.stack(outputs), shapes[1]))
        return tops, carried

    def _drop(self, x: tf.Tensor, seed: tf.Tensor, place: int) -> tf.Tensor:
        """Apply dropout that depends only on the seed, the step and the place in the network.

        So a resumed training drops the same inputs as an uninterrupted one.
        """
        if not self.shape.dropout:
            return x
        place_seed = tf.stack([seed[0] * 1000 + place, seed[1]])
        dropped: tf.Tensor = _dropout(self.shape.dropout)(x, place_seed)
        return dropped

    def _loss(self, states: tf.Tensor, targets: tf.Tensor, rows: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
        """Return the mean loss of one direction. A target that is also a candidate counts once.

        Args:
            targets: Place of each target in `rows`, (steps, rows).
            rows: Needed rows of the output layer, candidates first, (r, p).
            bias: Their bias, with the correction for sampling, (r,).
        """
        k = self.shape.candidates
        flat = tf.reshape(states, (self.shape.steps * self.shape.rows, self.config.projection))  # (n, p)
        places = tf.reshape(targets, (-1,))  # (n,)
        scores = tf.reduce_sum(flat * rows_of(rows, places), 1) + rows_of(bias[:, None], places)[:, 0]  # (n,)
        candidates = candidate_normaliser(flat, rows[:k], bias[:k], self._low)  # (n,)
        target = tf.where(places < k, tf.constant(-1e30), scores)  # (n,): not added if it is a candidate
        most = tf.maximum(candidates, target)  # (n,)
        normaliser = most + tf.math.log(tf.exp(candidates - most) + tf.exp(target - most))  # (n,)
        return tf.reduce_mean(normaliser - scores)


@functools.cache
def _dropout(share: float) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Return a function that applies dropout, compiled into one pass."""

    def dropout(x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        return tf.nn.experimental.stateless_dropout(x, share, seed, rng_alg="philox")

    compiled: Callable[[tf.Tensor, tf.Tensor], tf.Tensor] = tf.function(dropout, jit_compile=True)
    return compiled


def _update_rows(
    variables: tuple[tf.Variable, tf.Variable, tf.Variable],
    gradient: tf.Tensor,
    needed: tf.Tensor,
    rate: tf.Tensor,
    powers: tuple[tf.Tensor, tf.Tensor],
) -> None:
    """Apply Adam to some rows of a weight: weight, first and second moment."""
    weight, mean, square = (tf.gather(variable, needed) for variable in variables)  # (r, ...)
    mean = BETA1 * mean + (1 - BETA1) * gradient
    square = BETA2 * square + (1 - BETA2) * gradient * gradient
    step = rate * tf.sqrt(1 - powers[1]) / (1 - powers[0])
    new = weight - step * mean / (tf.sqrt(square) + EPSILON)
    for variable, rows in zip(variables, (new, mean, square), strict=True):
        tf.raw_ops.ResourceScatterUpdate(resource=variable.handle, indices=needed, updates=rows)


_NEEDED = 5  # index of `output_rows.words` in the result of `_arrays`


def _arrays(window: Window, words: WindowInputs, output_rows: OutputRows) -> tuple[npt.NDArray[np.generic], ...]:
    return *_word_arrays(words), window.keep_mask, output_rows.targets, output_rows.words, output_rows.correction


def _word_arrays(words: WindowInputs) -> tuple[npt.NDArray[np.generic], ...]:
    """Return the word of each input, the spellings or vectors of the words, and the group sizes of spellings."""
    if isinstance(words, WindowWords):
        return words.places, words.vectors, np.zeros(0, np.int32)
    return words.places, words.characters, words.groups


def _signature(config: BiLMConfig, shape: TrainingShape) -> list[tf.TensorSpec]:
    window = (len(DIRECTIONS), shape.steps, shape.rows)
    return [
        tf.TensorSpec(window, tf.int32),
        tf.TensorSpec((None, config.projection), tf.float32)
        if shape.frozen
        else tf.TensorSpec((None, config.max_characters), tf.int32),
        tf.TensorSpec((None,), tf.int32),
        tf.TensorSpec(window[1:], tf.float32),
        tf.TensorSpec(window, tf.int32),
        tf.TensorSpec((None,), tf.int32),
        tf.TensorSpec((None,), tf.float32),
        tf.TensorSpec((), tf.float32),
        tf.TensorSpec((2,), tf.int32),
    ]


def _variable(name: str, array: npt.ArrayLike) -> tf.Variable:
    return tf.Variable(np.asarray(array, np.float32), trainable=False, name=name.replace(".", "_"))
