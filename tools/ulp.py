"""The worst error of every elementary function: of float over every number there is, 2^32 of them.

    python tools/ulp.py                                  # a minute or two for each function
    python tools/ulp.py --function tanh exp --isa avx2
    python tools/ulp.py --dtype float64                  # over the sample of tests/test_math.py

The errors are in units in the last place; tests/ulp.py says what they are measured against.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

from fastnn.kernels.core import runtime

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
import ulp

CHUNK = 2**14


def chunks(dtype):
    """Arrays that together are every float, or the sample of double."""
    if dtype == "float64":
        yield from np.array_split(ulp.sample(dtype), 16)
        return
    tiny = np.finfo(dtype).tiny
    for start in range(0, 2**32, CHUNK):
        x = (np.arange(CHUNK, dtype=np.uint32) + np.uint32(start)).view(np.float32)
        subnormal = (np.abs(x) < tiny) & (x != 0)
        yield x[~subnormal] if subnormal.any() else x


def may_exceed(error, y, expected):
    """Where y may be more than `error` units off: a unit is more than |expected| epsilon / 2."""
    with np.errstate(all="ignore"):
        units = np.abs(y.astype(expected.dtype) - expected) / (np.abs(expected) * (np.finfo(y.dtype).eps / 2))
        return ~((units <= error) | (y == expected))


def main():
    """Measure and print."""
    isas = [*runtime.isa_names(), "ref"]
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--function", nargs="+", choices=ulp.BOUNDS, default=list(ulp.BOUNDS))
    parser.add_argument("--isa", nargs="+", choices=isas, default=isas)
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float32")
    options = parser.parse_args()

    total = 16 if options.dtype == "float64" else 2**32 // CHUNK
    print(f"{'function':10}{'isa':8}{'error':>8}  x")
    for function in options.function:
        found = dict.fromkeys(options.isa, (0.0, 0.0))
        for x in tqdm(chunks(options.dtype), function, total, leave=False):
            expected = ulp.exact(function, x)
            for isa in options.isa:
                y = ulp.apply(function, isa, x)
                worse = may_exceed(found[isa][0], y, expected)
                if worse.any():
                    error, at = ulp.worst(y[worse], expected[worse], x[worse])
                    found[isa] = max(found[isa], (error, float(at)))
        for isa, (error, at) in found.items():
            print(f"{function:10}{isa:8}{error:8.3f}  {at!r}", flush=True)


if __name__ == "__main__":
    main()
