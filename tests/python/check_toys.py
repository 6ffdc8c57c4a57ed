"""check_toys.py HISTOGRAMS: checks that Python reads the built-in job's histograms and that they look like physics."""

import sys

import h5py
import uhi.io.hdf5

import hist

with h5py.File(sys.argv[1]) as file:
    folder = file["Histograms/Phys"]
    assert sorted(folder) == ["hbmass", "hbpt", "hjpsimass", "hphimass"], list(folder)
    histograms = {name: hist.Hist(uhi.io.hdf5.read(folder[name])) for name in folder}

mass = histograms["hbmass"]
assert mass.axes[0].size == 100 and mass.axes[0].edges[0] == 5200 and mass.axes[0].edges[-1] == 5500
assert mass.label == "Mass of B cand", mass.label

# The Bs peak rises above the background on both sides.
peak = mass[hist.loc(5351) : hist.loc(5381) : sum]
side = (mass[hist.loc(5300) : hist.loc(5330) : sum] + mass[hist.loc(5402) : hist.loc(5432) : sum]) / 2
assert peak > 2 * side, (peak, side)

# Every histogram has all candidates.
entries = {name: histogram.sum(flow=True) for name, histogram in histograms.items()}
assert len(set(entries.values())) == 1 and entries["hbmass"] > 300, entries
