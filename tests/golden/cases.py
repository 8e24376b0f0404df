"""Models to be built alike in Keras and in fastnn: a table of plain values.

`tools/keras_golden.py` runs it in Keras and stores the numbers, `tests/test_keras_golden.py` runs it in
fastnn and compares them. A case is JSON, so that the stored file can say of which table it is. `graphs.py`
has more, `runs.py` says what is done with each.
"""

import numpy as np

FORMAT = 2
ROWS, BATCH, STEPS = 23, 5, 5  # the fifth batch has three rows
FIT = {
    "batch_size": BATCH,
    "epochs": 2,
    "validation_split": 0.3,
    "shuffle": False,
    "verbose": 0,
}


# Whose signatures are compared.
MODULES = (
    "layers",
    "losses",
    "metrics",
    "optimizers",
    "initializers",
    "regularizers",
    "callbacks",
)
METHODS = (
    *(
        "__init__",
        "add",
        "pop",
        "build",
        "compile",
        "summary",
        "get_layer",
        "set_weights",
    ),
    *(
        "fit",
        "evaluate",
        "predict",
        "train_on_batch",
        "test_on_batch",
        "predict_on_batch",
    ),
)


def of(class_name, **config):
    return {"class_name": class_name, "config": config}


def data():
    """The arrays that cases name as their x, y and sample weights; the file stores them."""
    rng = np.random.default_rng(7)
    classes = rng.integers(0, 3, ROWS)
    steps = rng.integers(0, 3, (ROWS, 4))
    soft = rng.uniform(0.05, 1, (ROWS, 3))
    binary = rng.integers(0, 2, ROWS)
    weights = rng.uniform(0.2, 2, ROWS)
    weights[[2, 11, 20]] = 0
    arrays = {
        "rows": rng.normal(size=(ROWS, 5)),
        "sequences": rng.normal(size=(ROWS, 4, 3)),
        "real": rng.normal(size=(ROWS, 2)),
        "real_flat": rng.normal(size=ROWS),
        "real_sequences": rng.normal(size=(ROWS, 4, 2)),
        "binary": binary[:, None],
        "binary_flat": binary,
        "labels": rng.integers(0, 2, (ROWS, 3)),
        "soft": soft / soft.sum(axis=1, keepdims=True),
        "one_hot": np.eye(3)[classes],
        "classes": classes,
        "classes_column": classes[:, None],
        "classes_ignored": np.where(np.arange(ROWS) % 4 == 1, -1, classes),
        "step_classes": steps,
        "step_classes_ignored": np.where((np.arange(ROWS)[:, None] + np.arange(4)) % 3 == 1, -1, steps),
        "step_one_hot": np.eye(3)[steps],
        "weights": weights,
        "images": rng.normal(size=(ROWS, 5, 6, 2)),
        "images_first": rng.normal(size=(ROWS, 2, 5, 6)),
        "signals": rng.normal(size=(ROWS, 11, 2)),
        "signals_first": rng.normal(size=(ROWS, 2, 11)),
    }
    return {k: a.astype("int32" if a.dtype.kind == "i" else "float32") for k, a in arrays.items()}


def dense(units, activation=None, **config):
    return of("Dense", units=units, activation=activation, **config)


def conv(filters, kernel_size, activation=None, class_name="Conv2D", **config):
    return of(
        class_name,
        filters=filters,
        kernel_size=kernel_size,
        activation=activation,
        **config,
    )


def case(layers, y, loss, x="rows", optimizer=None, **more):
    return {
        "layers": layers,
        "x": x,
        "y": y,
        "loss": loss,
        "optimizer": optimizer or of("SGD", learning_rate=0.1),
        "metrics": [],
        "weighted_metrics": [],
        "sample_weight": False,
        "class_weight": None,
        "fit": {},
    } | more


def activations():
    """Each activation, over a range that meets its corners."""
    names = (
        "relu leaky_relu relu6 elu selu softplus softsign silu gelu tanh sigmoid exponential hard_sigmoid "
        "hard_silu mish linear softmax log_softmax"
    )
    for name in names.split():
        wide = {
            "distribution": "untruncated_normal",
            "scale": 0.5 if name == "exponential" else 9.0,
        }
        first = dense(6, name, kernel_initializer=of("VarianceScaling", **wide))
        yield (
            name,
            case(
                [first, dense(2)],
                "real",
                "mse",
                optimizer=of("SGD", learning_rate=0.01),
            ),
        )


