"""The example that serves a model over HTTP: what it answers, and how it ends."""

import json
import re
import runpy
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest

import fastnn
from fastnn import layers

PROGRAM = Path(__file__).parent.parent / "examples" / "serve_http.py"
posix = pytest.mark.skipif(sys.platform == "win32", reason="gunicorn needs fork")


def asked(port, path, body=None):
    """Status and text of an answer."""
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", data, {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@posix
@pytest.mark.loopback
@pytest.mark.parametrize("batch_rows", [0, 8], ids=["each by itself", "batched"])
def test_a_server(batch_rows, tmp_path):
    for package in ("gunicorn", "flask", "prometheus_client"):
        pytest.importorskip(package)
    model = fastnn.Sequential([fastnn.Input((3,)), layers.Dense(2)])
    model.metadata = {"version": 7}
    model.save(tmp_path / "model.fastnn")
    command = [sys.executable, str(PROGRAM), "model.fastnn", "--bind", "127.0.0.1:0", "--threads", "2"]
    command += ["--batch-rows", str(batch_rows)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as server:
        try:
            found = (re.search(r"Listening at: http://127.0.0.1:(\d+)", line) for line in server.stderr)
            port = next(match[1] for match in found if match)
            drained = threading.Thread(target=server.stderr.read)
            drained.start()
            status, text = asked(port, "/predict", {"rows": [[1, 2, 3], [4, 5, 6]]})
            assert status == 200
            expected = model.predict(np.array([[1, 2, 3], [4, 5, 6]]), verbose=0)
            np.testing.assert_array_equal(np.array(json.loads(text)["predictions"], "float32"), expected)
            assert asked(port, "/predict", {"rows": [[1]]})[0] == 400
            assert asked(port, "/predict", b"{")[0] == 400
            assert json.loads(asked(port, "/health")[1])["metadata"] == {"version": 7}
            assert 'requests_total{status="400"} 2.0' in asked(port, "/metrics")[1]
        finally:
            server.send_signal(signal.SIGTERM)
        assert server.wait(20) == 0
        drained.join()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "expected {"),
        ({"rows": 3}, "expected {"),
        ({"rows": []}, "expected 1 to"),
        ({"rows": [[1, 2, 3], [1]]}, "different shapes"),
        ({"rows": [[1, 2]]}, r"expected each of shape \(3,\), got \(2,\)"),
        ({"rows": [["a", "b", "c"]]}, "expected numbers"),
        ({"rows": [[None, 1, 2]]}, "expected numbers"),
        ({"rows": [[1e400, 1, 2]]}, "expected finite numbers"),
    ],
)
def test_rows_are_checked(body, message):
    with pytest.raises(ValueError, match=message):
        runpy.run_path(str(PROGRAM))["checked_rows"](body, (3,))


def test_a_batch_that_fails_fails_for_those_in_it():
    def model(x):
        if np.isnan(x).any():
            raise RuntimeError("not a number")
        return 2 * x

    predict = runpy.run_path(str(PROGRAM))["Batcher"](model, 4, 0.001)
    with pytest.raises(RuntimeError, match="not a number"):
        predict(np.array([[np.nan]]))
    np.testing.assert_array_equal(predict(np.array([[1.0], [2.0]])), [[2.0], [4.0]])
