"""Nearest neighbours of the same vectors with hnswlib, usearch, hnsw_rs and our own scan, in one run.

    pip install numpy hnswlib usearch
    python benches/graphs.py [COUNT]

Seeded unit vectors around a thousand centres, 384 values each; as many threads as there are cores for building, one for searching.
All graphs have 24 connections, 200 candidates while building and 128 while searching. A line of JSON each: seconds to build, questions
a second, recall@10 against the cosines of all vectors.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

DIMENSIONS, QUERIES, CONNECTIONS, EF_CONSTRUCTION, EF_SEARCH = 384, 500, 24, 200, 128


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def clustered(count, centres, random):
    noise = random.random((count, DIMENSIONS), dtype=np.float32) - 0.5
    return unit(noise + 6.0 * centres[np.arange(count) % len(centres)])


def report(name, build_s, queries, truth, search):
    started = time.perf_counter()
    found = [search(query) for query in queries]
    queries_per_s = len(queries) / (time.perf_counter() - started)
    recall = np.mean([len(set(map(int, near)) & set(map(int, right))) / 10 for near, right in zip(found, truth)])
    print(json.dumps({"name": name, "build_s": build_s, "queries_per_s": queries_per_s, "recall_at_10": float(recall)}), flush=True)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    random = np.random.default_rng(11)
    centres = unit(random.random((1000, DIMENSIONS), dtype=np.float32) - 0.5)
    vectors, queries = clustered(count, centres, random), clustered(QUERIES, centres, random)
    truth = np.argsort(-(queries @ vectors.T), axis=1)[:, :10]

    import hnswlib

    started = time.perf_counter()
    graph = hnswlib.Index("ip", DIMENSIONS)
    graph.init_index(count, M=CONNECTIONS, ef_construction=EF_CONSTRUCTION)
    graph.add_items(vectors)
    build_s = time.perf_counter() - started
    graph.set_ef(EF_SEARCH)
    graph.set_num_threads(1)
    report("hnswlib", build_s, queries, truth, lambda query: graph.knn_query(query, 10)[0][0])

    from usearch.index import Index

    started = time.perf_counter()
    index = Index(ndim=DIMENSIONS, metric="ip", connectivity=CONNECTIONS, expansion_add=EF_CONSTRUCTION, expansion_search=EF_SEARCH)
    index.add(np.arange(count), vectors)
    build_s = time.perf_counter() - started
    report("usearch", build_s, queries, truth, lambda query: index.search(query, 10, threads=1).keys)

    with tempfile.TemporaryDirectory() as folder:
        vectors.tofile(Path(folder) / "vectors.f32")
        queries.tofile(Path(folder) / "queries.f32")
        command = ["cargo", "bench", "--locked", "--quiet", "--bench", "graphs", "--", folder]
        subprocess.run(command, cwd=Path(__file__).resolve().parent.parent, check=True)


main()
