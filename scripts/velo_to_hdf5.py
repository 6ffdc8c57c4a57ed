#!/usr/bin/env python3
"""Converts simulated events of a vertex locator (JSON, one per file) to a gaudi-mpi event file (HDF5).

    python scripts/velo_to_hdf5.py EVENT.json ... OUTPUT.h5

Needs h5py and numpy. Events are in the order of the arguments. The keys of a file become these tables:

  x, y, z                  /Event/Raw/Velo/Hits/x, y, z     mm
  module_prefix_sum        /Event/Raw/Velo/Hits/module      hits [p[m], p[m + 1]) are in module m
  montecarlo.particles     /Event/MC/Particles/...          key, pid, p, pt (MeV), eta, phi, charge, is_long, ...
  the hits of particles    /Event/MC/Links/particle, hit    a row for each pair, as references within the event

The same input gives the same bytes. The output appears under its name only when it is complete.
"""

import argparse
import json
import os
import signal
import sys

try:
    import h5py
    import numpy
except ImportError as missing:
    sys.exit(f"velo_to_hdf5: error: {missing}; install it with: pip install h5py numpy")

# Rows of a column that are compressed together.
CHUNK_ROWS = 65536

FORMAT = "gaudi-mpi events"
FORMAT_VERSION = 1
MODULES = 52

HITS = "Raw/Velo/Hits"
PARTICLES = "MC/Particles"
LINKS = "MC/Links"

# The columns of the particles: the name in the input, the name in the output, the type and the unit.
COLUMNS = [
    ("key", "key", "i4", ""),
    ("pid", "pid", "i4", ""),
    ("p", "p", "f8", "MeV"),
    ("pt", "pt", "f8", "MeV"),
    ("eta", "eta", "f8", ""),
    ("phi", "phi", "f8", "rad"),
    ("isLong", "is_long", "bool", ""),
    ("isDown", "is_down", "bool", ""),
    ("hasVelo", "has_velo", "bool", ""),
    ("hasUT", "has_ut", "bool", ""),
    ("hasScifi", "has_scifi", "bool", ""),
    ("fromBeautyDecay", "from_beauty", "bool", ""),
    ("fromCharmDecay", "from_charm", "bool", ""),
    ("fromStrangeDecay", "from_strange", "bool", ""),
    ("charge", "charge", "f8", ""),
]


class Failure(Exception):
    """An error that stops the conversion, with a message for the user."""


