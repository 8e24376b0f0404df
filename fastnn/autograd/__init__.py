"""Automatic differentiation: arrays that remember what they were computed from.

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

- Tensors made of real numbers require gradients unless told otherwise, tensors made of whole numbers do not;
  plain arrays among tensors are constants.
- Results have the dtype that NumPy gives them, so float32 stays float32 beside Python's numbers. A gradient
  has shape and dtype of its tensor.
- Comparisons, `np.floor` and whatever else has no derivative give plain arrays. A function that has one,
  but not here (`fastnn.autograd.derivatives.TABLE`), is refused; `t.data` and `t.detach()` leave the graph.
- Tensors are not changed in place: `t[0] = 1` does not exist, `t += 1` makes a new one. Their numbers may be,
  between one graph and the next: ``t.data -= rate * t.grad``.
- First derivatives only: gradients are plain arrays.

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
