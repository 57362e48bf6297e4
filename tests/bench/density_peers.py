"""Times numpy.histogram2d and fast-histogram on two columns of f32: density_peers.py FILE N BINS.

FILE holds x and then y, each N raw little-endian f32. Every line on standard input names a peer; the answer is the
milliseconds of one histogram over [-1, 1] x [-1, 1], or "none" where the peer is not installed.
"""

import sys
import time

import numpy as np

try:
    from fast_histogram import histogram2d as fast
except ImportError:
    fast = None

path, n, bins = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
x, y = np.fromfile(path, dtype="<f4").reshape(2, n)
ranges = [[-1.0, 1.0], [-1.0, 1.0]]
peers = {
    "numpy": lambda: np.histogram2d(x, y, bins=bins, range=ranges)[0],
    "fast-histogram": fast and (lambda: fast(x, y, bins=bins, range=ranges)),
}
print("ready", flush=True)
for line in sys.stdin:
    peer = peers[line.strip()]
    if peer is None:
        print("none", flush=True)
        continue
    start = time.perf_counter()
    counts = peer()
    took = 1e3 * (time.perf_counter() - start)
    print(f"{took:.4f} {int(counts.sum())}", flush=True)
