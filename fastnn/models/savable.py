"""`Savable`: the methods of a model that have to do with files; what they do is in `fastnn.saving`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..saving import LoadReport
    from ..saving.container import Path


class Savable:
    """What models inherit: files of models and of weights."""

    def save(self, filepath: Path, overwrite: bool = True, zipped: None = None) -> None:
        """Write the model to a file: see `fastnn.saving.save_model`.

        Parameters
        ----------
        filepath : str, path or binary file object
            Any name will do: "digits.fastnn".
        overwrite : bool, default True
            Whether to replace a file that is there.
        zipped
            Accepted for Keras' sake: it is one file.
        """
        from ..saving import save_model

        save_model(self, filepath, overwrite)

    def save_weights(self, filepath: Path, overwrite: bool = True, max_shard_size: None = None) -> None:
        """Write the weights to a file: see `fastnn.saving.save_weights`.

        Parameters
        ----------
        filepath : str, path or binary file object
        overwrite : bool, default True
            Whether to replace a file that is there.
        max_shard_size
            Accepted for Keras' sake: it is one file.
        """
        from ..saving import save_weights

        save_weights(self, filepath, overwrite)

    def load_weights(self, filepath: Path, skip_mismatch: bool = False, by_name: bool = False) -> LoadReport:
        """Set the weights to those of a file: see `fastnn.saving.load_weights`.

        Parameters
        ----------
        filepath : str, path or binary file object
        skip_mismatch : bool, default False
            Whether to set what fits and warn of the rest, rather than to set nothing and raise an error.
        by_name : bool, default False
            Whether to go by the names of all layers, and leave out what only the file or only the model has.

        Returns
        -------
        LoadReport
            What has been set and what has not.
        """
        from ..saving import load_weights

        return load_weights(self, filepath, skip_mismatch, by_name)

    def to_json(self, **kwargs: Any) -> str:
        """Return the configuration as JSON: see `fastnn.saving.to_json`.

        Parameters
        ----------
        **kwargs
            See `json.dumps`.
        """
        from ..saving import to_json

        return to_json(self, **kwargs)
