"""Writes filters.hdf5: the same numbers under every filter that oodscope reads, and under one that it does not.

    pip install h5py hdf5plugin numpy && make_filters.py
"""
import os
import h5py, hdf5plugin as p, numpy as np

at = os.path.join(os.path.dirname(os.path.abspath(__file__)), "filters.hdf5")
values = lambda n: np.floor(np.arange(n) * 7919 % 1000 / 16.0) / 4.0
with h5py.File(at, "w") as f:
    def put(name, dtype, n, **how):
        f.create_dataset(name, data=values(n).astype(dtype), chunks=(n,), **how)

    for codec in ("blosclz", "lz4", "lz4hc", "zlib", "zstd", "snappy"):
        for shuffle in range(3):
            try:
                put(f"blosc_{codec}_{shuffle}", "f4" if shuffle else "f8", 1003 + 8 * shuffle, **p.Blosc(cname=codec, clevel=5, shuffle=shuffle))
            except ValueError as e:
                print(codec, e)
    put("blosc_long", "f8", 40000, **p.Blosc(cname="blosclz", clevel=9, shuffle=1))
    put("blosc_bits", "f4", 1024, **p.Blosc(cname="zstd", clevel=3, shuffle=2))
    put("blosc_copied", "f8", 1000, **p.Blosc(cname="lz4", clevel=0, shuffle=0))
    for codec in ("none", "lz4", "zstd"):
        put(f"bitshuffle_{codec}", "f4", 3011, **p.Bitshuffle(cname=codec))
        put(f"bitshuffle8_{codec}", "f8", 1003, **p.Bitshuffle(nelems=128, cname=codec))
    put("zstd", "f8", 1000, **p.Zstd(clevel=3))
    put("lz4", "f8", 1000, **p.LZ4())
    put("lzf", "f8", 1000, compression="lzf")
    put("gzip_shuffle", "f4", 1000, compression="gzip", shuffle=True)
    put("not_blosc2", "f8", 1000, **p.Blosc2(cname="zstd"))
print(os.path.getsize(at), "bytes")
