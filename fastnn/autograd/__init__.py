"""Automatic differentiation of NumPy programs in reverse mode.

A `Tensor` is a NumPy array with a gradient. NumPy's operators and functions take tensors and return tensors,
each with a node that holds the operation's arguments; `backward` visits the nodes from the result back and
adds to every tensor the gradient of the result with respect to it.

>>> import fastnn, numpy as np
>>> w = fastnn.Tensor([1.0, -2.0, 3.0])
>>> loss = (np.tanh(w) ** 2).sum()
>>> loss.backward()
>>> bool(np.allclose(w.grad, 2 * np.tanh(w.data) * (1 - np.tanh(w.data) ** 2)))
True

Rules:

- Tensors of floats require gradients by default, tensors of integers do not; plain arrays among tensors are
  constants.
- Results have NumPy's dtypes, so that float32 remains float32 in expressions with Python numbers. A gradient
  has the shape and dtype of its tensor.
- Comparisons, `np.floor` and other functions without a derivative return plain arrays. Functions whose
  derivative is not in `fastnn.autograd.derivatives.TABLE` raise an error; `t.data` and `t.detach()` leave the
  graph.
- A tensor that requires gradients and is no result is changed in place under `no_grad` only, as in
  ``with no_grad(): t -= rate * t.grad``; elsewhere that is an error, except for its data:
  ``t.data -= rate * t.grad``. Results and constants are never changed: `t += 1` creates a new tensor.
- Only first derivatives are available: gradients are plain arrays.

The table of derivatives is in `fastnn.autograd.derivatives`.
"""

from .._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".graph": "is_recording no_grad",
        ".ops": (
            "abs arctan broadcast_to clip concatenate cos cosh cumsum dot einsum exp expand_dims expm1 "
            "flip log log1p log_softmax logsumexp matmul max maximum mean min minimum moveaxis outer pad "
            "power prod relu repeat reshape sigmoid silu sin sinh softmax softplus split sqrt square "
            "squeeze stack std sum swapaxes take tan tanh tensordot transpose tril triu var where"
        ),
        ".tensor": "Tensor grad",
    },
)