def layers():
    sgd = of("SGD", learning_rate=0.05)
    pairs = {
        "activation": [dense(6), of("Activation", activation="gelu"), dense(2)],
        "activation_alias": [
            dense(6, "swish"),
            dense(6),
            of("Activation", activation="hard_swish"),
            dense(2),
        ],
        "relu_bounded": [
            dense(8),
            of("ReLU", max_value=1.0, negative_slope=0.2, threshold=0.3),
            dense(2),
        ],
        "leaky_relu_layer": [dense(6), of("LeakyReLU"), dense(2)],
        "elu_layer": [dense(6), of("ELU", alpha=0.5), dense(2)],
        "prelu": [
            dense(6),
            of("PReLU", alpha_initializer=of("Constant", value=0.2)),
            dense(2),
        ],
        "no_bias": [dense(6, "tanh", use_bias=False), dense(2, use_bias=False)],
        "frozen": [dense(6, "tanh", trainable=False), dense(2)],
        "frozen_last": [
            dense(6, "tanh"),
            of("PReLU", trainable=False),
            dense(2, "tanh", trainable=False),
        ],
        "frozen_penalty": [
            dense(6, "tanh", kernel_regularizer="l2", trainable=False),
            dense(2),
        ],
        "l1": [dense(6, "tanh", kernel_regularizer=of("L1", l1=0.01)), dense(2)],
        "l2": [
            dense(6, "tanh", kernel_regularizer="l2", bias_regularizer=of("L2", l2=0.5)),
            dense(2),
        ],
        "l1_l2": [
            dense(6, "tanh", kernel_regularizer=of("L1L2", l1=0.02, l2=0.03)),
            dense(2),
        ],
    }
    for name, stack in pairs.items():
        yield name, case(stack, "real", "mse", optimizer=sgd, metrics=["mae"])
    for name, stack in {
        "dense_on_sequences": [dense(5, "tanh"), dense(2)],
        "prelu_shared": [dense(5), of("PReLU", shared_axes=[1]), dense(2)],
        "softmax_axis": [dense(5), of("Softmax", axis=1), dense(2)],
        "reshape": [
            of("Reshape", target_shape=[2, -1]),
            dense(4, "tanh"),
            of("Reshape", target_shape=[4, 2]),
        ],
    }.items():
        yield (
            name,
            case(
                stack,
                "real_sequences",
                "mse",
                x="sequences",
                optimizer=sgd,
                metrics=["mse", "mae"],
            ),
        )
    yield (
        "flatten",
        case([of("Flatten"), dense(2)], "real", "mae", x="sequences", optimizer=sgd),
    )


