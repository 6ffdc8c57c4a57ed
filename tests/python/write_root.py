"""Writes a small ROOT file for the tests of the converter: write_root.py KIND OUTPUT.root"""

import sys

import awkward
import numpy
import uproot


def tree(file, name, entries):
    """Writes a tree with numbers of several types, booleans, strings and two groups of jagged branches."""
    random = numpy.random.default_rng(entries)
    types = {
        "mass": "f8",
        "chi2": "f4",
        "run": "u4",
        "event": "u8",
        "charge": "i2",
        "accepted": "?",
        "name": "string",
        "Muon": "var * {px: float64, charge: int32, tight: bool}",
        "Track": "var * {quality: float32}",
    }
    writable = file.mktree(name, types, counter_name=lambda branch: "N" + branch)

    def jagged(**columns):
        # Some entries are empty, including the last ones.
        counts = random.integers(0, 5, entries) * (numpy.arange(entries) % 3 != 0)
        total = int(counts.sum())
        contents = {name: awkward.unflatten(make(total), counts) for name, make in columns.items()}
        return awkward.zip(contents)

    writable.extend(
        {
            "mass": random.normal(5366.93, 7.0, entries),
            "chi2": random.exponential(1.0, entries).astype("f4"),
            "run": numpy.arange(entries, dtype="u4") // 100,
            "event": numpy.arange(entries, dtype="u8") + 2**40,
            "charge": random.integers(-1, 2, entries).astype("i2"),
            "accepted": random.random(entries) < 0.5,
            "name": awkward.Array([f"B{i % 17} → µµ" for i in range(entries)]),
            "Muon": jagged(
                px=lambda n: random.normal(0.0, 1e3, n),
                charge=lambda n: random.integers(-1, 2, n).astype("i4"),
                tight=lambda n: random.random(n) < 0.5,
            ),
            "Track": jagged(quality=lambda n: random.random(n).astype("f4")),
        }
    )


def break_basket(path):
    """Makes the compressed data of one branch unreadable."""
    with uproot.open(path) as file:
        seek = int(file["Events"]["mass"].member("fBasketSeek")[0])
        size = int(file["Events"]["mass"].member("fBasketBytes")[0])
    with open(path, "r+b") as file:
        file.seek(seek + size // 2)
        file.write(b"\xff" * (size // 4))


def main():
    kind, path = sys.argv[1:]
    with uproot.recreate(path) as file:
        if kind in ("small", "broken"):
            tree(file, "Events", 1000)
        elif kind == "large":
            # Every flat column has several chunks.
            tree(file, "Events", 150_000)
        elif kind == "empty":
            file.mktree("Events", {"mass": "f8"})
        elif kind == "two trees":
            tree(file, "Signal/Decays", 10)
            tree(file, "Control", 20)
            file["note"] = "no tree"
        elif kind == "no tree":
            file["note"] = "no tree"
        elif kind == "ntuple":
            file["Events"] = {"mass": numpy.arange(3.0)}
        elif kind in ("arrays", "arrays only"):
            covariance = numpy.dtype(("f8", (3,)))
            types = {"covariance": covariance} | ({"mass": "f8"} if kind == "arrays" else {})
            values = {"covariance": numpy.zeros((4, 3)), "mass": numpy.arange(4.0)}
            file.mktree("Events", types).extend({name: values[name] for name in types})
        else:
            sys.exit(f"no kind {kind}")
    if kind == "broken":
        break_basket(path)


main()
