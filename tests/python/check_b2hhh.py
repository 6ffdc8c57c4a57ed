"""check_b2hhh.py INPUT HISTOGRAMS: checks every bin of the example's histograms against numpy."""

import sys

import h5py
import numpy as np
import uhi.io.hdf5

import hist

KAON = 493.677

with h5py.File(sys.argv[1]) as file:
    table = file["Event/PhaseSpaceTree"]
    tracks = [[table[f"H{i}_{name}"][:] for name in ("PX", "PY", "PZ", "Charge")] for i in (1, 2, 3)]


def momentum(*numbers):
    """Returns the sum of the four-momenta of these kaons."""
    total = [0.0] * 4
    for number in numbers:
        px, py, pz, _ = tracks[number]
        energy = np.sqrt(px * px + py * py + pz * pz + KAON * KAON)
        total = [a + b for a, b in zip(total, (px, py, pz, energy), strict=True)]
    return total


def mass2(px, py, pz, e):
    return e * e - (px * px + py * py + pz * pz)


def p(px, py, pz, e):
    return np.sqrt(px * px + py * py + pz * pz)


expected = {"B/mass": [np.sqrt(mass2(*momentum(0, 1, 2)))], "B/p": [p(*momentum(0, 1, 2))]}
for i in range(3):
    expected[f"H{i + 1}/p"] = [p(*momentum(i))]

# The Dalitz plot: pairs of the track whose charge differs from the other two with each of those.
charges = np.array([track[3] for track in tracks])
pairs = np.full((2, charges.shape[1]), np.nan)
for odd in range(3):
    others = [(odd + 1) % 3, (odd + 2) % 3]
    is_odd = (charges[odd] != charges[others[0]]) & (charges[odd] != charges[others[1]])
    for row, other in enumerate(others):
        pairs[row][is_odd] = (mass2(*momentum(odd, other)) / 1e6)[is_odd]
pairs = pairs[:, ~np.isnan(pairs[0])]
expected["B/dalitz"] = [pairs.min(axis=0), pairs.max(axis=0)]

with h5py.File(sys.argv[2]) as file:
    for path, columns in expected.items():
        histogram = hist.Hist(uhi.io.hdf5.read(file["Histograms"][path]))
        bins, _ = np.histogramdd(columns, bins=[axis.edges for axis in histogram.axes])
        assert bins.sum() > 10_000, path
        assert np.array_equal(histogram.values(), bins), path
        # Underflow and overflow, which numpy does not count, are as boost-histogram fills them.
        again = hist.Hist(*histogram.axes, storage=hist.storage.Int64()).fill(*columns)
        assert np.array_equal(histogram.values(flow=True), again.values(flow=True)), path