def losses():
    head, adam = dense(6, "tanh"), of("Adam", learning_rate=0.02)
    bce, cce, scce = (
        "BinaryCrossentropy",
        "CategoricalCrossentropy",
        "SparseCategoricalCrossentropy",
    )
    table = {
        "mse": (None, "real", "mean_squared_error", ["mse", "mae"]),
        "mae": (None, "real", of("MeanAbsoluteError"), ["mean_squared_error"]),
        "mse_flat": (None, "real_flat", "mse", ["mae", "accuracy"]),
        "bce": (
            "sigmoid",
            "binary",
            "binary_crossentropy",
            ["accuracy", of("BinaryAccuracy", threshold=0.4)],
        ),
        "bce_flat": ("sigmoid", "binary_flat", "bce", ["acc", "mse"]),
        "bce_logits": (
            None,
            "binary",
            of(bce, from_logits=True),
            [of("BinaryAccuracy", threshold=0.0)],
        ),
        "bce_labels": ("sigmoid", "labels", of(bce), ["binary_accuracy", "accuracy"]),
        "bce_smoothed": ("sigmoid", "labels", of(bce, label_smoothing=0.2), []),
        "bce_logits_smoothed": (
            None,
            "soft",
            of(bce, from_logits=True, label_smoothing=0.1),
            [],
        ),
        "bce_other_activation": ("hard_sigmoid", "binary", of(bce), []),
        "cce": (
            "softmax",
            "one_hot",
            "categorical_crossentropy",
            ["accuracy", "categorical_accuracy"],
        ),
        "cce_soft": ("softmax", "soft", of(cce), ["mae", "accuracy"]),
        "cce_logits": (
            None,
            "one_hot",
            of(cce, from_logits=True),
            [of(cce, from_logits=True)],
        ),
        "cce_smoothed": (
            "softmax",
            "one_hot",
            of(cce, label_smoothing=0.2),
            [of(cce, label_smoothing=0.2)],
        ),
        "cce_logits_smoothed": (
            None,
            "one_hot",
            of(cce, from_logits=True, label_smoothing=0.1),
            [],
        ),
        "cce_other_activation": ("sigmoid", "one_hot", of(cce), [of(cce)]),
        "scce": ("softmax", "classes", "sparse_categorical_crossentropy", ["accuracy"]),
        "scce_column": (
            "softmax",
            "classes_column",
            of(scce),
            ["acc", "sparse_categorical_accuracy"],
        ),
        "scce_logits": (
            None,
            "classes",
            of(scce, from_logits=True),
            ["accuracy", of(scce, from_logits=True)],
        ),
        "scce_other_activation": ("sigmoid", "classes", of(scce), [of(scce)]),
        "scce_ignored": (
            "softmax",
            "classes_ignored",
            of(scce, ignore_class=-1),
            ["accuracy"],
        ),
        "scce_ignored_class": (
            None,
            "classes",
            of(scce, from_logits=True, ignore_class=1),
            ["accuracy"],
        ),
        "step_scce": ("softmax", "step_classes", of(scce), ["accuracy"]),
        "step_scce_ignored": (
            None,
            "step_classes_ignored",
            of(scce, from_logits=True, ignore_class=-1),
            [],
        ),
        "sum": ("softmax", "classes", of(scce, reduction="sum"), ["Accuracy"]),
        "sum_ignored": (
            None,
            "classes_ignored",
            of(scce, from_logits=True, ignore_class=-1, reduction="sum"),
            ["ACC"],
        ),
        "step_cce": ("softmax", "step_one_hot", of(cce), ["accuracy", "mse"]),
    }
    units = {"real": 2, "real_flat": 1, "binary": 1, "binary_flat": 1}
    saturated = {"kernel_initializer": of("VarianceScaling", scale=20.0)}  # some outputs are exactly 0 or 1
    for name, (activation, y, loss, metrics) in table.items():
        stack = [
            head,
            dense(
                units.get(y, 3),
                activation,
                **saturated if activation == "hard_sigmoid" else {},
            ),
        ]
        x = "sequences" if y.startswith("step") else "rows"
        yield name, case(stack, y, loss, x, adam, metrics=metrics)


