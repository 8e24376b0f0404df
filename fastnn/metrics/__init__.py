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
        ".confusion": (
            "FalseNegatives FalsePositives Precision PrecisionAtRecall Recall RecallAtPrecision "
            "SensitivityAtSpecificity SpecificityAtSensitivity TrueNegatives TruePositives"
        ),
        ".fscore": "F1Score FBetaScore",
        ".iou": "BinaryIoU IoU MeanIoU OneHotIoU OneHotMeanIoU",
        ".lookup": "deserialize get serialize",
        ".metric": "Metric registry",
        ".probabilistic": (
            "BinaryCrossentropy CategoricalCrossentropy CategoricalHinge CosineSimilarity Hinge "
            "KLDivergence LogCoshError MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError "
            "MeanSquaredLogarithmicError Poisson RootMeanSquaredError SparseCategoricalCrossentropy "
            "SquaredHinge"
        ),
        ".reduction": "Mean MeanMetricWrapper Sum",
        ".regression": (
            "ConcordanceCorrelation PearsonCorrelation R2Score concordance_correlation pearson_correlation"
        ),
        "..losses": (
            "binary_crossentropy binary_focal_crossentropy categorical_crossentropy "
            "categorical_focal_crossentropy categorical_hinge hinge huber kl_divergence log_cosh "
            "mean_absolute_error mean_absolute_percentage_error mean_squared_error "
            "mean_squared_logarithmic_error poisson sparse_categorical_crossentropy squared_hinge"
        ),
    },
)
