"""`make story` finds the parts of every op, layer and kernel, and none is missing."""

import runpy
from pathlib import Path

import pytest

TOOLS = Path(__file__).parent.parent / "tools"
if not TOOLS.exists():
    pytest.skip("no checkout: tools/ is not installed", allow_module_level=True)
STORY = runpy.run_path(str(TOOLS / "story.py"))
LINES = runpy.run_path(str(TOOLS / "lines.py"))
ROOT = STORY["ROOT"]

# An op has a caller in Python, a kernel with its reference and C check, a test and a benchmark, except:
MISSING = {
    "constraint": {"caller": "core/optimizer.pyx applies it after each step"},
    "conv_pool": {"caller": "the plan puts it in the place of a convolution and its pooling"},
    "dense": {"kernel": "it is made of the ops gemm and activation"},
    "gemm": {"caller": "a part of dense, dot and recurrent"},
    "loss_metric": {"reference": "what the ops loss and metric share; each kernel of theirs has one"},
    "linear_map": dict.fromkeys(
        ("caller", "kernel", "test", "benchmark"), "operands and fusions that dense, conv and depthwise share"
    ),
    "norm": dict.fromkeys(("caller", "test", "benchmark"), "a part of batch_norm and group_norm"),
    "strided_copy": {"benchmark": "bench_transpose.py times it"},
    "transpose": {"kernel": "it is the op strided_copy with other strides"},
}
# A kernel file has a reference of the same name and a check in C, except:
KERNELS_WITHOUT = {
    "narrow": "what gemm does with few columns, which is checked as a whole",
    "few_rows": "what gemm does with few rows, which is checked as a whole",
    "patches": "the index lists of conv, which is checked as a whole",
    "recurrent_pack": "how recurrent keeps weights, which is checked as a whole",
    "tile": "the inner loop of gemm and conv, which are checked as a whole",
}
CALLERS = {"layer", "loss", "metric", "optimizer", "python"}


def parts(name):
    """The parts of a story, with one name for all that may call an op."""
    found = STORY["parts"](STORY["story"](name)[0])
    return {"caller" if part in CALLERS else part: paths for part, paths in found.items()}


@pytest.mark.parametrize("op", sorted(STORY["all_ops"]()))
def test_an_op_has_all_its_parts(op):
    missing = {"caller", "op", "kernel", "reference", "C check", "test", "benchmark"} - set(parts(op))
    if "kernel" in MISSING.get(op, {}):
        missing -= {"reference", "C check"}
    assert missing == set(MISSING.get(op, {}))


def test_exceptions_are_of_ops_that_exist():
    assert set(MISSING) <= STORY["all_ops"]()


@pytest.mark.parametrize("kernel", sorted((ROOT / "csrc/kernels").glob("*.inc.c")), ids=STORY["stem"])
def test_a_kernel_has_a_reference_and_a_check(kernel):
    found = STORY["parts"](STORY["twins"](kernel))
    name = STORY["stem"](kernel)
    checked = found.get("C check") or any(
        "C check" in STORY["parts"](STORY["twins"](head)) for head in heads(kernel)
    )
    assert (bool(found.get("reference")) and bool(checked)) == (name not in KERNELS_WITHOUT)


def heads(kernel):
    """Files named for the headers that a file of kernels includes: recurrent.inc.c for lstm.inc.c."""
    places = [header.with_suffix(".inc.c") for header in STORY["headers"](kernel)]
    return [place for place in places if place.exists()]


@pytest.mark.parametrize("layer", sorted((ROOT / "fastnn/layers").glob("[a-z]*.py")), ids=STORY["stem"])
def test_a_layer_has_a_test(layer):
    assert "test" in parts(STORY["stem"](layer))


@pytest.mark.parametrize(
    ("name", "some"),
    [
        (
            "lstm",
            """
            fastnn/layers/lstm.py fastnn/kernels/ops/recurrent.pyx csrc/kernels/lstm.inc.c csrc/ref/lstm.inc.c
            csrc/kernels/recurrent.inc.c tests/csrc/recurrent.inc.c tests/test_lstm.py
            bench/bench_recurrent.py
            """,
        ),
        (
            "softmax",
            """
            fastnn/activations.py fastnn/kernels/ops/softmax.pyx csrc/kernels/softmax.inc.c
            csrc/ref/softmax.inc.c tests/csrc/softmax.inc.c tests/test_softmax_kernels.py
            bench/bench_softmax.py
            """,
        ),
        (
            "lion",
            """
            fastnn/optimizers/lion.py csrc/kernels/lion.inc.c csrc/ref/lion.inc.c csrc/kernels.def
            tests/csrc/update.inc.c tests/test_optimizers.py bench/bench_optimizer.py
            """,
        ),
        (
            "log_cosh",
            """
            fastnn/losses/regression.py csrc/kernels/loss.inc.c csrc/ref/loss.inc.c csrc/kernels.def
            tests/csrc/loss_metric.inc.c
            """,
        ),
        ("mish", "fastnn/activations.py csrc/activations.def csrc/kernels/activation.inc.c"),
    ],
)
def test_stories(name, some):
    found = {place for places in STORY["parts"](STORY["story"](name)[0]).values() for place in places}
    assert set(some.split()) <= found
    assert "tests/test_saving.py" not in found


def test_every_file_is_counted_once():
    counts = LINES["line_counts"]()
    assert counts["setup.py"] > 0
    assert not [path for path in counts if path.endswith(".c") and path.startswith("fastnn/")]
    assert {path.relative_to(ROOT).as_posix() for path in STORY["sources"]()} <= set(counts)