def scores():
    """Losses and metrics that the cases above do not have."""
    head, adam = dense(6, "tanh"), of("Adam", learning_rate=0.02)
    binary, categorical = "BinaryFocalCrossentropy", "CategoricalFocalCrossentropy"
    counts = [
        *(of("Precision", name="p"), of("Recall", name="r", thresholds=0.4)),
        *(of("AUC", name="roc"), of("AUC", name="pr", curve="PR", num_thresholds=50)),
        of("AUC", name="lower", summation_method="minoring", thresholds=[0.2, 0.45, 0.7]),
        *(of("TruePositives", name="tp"), of("FalsePositives", name="fp", thresholds=0.6)),
        *(of("TrueNegatives", name="tn"), of("FalseNegatives", name="fn")),
    ]
    rates = [
        *(
            of("SensitivityAtSpecificity", specificity=0.4, name="s"),
            of("PrecisionAtRecall", recall=0.6, name="p"),
        ),
        *(
            of("SpecificityAtSensitivity", sensitivity=0.5, name="t"),
            of("RecallAtPrecision", precision=0.4, name="r"),
        ),
        of("BinaryIoU", name="iou"),
    ]
    labels = [
        *(of("Precision", name="p", top_k=2), of("Recall", name="r", class_id=1)),
        *(of("Recall", name="q", top_k=1, thresholds=0.3), of("AUC", name="auc", multi_label=True)),
        of("AUC", name="gain", curve="PRGAIN", num_thresholds=20),
        of("AUC", name="weighted", multi_label=True, num_labels=3, label_weights=[0.2, 0.5, 0.3]),
        of("FBetaScore", average="weighted", beta=2.0, threshold=0.5),
        of("F1Score", average="micro", threshold=0.3),
    ]
    classes = [
        of("SparseTopKCategoricalAccuracy", k=2),
        of("MeanIoU", name="mean_iou", num_classes=3, sparse_y_pred=False),
        of("IoU", name="iou", num_classes=3, target_class_ids=[0, 2], sparse_y_pred=False),
    ]
    one_hot = [
        *(of("TopKCategoricalAccuracy", k=2), of("F1Score", average="macro")),
        of("OneHotIoU", name="iou", num_classes=3, target_class_ids=[1]),
        of("OneHotMeanIoU", name="mean_iou", num_classes=3),
    ]
    table = {
        "mape": (None, "real", "mape", ["mape", of("R2Score")]),
        "msle": ("softplus", "soft", "msle", ["msle"]),
        "huber": (None, "real", of("Huber", delta=0.7), [of("RootMeanSquaredError"), of("LogCoshError")]),
        "huber_name": (None, "real", "huber", []),
        "log_cosh": (
            None,
            "real",
            of("LogCosh"),
            [of("R2Score", class_aggregation="variance_weighted_average")],
        ),
        "cosine": (None, "real", of("CosineSimilarity"), [of("CosineSimilarity")]),
        "hinge": (None, "labels", "hinge", ["hinge", "squared_hinge"]),
        "hinge_other_labels": (None, "real", "hinge", ["hinge"]),
        "squared_hinge": ("tanh", "binary", of("SquaredHinge"), ["squared_hinge"]),
        "categorical_hinge": (None, "one_hot", "categorical_hinge", ["categorical_hinge"]),
        "kld": ("softmax", "soft", "kl_divergence", ["kl_divergence", of("PearsonCorrelation")]),
        "poisson": ("softplus", "soft", "poisson", ["poisson", of("ConcordanceCorrelation")]),
        "focal": ("sigmoid", "labels", of(binary), ["mse"]),
        "focal_balanced": ("sigmoid", "binary", of(binary, apply_class_balancing=True, gamma=1.5), []),
        "focal_logits": (None, "labels", of(binary, from_logits=True, label_smoothing=0.1), []),
        "focal_classes": ("softmax", "one_hot", of(categorical, gamma=1.2), ["mse"]),
        "focal_class_logits": (None, "one_hot", of(categorical, from_logits=True, alpha=0.6), []),
        "focal_other_activation": ("sigmoid", "one_hot", of(categorical, label_smoothing=0.2), []),
        "counts": ("sigmoid", "binary", "bce", counts),
        "rates": ("sigmoid", "binary", "bce", rates),
        "labels": ("sigmoid", "labels", "bce", labels),
        "classes": ("softmax", "classes", "sparse_categorical_crossentropy", classes),
        "one_hot": ("softmax", "one_hot", "categorical_crossentropy", one_hot),
    }
    units = {"real": 2, "binary": 1}
    for name, (activation, y, loss, metrics) in table.items():
        stack = [head, dense(units.get(y, 3), activation)]
        yield name, case(stack, y, loss, "rows", adam, metrics=metrics)
    weighted = {"counts": counts, "labels": labels}
    for name, metrics in weighted.items():
        y = "binary" if name == "counts" else name
        stack = [head, dense(units.get(y, 3), "sigmoid")]
        yield (
            f"weighted_{name}",
            case(stack, y, "bce", optimizer=adam, sample_weight=True, weighted_metrics=metrics),
        )


