"""Compares a folder's histograms.h5 with the histograms that boost-histogram and numpy make from its rows.f64."""

import math
import sys
from pathlib import Path

import boost_histogram as bh
import h5py
import numpy as np
import uhi.io.hdf5

import hist

folder = Path(sys.argv[1])
x, y, z, weight, name, ids = np.fromfile(folder / "rows.f64", dtype="<f8").reshape(-1, 6).T
names = np.array(["muon", "kaon", "pion ±", "not booked"])[name.astype(int)].tolist()
ids = ids.astype(int)

uniform = bh.axis.Regular(70, -2.1, 3.7)
variable = bh.axis.Variable([-3.0, -1.1, 0.0, 0.3, 1.7, 4.0])
category = bh.axis.StrCategory(["muon", "kaon", "pion ±"], overflow=True)
numbers = bh.axis.IntCategory([13, -321, 211], overflow=True)


def fine(bins):
    return bh.axis.Regular(bins, -5.0, 5.0)


mixed_weight = np.where(ids == 13, 1.0, weight)
objects = {  # path: axes, coordinates, weights, profiled values
    "Nothing/in it": ([uniform], [[]], None, None),
    "Nothing/profiled": ([uniform], [[]], None, []),
    "Uniform/counts": ([uniform], [x], None, None),
    "Uniform/weighted": ([uniform], [x], weight, None),
    "Uniform/mixed": ([uniform], [x], mixed_weight, None),
    "Variable/counts": ([variable], [x], None, None),
    "Fine/counts": ([fine(200_000)], [x], None, None),
    "Category/names": ([category], [names], None, None),
    "Category/ids": ([numbers], [ids], None, None),
    "Plane/counts": ([uniform, variable], [x, y], None, None),
    "Plane/names": ([category, uniform], [names, x], weight, None),
    "Fine/plane": ([fine(400), fine(500)], [x, y], None, None),
    "Space": ([variable, category, fine(9)], [x, names, y], None, None),
    "Profile/counts": ([uniform], [x], None, z),
    "Profile/weighted": ([uniform], [x], np.abs(weight), z),
    "Profile/plane": ([variable, category], [y, names], None, z),
}


def same(ours, theirs, what):
    np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs), err_msg=what)


def indices(axis, values):
    """Returns the bins of values: -1 is underflow, `axis.size` overflow. axis.index rejects unknown categories."""
    if isinstance(axis, (bh.axis.StrCategory, bh.axis.IntCategory)):
        bins = {category: bin for bin, category in enumerate(axis)}
        return np.array([bins.get(value, axis.size) for value in values], dtype=int)
    return np.asarray(axis.index(values))


def exact_sums(h, coordinates, terms):
    """Returns the correctly rounded sum of the terms in each bin, including the flow bins."""
    rows = []
    for axis, values in zip(h.axes, coordinates, strict=True):
        rows.append(indices(axis, values) + int(axis.traits.underflow))
    flat = np.ravel_multi_index(rows, h.axes.extent)
    sums = np.zeros(math.prod(h.axes.extent))
    order = np.argsort(flat, kind="stable")
    for chunk in np.split(order, np.flatnonzero(np.diff(flat[order])) + 1):
        if len(chunk):
            sums[flat[chunk[0]]] = math.fsum(terms[chunk])
    return sums.reshape(h.axes.extent)


