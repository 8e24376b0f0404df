"""Measure serve_http.py on this machine: requests per second and latencies for workers, threads, batching."""

import argparse
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

SETTINGS = [(1, 1, 0), (1, 2, 0), (2, 1, 0), (2, 2, 0), (1, 8, 0), (1, 8, 8)]  # workers, threads, batch rows


def client(port, seconds, latencies):
    """Send requests of one row over one connection, one after the other."""
    body = json.dumps({"rows": [[0.5] * 64]}).encode()
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


def measure(workers, threads, rows, clients, seconds):
    """Return requests per second, and the median and the 99th percentile of latencies in milliseconds."""
    program = Path(__file__).with_name("serve_http.py")
    command = [sys.executable, str(program), "--bind", "127.0.0.1:0", "--workers", str(workers)]
    command += ["--threads", str(threads), "--batch-rows", str(rows)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        port = next(int(found[1]) for line in server.stderr if (found := re.search(r"127.0.0.1:(\d+)", line)))
        threading.Thread(target=server.stderr.read, daemon=True).start()
        client(port, 0.5, [])
        latencies = []
        running = [threading.Thread(target=client, args=(port, seconds, latencies)) for _ in range(clients)]
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
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    first = None
    print("workers  threads  batch rows  requests/s  ratio  p50 ms  p99 ms")
    for workers, threads, rows in SETTINGS:
        rate, median, high = measure(workers, threads, rows, options.clients, options.seconds)
        first = first or rate
        print(
            f"{workers:7}  {threads:7}  {rows or 'none':>10}  {rate:10.0f}  {rate / first:5.2f}  "
            f"{median:6.1f}  {high:6.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