def reason(error):
    """Returns the cause of an error in a few words."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def read(path):
    """Returns the object in a JSON file."""
    if not os.path.exists(path):
        raise Failure(f"{path} does not exist")
    if os.path.isdir(path):
        raise Failure(f"{path} is a directory, not a JSON file")
    try:
        with open(path, encoding="utf-8") as file:
            event = json.load(file)
    except (OSError, ValueError) as error:
        raise Failure(f"cannot read {path}, it may be damaged or cut short: {reason(error)}") from error
    if not isinstance(event, dict):
        raise Failure(
            f"{path} is not an event: it should hold an object with x, y, z, module_prefix_sum and montecarlo"
        )
    return event


def get(path, holder, key, where=""):
    """Returns the value of a key, or raises a Failure if there is no such key."""
    if not isinstance(holder, dict) or key not in holder:
        known = ", ".join(sorted(holder)) if isinstance(holder, dict) and holder else "none"
        raise Failure(f"{path} has no key {where}{key}; its keys are: {known}")
    return holder[key]


def numbers(path, what, values, dtype):
    """Returns a list of numbers as an array."""
    try:
        array = numpy.array(values, dtype="f8")
        if array.ndim != 1:
            raise ValueError
    except (TypeError, ValueError) as error:
        raise Failure(f"{path}: {what} should be a list of numbers") from error
    if not numpy.all(numpy.isfinite(array)):
        raise Failure(f"{path}: {what} has a value that is not a number")
    return array.astype(dtype)


def convert(path):
    """Returns the tables of an event by path. A table is a dictionary of columns by name."""
    event = read(path)
    x, y, z = (numbers(path, name, get(path, event, name), "f8") for name in "xyz")
    if not len(x) == len(y) == len(z):
        raise Failure(f"{path}: x, y and z have {len(x)}, {len(y)} and {len(z)} values, but must have the same number")
    prefix = numbers(path, "module_prefix_sum", get(path, event, "module_prefix_sum"), "i8")
    good = len(prefix) == MODULES + 1 and prefix[0] == 0 and prefix[-1] == len(x) and numpy.all(numpy.diff(prefix) >= 0)
    if not good:
        raise Failure(f"{path}: module_prefix_sum should be {MODULES + 1} numbers that rise from 0 to {len(x)}")
    module = numpy.repeat(numpy.arange(MODULES, dtype="u1"), numpy.diff(prefix))

    truth = get(path, event, "montecarlo")
    names = get(path, truth, "description", "montecarlo.")
    rows = get(path, truth, "particles", "montecarlo.")
    places = {name: place for place, name in enumerate(names)} if isinstance(names, list) else {}
    for name in [column[0] for column in COLUMNS] + ["hits"]:
        if name not in places:
            raise Failure(f"{path}: montecarlo.description has no {name}")
    if not isinstance(rows, list) or any(not isinstance(row, list) or len(row) != len(names) for row in rows):
        raise Failure(f"{path}: each of montecarlo.particles should be a list of {len(names)} values")
    particles = {}
    for name, column, dtype, _ in COLUMNS:
        values = [row[places[name]] for row in rows]
        particles[column] = numbers(path, f"{name} of montecarlo.particles", values, dtype)
    links = []
    for number, row in enumerate(rows):
        hits = numbers(path, f"the hits of particle {number}", row[places["hits"]], "i8")
        if len(hits) and not (hits.min() >= 0 and hits.max() < len(x)):
            raise Failure(f"{path}: particle {number} has a hit {hits.max()}, but hits are from 0 to {len(x) - 1}")
        links.append(hits)
    counts = [len(hits) for hits in links]
    pairs = numpy.concatenate(links) if links else numpy.zeros(0)
    return {
        HITS: {"x": x, "y": y, "z": z, "module": module},
        PARTICLES: particles,
        LINKS: {"particle": numpy.repeat(numpy.arange(len(rows)), counts).astype("i4"), "hit": pairs.astype("i4")},
    }


def attributes(table, name):
    """Returns the attributes of a column: its unit, or the table that it refers to."""
    if table == LINKS:
        return {"target": "/Event/" + (PARTICLES if name == "particle" else HITS)}
    if table == HITS:
        return {"unit": "mm"} if name in "xyz" else {}
    unit = {column: unit for _, column, _, unit in COLUMNS}[name]
    return {"unit": unit} if unit else {}


def write(output, events):
    """Writes the tables of all events."""
    group = output.create_group("/Event")
    group.attrs["format"] = FORMAT
    group.attrs["format_version"] = numpy.uint32(FORMAT_VERSION)
    group.attrs["events"] = numpy.uint64(len(events))

    def dataset(table, name, values):
        return table.create_dataset(
            name,
            data=values,
            maxshape=(None,),
            chunks=(max(1, min(len(values), CHUNK_ROWS)),),
            track_times=False,
            compression="gzip",
            compression_opts=4,
            shuffle=True,
        )

    for path, columns in events[0].items():
        table = group.create_group(path)
        first = next(iter(columns))
        ends = numpy.cumsum([0] + [len(event[path][first]) for event in events])
        dataset(table, "_offsets", ends.astype("u8"))
        for name in columns:
            column = dataset(table, name, numpy.concatenate([event[path][name] for event in events]))
            for key, value in attributes(path, name).items():
                column.attrs[key] = value


def run(arguments):
    output = os.path.abspath(arguments.output)
    if os.path.isdir(output):
        raise Failure(f"{arguments.output} is a directory: give the name of the file to write")
    if arguments.output.endswith(".json"):
        raise Failure(f"the last argument is the event file to write, but it is {arguments.output}")
    events = [convert(path) for path in arguments.inputs]
    partial = f"{output}.{os.getpid()}.partial"
    try:
        with h5py.File(partial, "w") as file:
            write(file, events)
        os.replace(partial, output)
    except (OSError, ValueError) as error:
        raise Failure(f"cannot write {arguments.output}: {reason(error)}") from error
    finally:
        if os.path.exists(partial):
            os.remove(partial)
    hits = sum(len(event[HITS]["x"]) for event in events)
    particles = sum(len(event[PARTICLES]["key"]) for event in events)
    print(f"{arguments.output}: {len(events)} events, {hits} hits, {particles} particles")


def main():
    description, _, details = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="velo_to_hdf5.py",
        description=description,
        epilog=details.partition("\n\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("inputs", metavar="EVENT.json", nargs="+", help="the files to read, with one event each")
    parser.add_argument("output", metavar="OUTPUT.h5", help="the event file to write; an existing file is replaced")
    arguments = parser.parse_args()
    # Exit through the handlers that remove the partial output.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        run(arguments)
    except Failure as failure:
        sys.exit(f"velo_to_hdf5: error: {failure}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    main()