def weights():
    head, names = dense(6, "tanh"), ["accuracy", "mse"]
    sparse = {
        "metrics": ["accuracy"],
        "weighted_metrics": ["accuracy", "sparse_categorical_crossentropy"],
    }
    both = {"metrics": names, "weighted_metrics": names}
    scce = "sparse_categorical_crossentropy"
    ignored = of("SparseCategoricalCrossentropy", ignore_class=-1)
    softmax, sigmoid = [head, dense(3, "softmax")], [head, dense(1, "sigmoid")]
    repeated = {"metrics": ["mae", "mae"], "weighted_metrics": ["mae", "mae", "mse"]}
    yield (
        "weighted_mse",
        case([head, dense(2)], "real", "mse", sample_weight=True, **repeated),
    )
    yield "weighted_bce", case(sigmoid, "binary", "bce", sample_weight=True, **both)
    yield (
        "weighted_bce_flat",
        case(sigmoid, "binary_flat", "bce", sample_weight=True, **both),
    )
    yield (
        "weighted_cce",
        case(softmax, "one_hot", "categorical_crossentropy", sample_weight=True, **both),
    )
    yield "weighted_scce", case(softmax, "classes", scce, sample_weight=True, **sparse)
    yield (
        "weighted_scce_ignored",
        case(softmax, "classes_ignored", ignored, sample_weight=True),
    )
    by_weight = {"reduction": "mean_with_sample_weight"}
    yield (
        "mean_by_weight",
        case(softmax, "one_hot", of("MeanSquaredError", **by_weight), sample_weight=True),
    )
    ignored = of("SparseCategoricalCrossentropy", ignore_class=-1, **by_weight)
    yield (
        "mean_by_weight_ignored",
        case(softmax, "classes_ignored", ignored, sample_weight=True),
    )
    few = {"steps_per_epoch": 3, "epochs": 4}
    yield "few_steps", case([head, dense(2)], "real", "mse", fit=few)
    yield (
        "class_weight_bce",
        case(sigmoid, "binary", "bce", class_weight=[0.5, 3.0], **both),
    )
    yield (
        "class_weight_cce",
        case(
            softmax,
            "one_hot",
            "categorical_crossentropy",
            class_weight=[0.5, 3.0, 0.0],
            **both,
        ),
    )
    yield (
        "class_weight_scce",
        case(softmax, "classes", scce, class_weight=[0.5, 3.0], **sparse),
    )
    yield "unweighted_names", case(softmax, "classes", scce, **sparse)


def optimizers():
    stack = [dense(6, "tanh"), dense(3)]
    rate = {"learning_rate": 0.05}
    table = {
        "sgd": of("SGD"),
        "sgd_momentum": of("SGD", momentum=0.9, **rate),
        "sgd_nesterov": of("SGD", momentum=0.9, nesterov=True, **rate),
        "sgd_nesterov_without_momentum": of("SGD", nesterov=True, **rate),
        "sgd_weight_decay": of("SGD", weight_decay=0.5, **rate),
        "sgd_clipnorm": of("SGD", clipnorm=0.2, **rate),
        "sgd_clipvalue": of("SGD", clipvalue=0.1, **rate),
        "sgd_global_clipnorm": of("SGD", global_clipnorm=0.3, **rate),
        "adam": of("Adam", **rate),
        "adam_default": of("Adam"),
        "adam_betas": of("Adam", beta_1=0.5, beta_2=0.7, epsilon=0.01, **rate),
        "adam_amsgrad": of("Adam", amsgrad=True, beta_2=0.5, **rate),
        "adam_weight_decay": of("Adam", weight_decay=0.3, **rate),
        "adam_clipnorm": of("Adam", clipnorm=0.2, epsilon=0.1, **rate),
        "adam_global_clipnorm": of("Adam", global_clipnorm=0.2, epsilon=0.1, **rate),
        "adamw": of("AdamW", **rate),
        "adamw_decay": of("AdamW", weight_decay=0.4, clipvalue=0.05, epsilon=0.1, **rate),
        "rmsprop": of("RMSprop", **rate),
        "rmsprop_momentum": of("RMSprop", momentum=0.8, rho=0.7, **rate),
        "rmsprop_centered": of("RMSprop", centered=True, epsilon=0.001, **rate),
        "rmsprop_all": of(
            "RMSprop",
            centered=True,
            momentum=0.5,
            weight_decay=0.2,
            epsilon=0.01,
            **rate,
        ),
    }
    for name, optimizer in table.items():
        yield name, case(stack, "soft", "mse", optimizer=optimizer)


def regressions(stacks, x):
    """A case for each of the layers that are followed by a dense one."""
    for name, stack in stacks.items():
        end = [of("Flatten"), dense(2)]
        yield (
            name,
            case([*stack, *end], "real", "mse", x, of("SGD", learning_rate=0.05)),
        )


