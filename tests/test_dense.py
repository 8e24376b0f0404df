"""`Dense`."""

import numpy as np
import pytest
from formulas import ACTIVATIONS, activation_of
from gradcheck import check_gradients
from harness import check_layer

import fastnn
from fastnn.layers import Dense
