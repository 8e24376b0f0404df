"""Measure serve_http.py on this machine: requests per second and latencies for processes and threads.

It takes a minute and a half. The ratios are to the first line of each table.
"""

import argparse
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

import fastnn

# Units of hidden layers and rows of a request, and for these: workers, requests at once in each, threads of
# fastnn in each, rows of a batch.
TABLES = {
    ((128,), 1): [(1, 1, 1, 0), (1, 2, 1, 0), (2, 1, 1, 0), (2, 2, 1, 0), (1, 8, 1, 0), (1, 8, 1, 8)],
    ((1024, 1024), 64): [(1, 1, 1, 0), (1, 1, 2, 0), (2, 1, 1, 0), (2, 2, 1, 0), (2, 1, 2, 0), (2, 2, 2, 0)],
}


def client(port, rows, seconds, latencies):
    """Send requests over one connection, one after the other."""
    body = json.dumps({"rows": [[0.5] * 64] * rows}).encode()
    head = (
        f"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    )
    end = time.monotonic() + seconds
    with socket.create_connection(("127.0.0.1", port), 30) as link:
        while (start := time.monotonic()) < end:
            link.sendall(head.encode() + b"\r\n\r\n" + body)
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += link.recv(65536)
            header, _, rest = answer.partition(b"\r\n\r\n")
            size = int(re.search(rb"(?i)content-length: (\d+)", header)[1])
            while len(rest) < size:
                rest += link.recv(65536)
            assert b" 200 " in header.split(b"\r\n")[0], header
            latencies.append(time.monotonic() - start)


def measure(file, rows, setting, clients, seconds):
    """Return requests per second, and the median and the 99th percentile of latencies in milliseconds."""
    workers, threads, own_threads, batch = setting
    program = Path(__file__).with_name("serve_http.py")
    command = [sys.executable, str(program), file, "--bind", "127.0.0.1:0", "--workers", str(workers)]
    command += ["--threads", str(threads), "--batch-rows", str(batch)]
    environment = os.environ | {"FASTNN_NUM_THREADS": str(own_threads)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as server:
        port = next(int(found[1]) for line in server.stderr if (found := re.search(r"127.0.0.1:(\d+)", line)))
        threading.Thread(target=server.stderr.read, daemon=True).start()
        client(port, rows, 0.5, [])
        latencies = []
        arguments = port, rows, seconds, latencies
        running = [threading.Thread(target=client, args=arguments) for _ in range(clients)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
        os.kill(server.pid, signal.SIGTERM)
    return len(latencies) / seconds, *(1000 * np.percentile(latencies, [50, 99]))


def main():
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for (units, rows), settings in TABLES.items():
            hidden = [fastnn.layers.Dense(n, "relu") for n in units]
            last = fastnn.layers.Dense(10, "softmax")
            file = str(Path(folder, "model.fastnn"))
            fastnn.Sequential([fastnn.Input((64,)), *hidden, last]).save(file)
            print(f"{'-'.join(map(str, (64, *units, 10)))}, {rows} rows a request, {options.clients} clients")
            print("processes  requests  threads  batch rows  requests/s  ratio  p50 ms  p99 ms  ratio")
            first = None
            for setting in settings:
                rate, median, high = measure(file, rows, setting, options.clients, options.seconds)
                first = first or (rate, high)
                processes, requests, threads, batch = setting
                print(
                    f"{processes:9}  {requests:8}  {threads:7}  {batch or 'none':>10}  {rate:10.0f}  "
                    f"{rate / first[0]:5.2f}  {median:6.1f}  {high:6.1f}  {high / first[1]:5.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
