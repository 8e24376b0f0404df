"""TensorFlow by Keras' layers and Adam: each step is one `tf.function`, as a graph and compiled by XLA."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import tensorflow as tf

FROM_LOGITS = {"sparse_categorical_crossentropy": tf.nn.softmax, "binary_crossentropy": tf.nn.sigmoid}


def start(threads: int) -> dict[str, str]:
    """Set the number of threads and return versions."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    return {"version": tf.__version__, "keras": keras.__version__}


class Network:
    """See `serve`."""

    def __init__(self, model: dict[str, Any], weights: list[Any]) -> None:
        layers, options = keras.layers, {"dtype": model["dtype"]}
        stack: list[Any] = [keras.Input(model["input"], dtype=model["dtype"])]
        for block in model["blocks"]:
            stack += [layers.Conv2D(filters, 3, activation="relu", **options) for filters in block]
            stack.append(layers.MaxPooling2D(2, **options))
        if model["blocks"]:
            stack.append(layers.Flatten(**options))
        if model["recurrent"]:
            cell, units = model["recurrent"]
            stack.append(getattr(layers, cell)(units, **options))
        *hidden, (units, last) = model["layers"]
        stack += [layers.Dense(n, activation=activation, **options) for n, activation in hidden]
        self._finish = FROM_LOGITS.get(model["loss"])
        stack.append(layers.Dense(units, activation=None if self._finish else last, **options))
        self._net = keras.Sequential(stack)
        self._loss_name = model["loss"]
        self._optimizer = keras.optimizers.Adam(1e-12, epsilon=1e-7)
        self._optimizer.build(self._net.trainable_variables)
        self._start = [variable.numpy() for variable in self._optimizer.variables]
        self._made: dict[str, dict[str, Any]] = {}
        self.reset(weights, 1e-12)

    def reset(self, weights: list[Any], learning_rate: float) -> None:
        """Start anew."""
        self._net.set_weights(weights)
        for variable, value in zip(self._optimizer.variables, self._start, strict=True):
            variable.assign(value)
        self.learning_rate = learning_rate

    def _set_rate(self, rate: float) -> None:
        self._optimizer.learning_rate.assign(rate)

    learning_rate = property(None, _set_rate)

    def ways(self, operation: str) -> dict[str, Any]:
        """Return functions of a graph and of a graph compiled by XLA."""
        if operation not in self._made:
            body, call = (
                (self._train, lambda f: lambda x, y: float(f(x, y).numpy()))
                if operation == "train"
                else (self._predict, lambda f: lambda x: f(x).numpy())
            )
            self._made[operation] = {
                "graph": call(tf.function(body)),
                "XLA": call(tf.function(body, jit_compile=True)),
            }
        return self._made[operation]

    def _loss(self, z: Any, y: Any) -> Any:
        if self._loss_name == "sparse_categorical_crossentropy":
            return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, z))
        if self._loss_name == "binary_crossentropy":
            return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(y, z))
        return tf.reduce_mean(tf.square(z - y))

    def _train(self, x: Any, y: Any) -> Any:
        variables = self._net.trainable_variables
        with tf.GradientTape() as tape:
            loss = self._loss(self._net(x, training=True), y)
        gradients = tape.gradient(loss, variables)
        self._optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return loss

    def _predict(self, x: Any) -> Any:
        z = self._net(x, training=False)
        return self._finish(z) if self._finish else z
