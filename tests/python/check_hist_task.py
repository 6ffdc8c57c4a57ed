"""check_hist_task.py HISTOGRAMS: checks nine Gaussians of widths 1 to 9, filled by 100 items with 1000 entries each."""

import math
import sys

import h5py
import numpy as np
import uhi.io.hdf5

import hist

with h5py.File(sys.argv[1]) as file:
    folder = file["Histograms/Gauss"]
    assert len(folder) == 9, list(folder)
    for name in folder:
        histogram = hist.Hist(uhi.io.hdf5.read(folder[name]))
        sigma = int(name)
        assert histogram.sum(flow=True) == 100_000
        # The standard deviation of a Gaussian truncated at ±20, the ends of the axis.
        edge = 20 / sigma
        density = np.exp(-edge * edge / 2) / np.sqrt(2 * np.pi)
        inside = 1 - 2 * (0.5 * (1 - np.vectorize(math.erf)(edge / np.sqrt(2))))
        expected = sigma * np.sqrt(1 - 2 * edge * density / inside)
        contents, centres = histogram.values(), histogram.axes[0].centers
        found = np.sqrt(np.average(centres**2, weights=contents) - 0.4**2 / 12)
        assert abs(found / expected - 1) < 0.02, (name, found, expected)
