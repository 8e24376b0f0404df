"""Fashion-MNIST, from the files that Keras uses."""

from ._fetch import Bytes, cached, read_idx

__all__ = ["load_data"]

ADDRESS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"

# Shape and SHA-256 of each file.
FILES = {
    "train-images-idx3-ubyte.gz": (
        (60000, 28, 28),
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    ),
    "train-labels-idx1-ubyte.gz": (
        (60000,),
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    ),
    "t10k-images-idx3-ubyte.gz": (
        (10000, 28, 28),
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    ),
    "t10k-labels-idx1-ubyte.gz": (
        (10000,),
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
}


def load_data() -> tuple[tuple[Bytes, Bytes], tuple[Bytes, Bytes]]:
    """Load the Fashion-MNIST data set: 70,000 images of 28 x 28 pixels from 0 to 255.

    The ten classes are, from 0 to 9: T-shirt or top, trousers, pullover, dress, coat, sandal, shirt, sneaker,
    bag and ankle boot. The four files are downloaded once (31 MB, with the extra ``datasets``) to
    ``datasets/fashion-mnist`` in ``$FASTNN_HOME``, by default a folder in the user's cache. Existing files
    are used if they hold these arrays, whatever their checksums.

    Returns
    -------
    (x_train, y_train), (x_test, y_test) : tuples of ndarray of uint8
        `x_train` is (60000, 28, 28), `y_train` (60000,), `x_test` (10000, 28, 28) and `y_test` (10000,).

    Raises
    ------
    ValueError
        If a file is not of this data set, or is damaged.
    OSError
        If a file is missing and cannot be downloaded; the message says what to put where.
    ImportError
        If a file is missing and pooch is not installed; the message says what to put where.

    References
    ----------
    H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine
    learning algorithms", arXiv:1708.07747, 2017. The data set is under the MIT licence.

    Examples
    --------
    >>> from fastnn.datasets import fashion_mnist
    >>> (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()  # doctest: +SKIP
    """
    arrays = []
    for name, (shape, sha256) in FILES.items():
        file = cached(f"fashion-mnist/{name}", ADDRESS + name, sha256)
        array = read_idx(file, shape)
        if len(shape) == 1 and array.max() > 9:
            raise ValueError(
                f"{file} is not of the Fashion-MNIST data set: it has a label {array.max()}, expected 0 to 9"
            )
        arrays.append(array)
    x_train, y_train, x_test, y_test = arrays
    return (x_train, y_train), (x_test, y_test)