def check(path, group, axes, coordinates, weights, values):
    read = uhi.io.hdf5.read(group)
    ours = hist.Hist(read)
    storage = {
        (False, False): bh.storage.Int64(),
        (True, False): bh.storage.Weight(),
        (False, True): bh.storage.Mean(),
        (True, True): bh.storage.WeightedMean(),
    }[weights is not None, values is not None]
    theirs = bh.Histogram(*axes, storage=storage)
    theirs.fill(*coordinates, weight=weights, sample=values)

    assert ours.storage_type.__name__ == type(storage).__name__, (path, ours.storage_type)
    assert len(ours.axes) == len(axes)
    for mine, axis in zip(ours.axes, axes, strict=True):
        assert type(mine).__name__ == type(axis).__name__, (path, mine)
        assert mine.traits == axis.traits, (path, mine.traits)
        same(mine.edges, axis.edges, path)
        same(list(mine), list(axis), path)

    mine, other = ours.view(flow=True), theirs.view(flow=True)
    if values is None and weights is None:
        assert mine.dtype == np.int64
        same(mine, other, path)
        same(ours.values(), theirs.values(), path)
        same(ours.variances(), theirs.variances(), path)
    elif values is None:
        same(mine.value, exact_sums(theirs, coordinates, weights), path)
        same(mine.variance, exact_sums(theirs, coordinates, weights * weights), path)
        np.testing.assert_allclose(mine.value, other.value, rtol=1e-6, err_msg=path)
    else:
        close = {"rtol": 1e-9, "atol": 1e-12, "err_msg": path}
        if weights is None:
            same(mine.count, other.count, path)
        else:
            same(mine.sum_of_weights, exact_sums(theirs, coordinates, weights), path)
            same(mine.sum_of_weights_squared, exact_sums(theirs, coordinates, weights**2), path)
        np.testing.assert_allclose(mine.value, other.value, **close)
        # If one weight dwarfs all others, the sum of squared deviations loses precision by cancellation.
        sums = other["_sum_of_deltas_squared" if weights is None else "_sum_of_weighted_deltas_squared"]
        our_sums = mine["_sum_of_deltas_squared" if weights is None else "_sum_of_weighted_deltas_squared"]
        scale = other.count if weights is None else other.sum_of_weights
        same(np.isnan(our_sums), np.isnan(sums), path)
        filled = scale > 0
        np.testing.assert_allclose(
            our_sums[filled] / scale[filled], sums[filled] / scale[filled], rtol=1e-9, atol=1e-10, err_msg=path
        )

    metadata = dict(group["metadata"].attrs)
    assert ours.name == path and ours.label == metadata["label"]
    assert metadata["entries"] == len(coordinates[0]), path
    inside = np.ones(len(coordinates[0]), dtype=bool)
    for axis, c in zip(axes, coordinates, strict=True):
        index = indices(axis, c) if len(c) else np.zeros(0, int)
        inside &= (index >= 0) & (index < axis.size)
    if inside.any():
        w = (np.ones(len(x)) if weights is None else weights)[inside]
        for number, (axis, c) in enumerate(zip(axes, coordinates, strict=True)):
            if isinstance(axis, (bh.axis.Regular, bh.axis.Variable)):
                letter = "" if len(axes) == 1 else "_" + "xyz"[number]
                c = np.asarray(c)[inside]
                mean = math.fsum(w * c) / math.fsum(w)
                variance = math.fsum(w * c * c) / math.fsum(w) - mean * mean
                np.testing.assert_allclose(metadata["mean" + letter], mean, rtol=1e-14, err_msg=path)
                terms = group["exact"].attrs["sum_w" + "xyz"[number]]
                np.testing.assert_allclose(math.fsum(terms), math.fsum(w * c), rtol=1e-14, err_msg=path)
                assert math.fsum(terms) == terms[0], path
                np.testing.assert_allclose(
                    metadata["std_dev" + letter], math.sqrt(max(variance, 0)), rtol=1e-12, err_msg=path
                )
        effective = math.fsum(w) ** 2 / math.fsum(w * w)
        np.testing.assert_allclose(metadata["effective_entries"], effective, rtol=1e-14, err_msg=path)


with h5py.File(folder / "histograms.h5") as file:
    for path, expected in objects.items():
        check(path, file["Histograms"][path], *expected)

    mass = hist.Hist(uhi.io.hdf5.read(file["Histograms/Uniform/counts"]))
    assert mass.label == "Mass of B cand" and mass.axes[0].label == "m(J/ψ φ) [MeV]" and mass.axes[0].unit == "MeV"
    assert dict(file["Histograms/Profile/counts/metadata"].attrs)["value_unit"] == "GeV"
    values = file["Histograms/Fine/counts/storage/values"]
    assert values.compression == "gzip" and values.shuffle and values.chunks
    assert file["Histograms/Uniform/counts/storage/values"].compression is None

    # Python can also add histograms, and write and read them again.
    assert (mass + mass).sum(flow=True) == 2 * len(x)
    with h5py.File(folder / "again.h5", "w") as again:
        uhi.io.hdf5.write(again.create_group("mass"), mass)
        assert hist.Hist(uhi.io.hdf5.read(again["mass"])) == mass

print(f"{len(objects)} objects agree")
