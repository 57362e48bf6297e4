"""Times the Python peers of the neighbour search on the states that it is given, one answer a line as JSON.

    peers.py FOLDER D K THREADS     FOLDER holds x.f32 and q.f32, row-major float32

Each peer is built once and asked `REPEATS` times; where all queries would take long, an even share of them is asked and the
time is scaled up (exact searches answer each query by itself). The k-th distances of some queries are sent for comparison.
"""
import json, os, sys, time

folder, d, k, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
os.environ["OMP_NUM_THREADS"] = str(threads)
import numpy as np

REPEATS, PATIENCE = 5, 2.0
x = np.fromfile(f"{folder}/x.f32", np.float32).reshape(-1, d)
q = np.fromfile(f"{folder}/q.f32", np.float32).reshape(-1, d)


def even(m):
    return np.unique(np.linspace(0, len(q) - 1, m).astype(int))


def peer(name, build, ask):
    start = time.perf_counter()
    index = build()
    built = time.perf_counter() - start
    probe = even(256)
    start = time.perf_counter()
    ask(index, q[probe])
    once = (time.perf_counter() - start) / len(probe)
    rows = even(min(len(q), max(512, int(PATIENCE / max(once, 1e-9)))))
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        found = ask(index, q[rows])
        times.append((time.perf_counter() - start) * len(q) / len(rows))
    some = even(64)
    kth = np.sort(np.asarray(ask(index, q[some])), 1)[:, k - 1]
    print(json.dumps(dict(name=name, build=built, query=sorted(times), asked=len(rows), kth=[float(v) for v in kth])), flush=True)


def attempt(name, make):
    try:
        make()
    except ImportError as missing:
        print(json.dumps(dict(name=name, missing=str(missing))), flush=True)


def ckdtree():
    from scipy.spatial import cKDTree
    wide = lambda v: v.astype(np.float64)
    peer("scipy cKDTree", lambda: cKDTree(wide(x)), lambda t, v: t.query(wide(v), k=k, workers=threads)[0].reshape(len(v), -1))


def pykdtree():
    from pykdtree.kdtree import KDTree
    peer("pykdtree", lambda: KDTree(x), lambda t, v: t.query(np.ascontiguousarray(v), k=k)[0].reshape(len(v), -1))


def sklearn_tree():
    from sklearn.neighbors import KDTree
    # It has no threads of its own; half the queries are handed to each.
    from concurrent.futures import ThreadPoolExecutor
    def ask(t, v):
        with ThreadPoolExecutor(threads) as pool:
            return np.concatenate(list(pool.map(lambda part: t.query(part, k=k)[0], np.array_split(v, threads))))
    peer("sklearn KDTree", lambda: KDTree(x), ask)


def sklearn_brute():
    from sklearn.neighbors import NearestNeighbors
    peer("sklearn brute", lambda: NearestNeighbors(n_neighbors=k, algorithm="brute").fit(x), lambda t, v: t.kneighbors(v)[0])


def faiss_flat():
    import faiss
    faiss.omp_set_num_threads(threads)
    def build():
        index = faiss.IndexFlatL2(d)
        index.add(x)
        return index
    peer("faiss IndexFlatL2", build, lambda t, v: np.sqrt(t.search(np.ascontiguousarray(v), k)[0]))


# The trees look at nearly every state from some dimensions on: minutes that no tree would win.
if d <= 20:
    attempt("scipy cKDTree", ckdtree)
    attempt("pykdtree", pykdtree)
    attempt("sklearn KDTree", sklearn_tree)
attempt("sklearn brute", sklearn_brute)
attempt("faiss IndexFlatL2", faiss_flat)
