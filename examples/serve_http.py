"""Serve a model over HTTP: processes forked by gunicorn after the model is loaded, and Flask in them.

POST /predict takes {"rows": [...]} and returns {"predictions": [...]}; GET /health and /metrics are for
supervisors. SIGTERM ends it after the requests at hand, SIGHUP reads the file again. The extra `serve` has
the packages. Without a file it serves a small untrained model.
"""

import argparse
import logging
import os
import shutil
import tempfile
import threading
import time
from concurrent.futures import Future
from queue import Empty, SimpleQueue

import numpy as np

import fastnn

MOST_BYTES, MOST_ROWS = 10_000_000, 10_000  # of one request


class Batcher:
    """Predicts the rows of several requests in one call: up to `rows`, or what has come after `seconds`."""

    def __init__(self, model, rows, seconds):
        self.model, self.rows, self.seconds, self.queue = model, rows, seconds, SimpleQueue()
        self.lock, self.thread = threading.Lock(), None

    def __call__(self, x):
        """Return the predictions of rows."""
        with self.lock:
            if self.thread is None:  # made by the first request: threads do not survive a fork
                self.thread = threading.Thread(target=self.run, daemon=True)
                self.thread.start()
        answer = Future()
        self.queue.put((x, answer))
        return answer.result()

    def run(self):
        """Predict what comes, in batches."""
        while True:
            waiting, end = [self.queue.get()], time.monotonic() + self.seconds
            while sum(len(x) for x, _ in waiting) < self.rows:
                try:
                    waiting.append(self.queue.get(timeout=max(0.0, end - time.monotonic())))
                except Empty:
                    break
            try:
                y = self.model(np.concatenate([x for x, _ in waiting]))
            except Exception as error:  # belongs to those who wait
                for _, answer in waiting:
                    answer.set_exception(error)
                continue
            start = 0
            for x, answer in waiting:
                answer.set_result(y[start : start + len(x)])
                start += len(x)


def checked_rows(body, shape):
    """Return the rows of a request as an array, or raise a `ValueError` that says what is wrong."""
    if not isinstance(body, dict) or not isinstance(body.get("rows"), list):
        raise ValueError('expected {"rows": [...]}')
    if not 1 <= len(body["rows"]) <= MOST_ROWS:
        raise ValueError(f"rows: expected 1 to {MOST_ROWS}, got {len(body['rows'])}")
    try:
        x = np.asarray(body["rows"])
    except ValueError:
        raise ValueError(f"rows: expected each of shape {shape}, got rows of different shapes") from None
    if x.dtype.kind not in "fiub":
        raise ValueError("rows: expected numbers")
    if x.shape[1:] != shape:
        raise ValueError(f"rows: expected each of shape {shape}, got {x.shape[1:]}")
    x = x.astype("float32")
    if not np.isfinite(x).all():
        raise ValueError("rows: expected finite numbers")
    return x


def application(options):
    """Return the WSGI application that serves the model of a file."""
    from flask import Flask, jsonify, request
    from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess

    model = load(options.model)
    shape = tuple(model.input_shape[1:])
    predict = Batcher(model, options.batch_rows, options.batch_ms / 1000) if options.batch_rows else model
    model(np.zeros((1, *shape), "float32"))  # makes the plan, which the forked processes share
    registry = CollectorRegistry()
    requests = Counter("requests", "Requests by status.", ["status"], registry=registry)
    seconds = Histogram("predict_seconds", "Time of requests to /predict.", registry=registry)
    app = Flask("serve_http")
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES

    @app.post("/predict")
    @seconds.time()
    def _predict():
        try:
            x = checked_rows(request.get_json(), shape)
        except ValueError as error:
            return jsonify(error=str(error)), 400
        return jsonify(predictions=np.asarray(predict(x)).tolist())

    @app.get("/health")
    def _health():
        return jsonify(status="ok", model=model.name, metadata=model.metadata)

    @app.get("/metrics")
    def _metrics():
        merged = CollectorRegistry()
        multiprocess.MultiProcessCollector(merged)
        return app.response_class(generate_latest(merged), mimetype="text/plain")

    @app.after_request
    def _count(response):
        requests.labels(str(response.status_code)).inc()
        return response

    return app


def load(file):
    """Return the model of a file."""
    if file is not None:
        return fastnn.saving.load_model(file, compile=False)
    dense = fastnn.layers.Dense
    return fastnn.Sequential([fastnn.Input((64,)), dense(128, "relu"), dense(10, "softmax")])


def main():
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", help="a file that model.save has written")
    parser.add_argument("--bind", default="127.0.0.1:8000")
    parser.add_argument(
        "--workers", type=int, default=1, help="processes, best one for each processor; default: 1"
    )
    parser.add_argument("--threads", type=int, default=1, help="requests at once in a process")
    parser.add_argument("--batch-rows", type=int, default=0, help="collect requests up to so many rows")
    parser.add_argument("--batch-ms", type=float, default=2.0, help="or for so long")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="serve-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder  # before prometheus_client is imported
    if "FASTNN_NUM_THREADS" not in os.environ:
        fastnn.set_num_threads(1)  # of each process: requests run side by side instead

    from gunicorn.app.base import BaseApplication
    from prometheus_client import multiprocess

    class Server(BaseApplication):
        """Gunicorn with the settings of this program."""

        def load_config(self):
            """Set what the command line and this program say."""
            settings = {
                "bind": options.bind,
                "workers": options.workers,
                "worker_class": "gthread",
                "threads": options.threads,
                "preload_app": True,
                "timeout": 30,
                "graceful_timeout": 20,
                "control_socket_disable": True,
                "child_exit": lambda server, worker: multiprocess.mark_process_dead(worker.pid),
                "on_exit": lambda server: shutil.rmtree(folder, ignore_errors=True),
            }
            for name, value in settings.items():
                if name in self.cfg.settings:  # older versions have no control socket
                    self.cfg.set(name, value)

        def load(self):
            """Return the application, before processes are forked."""
            return application(options)

        def reload(self):
            """Read the file again, at SIGHUP."""
            try:
                self.callable = application(options)
            except (OSError, ValueError) as error:  # the old model goes on
                logging.getLogger("gunicorn.error").error("the file is not read again: %s", error)
            super().reload()

    Server().run()


if __name__ == "__main__":
    main()