def convolutions():
    first = {"data_format": "channels_first"}
    images = {
        "valid": [conv(4, 3, "tanh")],
        "same": [conv(3, [4, 3], "gelu", padding="same")],
        "strides": [conv(3, [3, 2], "relu", strides=[2, 3])],
        "strides_same": [conv(3, 3, "tanh", strides=2, padding="same")],
        "long_strides": [conv(5, 2, "tanh", strides=[3, 4], padding="same")],
        "large_kernel": [conv(3, [9, 8], "tanh", padding="same")],
        "dilated": [conv(3, [2, 3], "tanh", dilation_rate=[3, 2])],
        "dilated_same": [conv(3, 3, "tanh", dilation_rate=[1, 3], padding="same")],
        "groups": [conv(6, 3, "tanh", groups=2, use_bias=False)],
        "one_position": [conv(5, 1, "softmax"), conv(3, 1, "tanh", strides=2)],
        "penalty": [conv(4, 3, "tanh", kernel_regularizer="l2", bias_regularizer="l2")],
        "frozen": [conv(4, 3, "tanh"), conv(3, 2, "tanh", trainable=False)],
        "stack": [
            conv(4, 3, "relu", padding="same"),
            conv(4, 3, "relu", strides=2),
            conv(5, 2, "tanh"),
        ],
        "transposed": [conv(4, [3, 2], "tanh", "Conv2DTranspose")],
        "transposed_same": [conv(3, 3, "tanh", "Conv2DTranspose", strides=2, padding="same")],
        "transposed_strides": [conv(3, [2, 5], "tanh", "Conv2DTranspose", strides=[4, 2])],
        "transposed_padded": [
            conv(
                3,
                4,
                "tanh",
                "Conv2DTranspose",
                strides=3,
                padding="same",
                output_padding=[0, 2],
            )
        ],
        "transposed_dilated": [conv(3, 3, "tanh", "Conv2DTranspose", dilation_rate=2, padding="same")],
        "there_and_back": [
            conv(4, 3, "tanh", strides=2, padding="same"),
            conv(2, 3, "tanh", "Conv2DTranspose", strides=2, padding="same"),
        ],
    }
    sequences = {
        "sequence": [conv(4, 3, "tanh", "Conv1D")],
        "sequence_same": [conv(4, 4, "tanh", "Conv1D", strides=3, padding="same")],
        "sequence_dilated": [conv(4, 3, "tanh", "Conv1D", dilation_rate=4)],
        "sequence_groups": [conv(4, 3, "tanh", "Conv1D", groups=2)],
        "causal": [conv(4, 3, "tanh", "Conv1D", padding="causal", dilation_rate=2)],
        "causal_strides": [conv(4, 3, "tanh", "Conv1D", padding="causal", strides=2)],
        "sequence_transposed": [conv(3, 4, "tanh", "Conv1DTranspose", strides=3, output_padding=2)],
        "sequence_transposed_same": [conv(3, 5, "tanh", "Conv1DTranspose", strides=2, padding="same")],
    }
    images_first = {
        "first": [conv(4, 3, "softmax", strides=2, padding="same", **first)],
        "first_groups": [conv(4, 3, "tanh", groups=2, **first)],
        "first_transposed": [conv(3, 3, "softmax", "Conv2DTranspose", strides=2, **first)],
    }
    sequences_first = {
        "sequence_first": [conv(4, 3, "tanh", "Conv1D", padding="causal", **first)],
        "sequence_first_transposed": [conv(4, 3, "tanh", "Conv1DTranspose", **first)],
    }
    yield from regressions(images, "images")
    yield from regressions(sequences, "signals")
    yield from regressions(images_first, "images_first")
    yield from regressions(sequences_first, "signals_first")


