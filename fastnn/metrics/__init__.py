"""Metrics: by name or as objects in `compile`, and over arrays.

>>> import fastnn
>>> metric = fastnn.metrics.BinaryAccuracy()
>>> metric.update_state([[0.0], [1.0]], [[0.2], [0.3]])
>>> metric.result()
0.5
"""

from .._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".accuracy": (
            "Accuracy BinaryAccuracy CategoricalAccuracy SparseCategoricalAccuracy "
            "SparseTopKCategoricalAccuracy TopKCategoricalAccuracy binary_accuracy categorical_accuracy "
            "sparse_categorical_accuracy sparse_top_k_categorical_accuracy top_k_categorical_accuracy"
        ),
        ".auc": "AUC",
        ".confusion": "FalseNegatives FalsePositives TrueNegatives TruePositives",
        ".correlation": (
            "ConcordanceCorrelation PearsonCorrelation concordance_correlation pearson_correlation"
        ),
        ".crossentropy": "BinaryCrossentropy CategoricalCrossentropy SparseCategoricalCrossentropy",
        ".fscore": "F1Score FBetaScore",
        ".hinges": "CategoricalHinge Hinge SquaredHinge",
        ".iou": "BinaryIoU IoU MeanIoU OneHotIoU OneHotMeanIoU",
        ".lookup": "deserialize get serialize",
        ".metric": "Metric registry",
        ".operating_points": (
            "PrecisionAtRecall RecallAtPrecision SensitivityAtSpecificity SpecificityAtSensitivity"
        ),
        ".precision_recall": "Precision Recall",
        ".probabilistic": "KLDivergence Poisson",
        ".r2": "R2Score",
        ".reduction": "Mean MeanMetricWrapper Sum",
        ".regression": (
            "CosineSimilarity LogCoshError MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError "
            "MeanSquaredLogarithmicError RootMeanSquaredError"
        ),
        "..losses": (
            "binary_crossentropy binary_focal_crossentropy categorical_crossentropy "
            "categorical_focal_crossentropy categorical_hinge hinge huber kl_divergence log_cosh "
            "mean_absolute_error mean_absolute_percentage_error mean_squared_error "
            "mean_squared_logarithmic_error poisson sparse_categorical_crossentropy squared_hinge"
        ),
    },
)
