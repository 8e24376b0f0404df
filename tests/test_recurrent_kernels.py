"""The recurrent kernels against NumPy and central differences, through state and initial state."""

import numpy as np
import pytest
from ctable import Recurrent, Table
from ctable import pointer as address
from kernelcheck import central_differences, noise
from recurrence import STEPS, recur

from fastnn.kernels.core import runtime
from fastnn.kernels.ops.activation import CODES

ROWS, N_STEPS, INPUTS, UNITS = 3, 4, 2, 5
CELLS = {"simple_rnn": (0, 1), "lstm": (1, 4), "gru": (2, 3), "gru_reset_before": (3, 3)}
every_cell = pytest.mark.parametrize("name", CELLS)
every_isa = pytest.mark.parametrize("isa", [*runtime.isa_names(), "ref"])


class Sequence:
    """The arrays of one call, all in float64, and the call."""

    def __init__(self, name):
        self.name = name
        self.code, gates = CELLS[name]
        width = gates * UNITS
        self.arrays = {
            "x": noise(ROWS, N_STEPS, INPUTS),
            "h0": noise(ROWS, UNITS, seed=1),
            "c0": noise(ROWS, UNITS, seed=2),
        }
        self.weights = [noise(INPUTS, width, seed=3), noise(UNITS, width, seed=4)]
        self.weights.append(noise(2, width, seed=5) if name == "gru" else noise(width, seed=5))
        self.mask = np.array([[1, 0, 1, 1], [0, 1, 1, 0], [0, 0, 0, 0.0]])
        self.factors = np.array([[0.0, 2.0], [1.0, 1.0], [2.0, 2.0]])
        self.dy = noise(ROWS, N_STEPS, UNITS, seed=6)
        self.dh, self.dc = noise(ROWS, UNITS, seed=7), noise(ROWS, UNITS, seed=8)

    def expected(self, x, h0, c0):
        states = [h0, c0] if self.name == "lstm" else [h0]
        step = STEPS[self.name.removesuffix("_reset_before")]
        return recur(step, x * self.factors[:, None], self.weights, states, self.mask, backwards=True)

    def run(self, isa):
        """Forward and backward in slabs of two and one row; what they wrote."""
        table = Table(isa, "float64")
        w, u, b = self.weights
        arrays = {k: v.copy() for k, v in self.arrays.items()}
        out = {
            "y": np.zeros((ROWS, N_STEPS, UNITS)),
            "h": np.zeros((ROWS, UNITS)),
            "c": np.zeros((ROWS, UNITS)),
        }
        out |= {"d" + k: np.zeros_like(v) for k, v in arrays.items()}
        a_row, gate_row = INPUTS + 2 * UNITS, 4 * UNITS
        kept = {
            "a": np.zeros((ROWS, N_STEPS, a_row)),
            "gates": np.zeros((ROWS, N_STEPS, gate_row)),
            "cells": np.zeros((ROWS, N_STEPS + 1, UNITS)),
            "squashed": np.zeros((ROWS, N_STEPS, UNITS)),
        }
        g = Recurrent(
            cell=self.code, rows=ROWS, steps=N_STEPS, inputs=INPUTS, units=UNITS, backwards=1, sequences=1,
            x_row=N_STEPS * INPUTS, mask_row=N_STEPS, state_row=UNITS, y_row=N_STEPS * UNITS, last_row=UNITS,
            a_row=a_row, gate_row=gate_row,
        )  # fmt: skip
        g.activation.code, g.recurrent_activation.code = CODES["tanh"], CODES["sigmoid"]
        pointers = {
            "kernel": w,
            "recurrent_kernel": u,
            "bias": b,
            "mask": self.mask,
            "input_mask": self.factors,
        }
        pointers |= {"dy": self.dy, "dh": self.dh, "dc": self.dc, **arrays, **out, **kept}
        for field, array in pointers.items():
            setattr(g, field, address(array))
        packed = np.zeros(table.recurrent_packed(g) // 8 + 1)
        workspace = np.zeros(table.recurrent_workspace(g, 2) // 8 + 1)
        g.packed = address(packed)
        for backward, kernel in enumerate((table.recurrent_forward, table.recurrent_backward)):
            table.recurrent_pack(g, backward, 0, 1)
            kernel(g, 0, 2, workspace)
            kernel(g, 2, 1, workspace)
        return out


@every_isa
@every_cell
def test_forward(isa, name):
    sequence = Sequence(name)
    out = sequence.run(isa)
    y, states = sequence.expected(**sequence.arrays)
    np.testing.assert_allclose(out["y"], y, atol=1e-13)
    for actual, desired in zip((out["h"], out["c"]), states, strict=False):
        np.testing.assert_allclose(actual, desired, atol=1e-13)


@every_isa
@every_cell
def test_gradients_reach_x_and_the_first_state(isa, name):
    sequence = Sequence(name)
    out = sequence.run(isa)

    def value(wanted, array):
        y, states = sequence.expected(**sequence.arrays | {wanted: array})
        total = (y * sequence.dy).sum() + (states[0] * sequence.dh).sum()
        return total + (states[1] * sequence.dc).sum() if name == "lstm" else total

    for wanted in ("x", "h0", "c0") if name == "lstm" else ("x", "h0"):
        expected = central_differences(lambda array, w=wanted: value(w, array), sequence.arrays[wanted])
        np.testing.assert_allclose(out["d" + wanted], expected, atol=1e-7)
