"""Write what tests without PyTorch compare with: tests/torch_files.zip.

Run where PyTorch and fastnn are installed:

    python tools/torch_files.py tests/torch_files.zip

For each module of tests/torch_modules.py: the configuration of the model that fastnn makes of it, its state
dict, samples and what the module makes of them.
"""

from __future__ import annotations

import argparse
import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from torch_modules import modules, tried

from fastnn.interop.torch import from_module


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archive", type=Path)
    with zipfile.ZipFile(parser.parse_args().archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name in modules(torch):
            module, shapes, x, y = tried(torch, name)
            arrays = {f"x/{i}": array for i, array in enumerate(x)}
            arrays |= {f"y/{i}": array for i, array in enumerate(y)}
            arrays |= {f"state/{key}": value.numpy() for key, value in module.state_dict().items()}
            file = io.BytesIO()
            np.savez(file, **arrays)
            packed.writestr(f"{name}.json", from_module(module, shapes).to_json())
            packed.writestr(f"{name}.npz", file.getvalue())


if __name__ == "__main__":
    main()
