"""Compares an event file with the TTree that it was converted from: check_root_to_hdf5.py INPUT.root TREE OUTPUT.h5

Prints the number of columns if all agree. Otherwise an assertion fails.
"""

import sys

import awkward
import h5py
import numpy
import uproot


def check(root, tree_name, event):
    tree = uproot.open(root)[tree_name]
    arrays = tree.arrays(library="ak")
    assert event.attrs["format"] == "gaudi-mpi events"
    assert event.attrs["format_version"] == 1
    assert event.attrs["events"] == tree.num_entries == len(arrays)
    expected = {}
    for name in arrays.fields:
        column = arrays[name]
        if column.ndim == 1:
            expected[f"{tree_name}/{name}"] = column
            continue
        # For example, NMuon is the counter of the branch Muon_px.
        table = tree[name].count_branch.name[1:]
        assert name.startswith(table + "_"), name
        expected[f"{table}/{name[len(table) + 1 :]}"] = awkward.flatten(column)
        ends = numpy.cumsum(awkward.to_numpy(awkward.num(column)))
        offsets = numpy.concatenate([[0], ends]).astype("u8")
        previous = expected.setdefault(f"{table}/_offsets", offsets)
        assert numpy.array_equal(previous, offsets), name

    found = {}
    event.visititems(lambda path, item: found.update({path: item}) if isinstance(item, h5py.Dataset) else None)
    assert found.keys() == expected.keys(), found.keys() ^ expected.keys()
    for path, column in expected.items():
        dataset = found[path]
        if h5py.check_string_dtype(dataset.dtype):
            assert dataset.asstr()[:].tolist() == column.tolist(), path
            continue
        column = numpy.asarray(column)
        assert dataset.dtype == column.dtype, (path, dataset.dtype, column.dtype)
        assert numpy.array_equal(dataset[:], column), path
        assert dataset.compression == "gzip" and dataset.shuffle and dataset.chunks, path
    print(f"{len(expected)} columns agree")


with h5py.File(sys.argv[3]) as file:
    check(sys.argv[1], sys.argv[2], file["/Event"])
