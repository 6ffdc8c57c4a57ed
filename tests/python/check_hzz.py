"""Checks the histograms and the selected events of examples/jobs/hzz.toml against a selection with awkward.

check_hzz.py INPUT HISTOGRAMS SELECTED
"""

import sys

import awkward
import h5py
import numpy


def table(file, path):
    group = file[f"Event/{path}"]
    counts = group["_offsets"][1:] - group["_offsets"][:-1]
    columns = {name: awkward.unflatten(group[name][()], counts) for name in group if name != "_offsets"}
    return awkward.zip(columns)


def mass(*leptons):
    e, px, py, pz = (
        sum(awkward.values_astype(lepton[name], "f8") for lepton in leptons) for name in ("E", "Px", "Py", "Pz")
    )
    return numpy.sqrt(numpy.maximum(0, e**2 - px**2 - py**2 - pz**2))


def contents(file, path):
    return file[f"Histograms/{path}/storage/values"][1:-1]


def check(name, found, expected):
    assert numpy.array_equal(found, expected), f"{name}: {found} is not {expected}"


def main():
    source, histograms, selected = (h5py.File(path) for path in sys.argv[1:])
    muons, electrons = table(source, "Muon"), table(source, "Electron")
    pt = numpy.hypot(awkward.values_astype(muons.Px, "f8"), awkward.values_astype(muons.Py, "f8"))
    check("muon_pt", contents(histograms, "muon_pt"), numpy.histogram(awkward.flatten(pt), 50, (0, 200))[0])

    hard = muons[pt > 10]
    pairs = awkward.cartesian([hard[hard.Charge > 0], hard[hard.Charge < 0]])
    masses = awkward.flatten(mass(pairs["0"], pairs["1"]))
    check("dimuon_mass", contents(histograms, "dimuon_mass"), numpy.histogram(masses, 60, (0, 120))[0])

    def opposite(leptons):
        both = awkward.combinations(leptons, 2)
        return both[both["0"].Charge != both["1"].Charge]

    def twos(leptons, sign):
        return awkward.combinations(leptons[leptons.Charge == sign], 2)

    four = awkward.cartesian([twos(muons, 1), twos(muons, -1)])
    four = mass(four["0"]["0"], four["0"]["1"], four["1"]["0"], four["1"]["1"])
    check(
        "four_muon_mass",
        contents(histograms, "four_muon_mass"),
        numpy.histogram(awkward.flatten(four), 50, (0, 500))[0],
    )

    mixed = awkward.cartesian([opposite(muons), opposite(electrons)])
    mixed = mass(mixed["0"]["0"], mixed["0"]["1"], mixed["1"]["0"], mixed["1"]["1"])
    found = contents(histograms, "two_muon_two_electron_mass")
    check("two_muon_two_electron_mass", found, numpy.histogram(awkward.flatten(mixed), 50, (0, 500))[0])

    events = (awkward.num(four) > 0) | (awkward.num(mixed) > 0)
    assert selected["Event"].attrs["events"] == awkward.sum(events)
    check("muons of selected events", awkward.flatten(table(selected, "Muon").Px), awkward.flatten(muons[events].Px))


main()
