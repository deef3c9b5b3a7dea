"""The peers' aggregation over arrays held in memory: JSON lines in, JSON lines out.

Calls the functions of installed flwr and nvflare themselves. Their containers are replaced by ones that hand arrays
out as they are, so that a figure has the mathematics in it and no serialisation.
"""
import ctypes
import json
import sys
import time
from types import SimpleNamespace

import cryptography
import flwr
import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flwr.common.secure_aggregation.ndarrays_arithmetic import parameters_addition, parameters_mod
from flwr.server.strategy.aggregate import aggregate, aggregate_median, aggregate_trimmed_avg
from flwr.serverapp.strategy import multikrum, strategy_utils
from nvflare.app_common.aggregators.weighted_aggregation_helper import WeightedAggregationHelper

strategy_utils.ArrayRecord = dict
strategy_utils.Array = lambda array: array
held = {}


def hold(request):
    arrays = np.fromfile(request["file"], dtype=request["dtype"]).reshape(request["K"], -1)
    if request.get("wide"):
        arrays = arrays.astype(np.int64)
    held["layers"] = [np.split(row, request["tensors"]) for row in arrays]
    held["weights"] = request["weights"]
    return {}


def record(layers, weight):
    items = {str(i): SimpleNamespace(numpy=lambda layer=layer: layer) for i, layer in enumerate(layers)}
    return SimpleNamespace(metric_records={"m": {"n": weight}}, array_records={"a": items})


def array_records(layers):
    records = [record(row, weight) for row, weight in zip(layers, held["weights"], strict=True)]
    return list(strategy_utils.aggregate_arrayrecords(records, "n").values())


def nvflare(layers):
    helper = WeightedAggregationHelper()
    for i, (row, weight) in enumerate(zip(layers, held["weights"], strict=True)):
        helper.add({str(j): layer for j, layer in enumerate(row)}, weight, f"site-{i}", 0)
    return list(helper.get_result().values())


def secure_sum(layers):
    total = layers[0]
    for row in layers[1:]:
        total = parameters_addition(total, row)
    return parameters_mod(total, 2**32)


def distances(layers):
    records = [SimpleNamespace(to_numpy_ndarrays=lambda row=row: row) for row in layers]
    return [multikrum.compute_distances(records)]


def pairs(layers):
    return list(zip(layers, held["weights"], strict=True))


RULES = {
    "array-records": array_records,
    "aggregate": lambda layers: aggregate(pairs(layers)),
    "nvflare": nvflare,
    "median": lambda layers: aggregate_median(pairs(layers)),
    "trimmed-mean": lambda layers: aggregate_trimmed_avg(pairs(layers), 0.2),
    "distances": distances,
    "modular-sum": secure_sum,
}


def run(request):
    begun = time.perf_counter()
    result = RULES[request["rule"]](held["layers"])
    seconds = time.perf_counter() - begun
    if "out" in request:
        np.concatenate([layer.ravel() for layer in result]).astype(np.float64).tofile(request["out"])
    return {"seconds": seconds}


def open_update(file, key, segment, plain):
    """Opens a FLOE file segment by segment; answers its plaintext."""
    cipher = AESGCM(key)
    sealed = np.fromfile(file, dtype=np.uint8)
    view = memoryview(sealed)[74:]
    count = -(-len(view) // segment)
    target = memoryview(plain)
    at = 0
    for i in range(count):
        part = view[i * segment : (i + 1) * segment]
        data = i.to_bytes(8, "big") + bytes([i == count - 1])
        length = len(part) - 32
        cipher.decrypt_into(part[4:16], part[16:], data, target[at : at + length])
        at += length
    return plain


def sealed(request):
    """Opens all updates and hands them to Flower's in-place mathematics, then writes base + mean."""
    begun = time.perf_counter()
    header, length = request["header"], request["length"]
    base = np.fromfile(request["base"], dtype=np.uint8)
    weights = request["weights"]
    total = sum(weights)
    mean = None
    plain = np.empty(length, dtype=np.uint8)
    for update, weight in zip(request["updates"], weights, strict=True):
        open_update(update["file"], bytes.fromhex(update["key"]), request["segment"], plain)
        value = plain[header:].view(np.float32)
        if mean is None:
            mean = value * (weight / total)
        else:
            mean += value * (weight / total)
    base[header:].view(np.float32)[:] += mean
    base.tofile(request["out"])
    return {"seconds": time.perf_counter() - begun}


def facts(_request):
    size = 256 * 2**20
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    address = libc.mmap(None, size, 3, 0x22, -1, 0)
    libc.madvise(ctypes.c_void_p(address), ctypes.c_size_t(size), 15)
    begun = time.perf_counter()
    pages = (ctypes.c_char * size).from_address(address)
    np.frombuffer(pages, dtype=np.uint8)[::4096] = 1
    fault = (time.perf_counter() - begun) / (size / 4096) * 1e9
    libc.munmap(address, size)
    return {
        "faultNanoseconds": fault,
        "versions": f"Python {sys.version.split()[0]}, numpy {np.__version__}, flwr {flwr.__version__}, "
        f"cryptography {cryptography.__version__}",
    }


REQUESTS = {"hold": hold, "run": run, "sealed": sealed, "facts": facts}
answers = sys.stdout
sys.stdout = sys.stderr
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps(REQUESTS[request["op"]](request)), file=answers, flush=True)