def pooling():
    max2, mean2 = "MaxPooling2D", "AveragePooling2D"
    first = {"data_format": "channels_first"}
    head, line = conv(3, 2, "tanh"), conv(3, 2, "tanh", "Conv1D")
    images = {
        "max": [head, of(max2)],
        "max_overlapping": [head, of(max2, pool_size=3, strides=1)],
        "max_same": [head, of(max2, pool_size=[3, 2], strides=[2, 3], padding="same")],
        "max_long_strides": [head, of(max2, pool_size=1, strides=[3, 2])],
        "average": [head, of(mean2, pool_size=2)],
        "average_overlapping": [head, of(mean2, pool_size=[2, 3], strides=1)],
        "average_same": [
            head,
            of(mean2, pool_size=[3, 4], strides=[2, 3], padding="same"),
        ],
        "global_max": [head, of("GlobalMaxPooling2D")],
        "global_average": [head, of("GlobalAveragePooling2D")],
        "global_average_kept": [
            head,
            of("GlobalAveragePooling2D", keepdims=True),
            conv(4, 1, "tanh"),
        ],
    }
    sequences = {
        "max_sequence": [line, of("MaxPooling1D", pool_size=3)],
        "max_sequence_same": [
            line,
            of("MaxPooling1D", pool_size=3, strides=2, padding="same"),
        ],
        "average_sequence": [line, of("AveragePooling1D", pool_size=3, strides=2)],
        "average_sequence_same": [
            line,
            of("AveragePooling1D", pool_size=4, strides=3, padding="same"),
        ],
        "global_max_sequence": [line, of("GlobalMaxPooling1D")],
        "global_average_sequence": [line, of("GlobalAveragePooling1D", keepdims=True)],
    }
    head = conv(3, 2, "tanh", **first)
    images_first = {
        "first_max": [head, of(max2, pool_size=3, padding="same", **first)],
        "first_average": [
            head,
            of(mean2, pool_size=3, strides=2, padding="same", **first),
        ],
        "first_global_max": [head, of("GlobalMaxPooling2D", keepdims=True, **first)],
        "first_global_average": [head, of("GlobalAveragePooling2D", **first)],
    }
    yield from regressions(images, "images")
    yield from regressions(sequences, "signals")
    yield from regressions(images_first, "images_first")


def depthwise():
    first = {"data_format": "channels_first"}
    wise2, wise1, apart2, apart1 = (
        "DepthwiseConv2D",
        "DepthwiseConv1D",
        "SeparableConv2D",
        "SeparableConv1D",
    )
    tanh = {"activation": "tanh"}
    head, line = conv(3, 2, "tanh"), conv(3, 2, "tanh", "Conv1D")
    images = {
        "valid": [head, of(wise2, kernel_size=3, **tanh)],
        "same": [
            head,
            of(wise2, kernel_size=[2, 3], padding="same", depth_multiplier=2, **tanh),
        ],
        "strides": [
            head,
            of(wise2, kernel_size=3, strides=2, padding="same", use_bias=False, **tanh),
        ],
        "dilated": [head, of(wise2, kernel_size=2, dilation_rate=[2, 3], **tanh)],
        "softmax": [of(wise2, kernel_size=2, activation="softmax")],
        "separable": [
            head,
            of(apart2, filters=4, kernel_size=3, depth_multiplier=2, **tanh),
        ],
        "separable_same": [of(apart2, filters=4, kernel_size=3, strides=2, padding="same", **tanh)],
        "separable_dilated": [of(apart2, filters=4, kernel_size=2, dilation_rate=2, **tanh)],
    }
    sequences = {
        "sequence": [line, of(wise1, kernel_size=3, depth_multiplier=3, **tanh)],
        "sequence_strides": [
            line,
            of(wise1, kernel_size=3, strides=2, padding="same", **tanh),
        ],
        "separable_sequence": [
            line,
            of(apart1, filters=4, kernel_size=3, padding="same", **tanh),
        ],
    }
    images_first = {
        "first": [of(wise2, kernel_size=3, depth_multiplier=2, **tanh, **first)],
        "first_separable": [of(apart2, filters=4, kernel_size=3, padding="same", **tanh, **first)],
    }
    yield from regressions(images, "images")
    yield from regressions(sequences, "signals")
    yield from regressions(images_first, "images_first")


