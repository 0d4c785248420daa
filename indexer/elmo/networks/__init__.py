"""The ELMo network. Its LSTM cell is written four times, each time for a reason.

- `bilm.py`, plain TensorFlow: the form to read. Exported modules, carried states and held-out perplexity run it.
- `packed.py`, TensorFlow on packed sentences: twice as fast. Indexing runs it.
- `numpy_network.py`, numpy: a query is answered 1.5 s sooner, as TensorFlow need not be imported.
- `training/layers.py`: gradients that cost less than TensorFlow's own.

One shared cell would lose the speed, the quick start or the readability. Tests hold all four equal.
"""
