"""Utilities: one-hot labels, sequences, data sets, images, files, progress bars, seeds."""

from .._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "..backend": "clear_session",
        "..custom_objects": (
            "CustomObjectScope custom_object_scope=CustomObjectScope get_custom_objects "
            "register_keras_serializable"
        ),
        "..data.dataset": "PyDataset Sequence=PyDataset pack_x_y_sample_weight unpack_x_y_sample_weight",
        "..data.npy_dataset": "NpyDataset write_shards",
        "..data.parquet_dataset": "ParquetDataset",
        ".directories": "image_dataset_from_directory text_dataset_from_directory",
        ".files": "get_file",
        ".images": "array_to_img img_to_array load_img save_img",
        ".model_plot": "plot_model",
        ".numerical": "normalize to_categorical",
        ".progbar": "Progbar",
        ".random": "set_random_seed",
        ".sequences": "pad_sequences timeseries_dataset_from_array",
        ".split": "split_dataset",
    },
)