def normalizations():
    batch, layer, group, unit = (f"{n}Normalization" for n in ("Batch", "Layer", "Group", "Unit"))
    root = "RMSNormalization"
    random = {
        "gamma_initializer": "random_uniform",
        "beta_initializer": "random_uniform",
    }
    rows = {
        "batch": [dense(6), of(batch), of("Activation", activation="tanh")],
        "batch_momentum": [
            dense(6, "tanh"),
            of(batch, momentum=0.6, epsilon=0.1, **random),
        ],
        "batch_plain": [
            dense(6, "tanh"),
            of(batch, momentum=0.5, center=False, scale=False),
        ],
        "batch_without_center": [
            dense(6, "tanh"),
            of(batch, momentum=0.5, center=False),
        ],
        "batch_first": [
            of(batch, momentum=0.8, gamma_regularizer="l2"),
            dense(4, "tanh"),
        ],
        "batch_frozen": [
            dense(6, "tanh"),
            of(batch, trainable=False, moving_variance_initializer="ones"),
        ],
        "layer": [dense(6), of(layer), of("Activation", activation="tanh")],
        "layer_plain": [dense(6), of(layer, center=False, scale=False, epsilon=0.1)],
        "root": [dense(6), of(root), of("Activation", activation="tanh")],
        "group_rows": [dense(6), of(group, groups=3)],
        "unit": [dense(6), of(unit)],
    }
    images = {
        "batch_images": [conv(4, 3), of(batch, momentum=0.7), of("ReLU")],
        "batch_between": [
            conv(4, 3, use_bias=False),
            of(batch, momentum=0.7),
            conv(3, 2, "tanh"),
        ],
        "batch_axis": [
            conv(4, 3),
            of(batch, axis=1, momentum=0.7),
            of("Activation", activation="tanh"),
        ],
        "layer_images": [conv(4, 3), of(layer), of("Activation", activation="tanh")],
        "layer_axes": [
            conv(4, 3),
            of(layer, axis=[1, 2, 3]),
            of("Activation", activation="tanh"),
        ],
        "group": [conv(6, 3), of(group, groups=2), of("Activation", activation="tanh")],
        "instance": [conv(4, 3), of(group, groups=-1, epsilon=0.1, **random)],
        "group_axis": [conv(6, 3), of(group, groups=3, axis=1)],
        "root_images": [conv(4, 3), of(root, axis=[2, 3])],
        "unit_axis": [conv(4, 3), of(unit, axis=1)],
    }
    yield from regressions(rows, "rows")
    yield from regressions(images, "images")


def resampling():
    first = {"data_format": "channels_first"}
    head, line = conv(2, 2, "tanh"), conv(3, 2, "tanh", "Conv1D")
    images = {
        "padding": [
            head,
            of("ZeroPadding2D", padding=[[1, 0], [2, 3]]),
            conv(2, 3, "tanh", strides=2),
        ],
        "padding_default": [of("ZeroPadding2D"), conv(2, 3, "tanh", strides=2)],
        "cropping": [head, of("Cropping2D", cropping=[[1, 0], [2, 1]])],
        "center": [of("CenterCrop", height=3, width=4), conv(3, 2, "tanh")],
        "up": [head, of("UpSampling2D", size=[2, 3]), conv(2, 2, "tanh", strides=2)],
        "up_bilinear": [
            head,
            of("UpSampling2D", size=[3, 2], interpolation="bilinear"),
            conv(2, 3, "tanh"),
        ],
        "permute": [head, of("Permute", dims=[3, 1, 2])],
        "resize": [of("Resizing", height=7, width=4), conv(2, 2, "tanh")],
        "resize_nearest": [
            of("Resizing", height=3, width=11, interpolation="nearest"),
            conv(2, 2, "tanh"),
        ],
        "resize_cropped": [
            of("Resizing", height=4, width=4, crop_to_aspect_ratio=True),
            conv(2, 2, "tanh"),
        ],
        "resize_padded": [
            of("Resizing", height=4, width=7, pad_to_aspect_ratio=True),
            conv(2, 2, "tanh"),
        ],
        "resize_antialiased": [
            of("Resizing", height=3, width=2, antialias=True),
            conv(2, 2, "tanh"),
        ],
    }
    sequences = {
        "padding_sequence": [line, of("ZeroPadding1D", padding=[2, 1])],
        "cropping_sequence": [line, of("Cropping1D", cropping=[2, 3])],
        "up_sequence": [
            line,
            of("UpSampling1D", size=3),
            conv(2, 2, "tanh", "Conv1D", strides=2),
        ],
        "permute_sequence": [of("Permute", dims=[2, 1]), dense(4, "tanh")],
    }
    head = conv(2, 2, "tanh", **first)
    images_first = {
        "first_padding": [head, of("ZeroPadding2D", padding=[2, 0], **first)],
        "first_cropping": [head, of("Cropping2D", cropping=1, **first)],
        "first_up": [head, of("UpSampling2D", interpolation="bilinear", **first)],
        "first_flatten": [head, of("Flatten", **first)],
    }
    yield from regressions(images, "images")
    yield from regressions(sequences, "signals")
    yield from regressions(images_first, "images_first")


MAKERS = (
    *(activations, layers, losses, scores, weights, optimizers),
    *(convolutions, depthwise, pooling, normalizations, resampling),
)
