#!/usr/bin/env python3
"""Converts a ROOT TTree to a gaudi-mpi event file (HDF5).

    python scripts/root_to_hdf5.py INPUT.root OUTPUT.h5 [--tree NAME] [--branches GLOB ...]

Needs uproot, awkward, h5py and numpy. The branches of a tree "T" with n entries become:

  one value per entry      /Event/T/<branch>             n values
  counted by NMuon         /Event/Muon/_offsets          n + 1 numbers: rows of entry i are [o[i], o[i + 1])
                           /Event/Muon/Px                the values of Muon_Px, concatenated
  a std::vector            /Event/<branch>/_offsets      the same, in a separate table for each vector, because the
                           /Event/<branch>/value         file does not say which vectors have the same length

Numbers, booleans and strings (one per entry) are converted. A branch of any other type is left out with a warning.
The same input gives the same bytes. The output appears under its name only when it is complete.
"""

import argparse
import fnmatch
import os
import re
import signal
import sys

try:
    import awkward
    import h5py
    import numpy
    import uproot
except ImportError as missing:
    sys.exit(f"root_to_hdf5: error: {missing}; install it with: pip install uproot awkward h5py numpy")

# Rows of a column that are compressed together.
CHUNK_ROWS = 65536
# Bytes of uncompressed input to hold in memory at a time. A step has at least one entry.
STEP_BYTES = 64 * 1024 * 1024

FORMAT = "gaudi-mpi events"
FORMAT_VERSION = 1


class Failure(Exception):
    """An error that stops the conversion, with a message for the user."""


def warn(message):
    print(f"root_to_hdf5: warning: {message}", file=sys.stderr)


def reason(error):
    """Returns the cause of an error in a few words."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(",:")


def open_root(path):
    """Opens the ROOT file, or raises a Failure with the reason."""
    if not os.path.exists(path):
        raise Failure(f"{path} does not exist")
    if os.path.isdir(path):
        raise Failure(f"{path} is a directory, not a ROOT file")
    try:
        with open(path, "rb") as file:
            magic = file.read(4)
        if magic != b"root":
            raise Failure(f"{path} is not a ROOT file: it does not begin with the letters root")
        # In this form, uproot does not take a colon in the path as the separator before an object's name.
        return uproot.open({path: None})
    except Failure:
        raise
    except Exception as error:
        raise Failure(f"cannot read {path}, it may be damaged or cut short: {reason(error)}") from error


def choose_tree(file, path, wanted):
    """Returns the name and the tree: the wanted one, or the only one in the file."""
    classes = file.classnames(cycle=False)
    trees = sorted(name for name, kind in classes.items() if kind in ("TTree", "TNtuple", "TNtupleD"))
    listing = ", ".join(trees) if trees else "none"
    if wanted is not None:
        if wanted not in trees:
            kind = classes.get(wanted)
            what = f"{wanted} in {path} is a {kind}, not a TTree" if kind else f"{path} has no TTree {wanted}"
            raise Failure(f"{what}; its TTrees are: {listing}")
        name = wanted
    elif len(trees) == 1:
        name = trees[0]
    elif trees:
        raise Failure(f"{path} has several TTrees, choose one with --tree: {listing}")
    else:
        ntuples = sorted(name for name, kind in classes.items() if kind == "ROOT::RNTuple")
        others = f", only RNTuples, which are not supported: {', '.join(ntuples)}" if ntuples else ""
        raise Failure(f"{path} has no TTree{others}")
    try:
        return name, file[name]
    except Exception as error:
        raise Failure(f"cannot read the TTree {name} of {path}: {reason(error)}") from error


def choose_branches(tree, name, globs):
    """Returns the branches that hold data. If there are globs, a branch must match one of them."""
    branches = [branch for branch in tree.itervalues(recursive=True) if len(branch.branches) == 0]
    if not globs:
        return branches
    for glob in globs:
        if not any(fnmatch.fnmatchcase(branch.name, glob) for branch in branches):
            known = ", ".join(branch.name for branch in branches)
            raise Failure(f"no branch of {name} matches {glob}; its branches are: {known}")
    return [branch for branch in branches if any(fnmatch.fnmatchcase(branch.name, glob) for glob in globs)]


def element_type(interpretation):
    """Returns the type of a column of plain numbers or booleans, or None for any other column."""
    if not isinstance(interpretation, uproot.interpretation.numerical.Numerical):
        return None
    dtype = interpretation.numpy_dtype
    plain = dtype.names is None and dtype.shape == () and not getattr(interpretation, "to_dims", ())
    return dtype.newbyteorder("=") if plain and dtype.kind in "biuf" else None


def table_of_counter(counter):
    """Returns the table that a counter belongs to: Muon for NMuon, nMuon and n_Muon."""
    match = re.fullmatch(r"[nN](?=[A-Z_])_?(\w+)", counter)
    return match.group(1) if match else counter


class Column:
    """A growing dataset. It is written in whole chunks until it is closed, so that no chunk is compressed twice."""

    def __init__(self, group, name, dtype):
        self.group = group
        self.name = name
        self.dtype = dtype
        self.pending = []
        self.pending_rows = 0
        self.rows = 0
        self.dataset = None

    def append(self, values):
        self.pending.append(values)
        self.pending_rows += len(values)
        whole = self.pending_rows - self.pending_rows % CHUNK_ROWS
        if whole:
            self.write(whole)

    def close(self):
        if self.pending_rows or self.dataset is None:
            self.write(self.pending_rows)

    def write(self, rows):
        if self.dataset is None:
            self.dataset = self.create(min(rows, CHUNK_ROWS))
        if not rows:
            return
        values = numpy.concatenate(self.pending)
        self.dataset.resize((self.rows + rows,))
        self.dataset[self.rows :] = values[:rows]
        self.rows += rows
        # A view would keep the whole array in memory.
        self.pending = [values[rows:].copy()]
        self.pending_rows -= rows

    def create(self, chunk):
        # HDF5 stores strings outside the chunks, which then hold references. These do not compress.
        text = h5py.check_string_dtype(self.dtype) is not None
        filters = {} if text else {"compression": "gzip", "compression_opts": 4, "shuffle": True}
        return self.group.create_dataset(
            self.name,
            shape=(0,),
            maxshape=(None,),
            chunks=(max(1, chunk),),
            dtype=self.dtype,
            track_times=False,
            **filters,
        )


class Flat:
    """Branches with one value per entry: the columns of a table with one row per event."""

    def __init__(self, group, branches):
        self.columns = []
        for branch, dtype in branches:
            self.columns.append((branch, Column(group, column_name(branch), dtype)))

    def convert(self, start, stop):
        for branch, column in self.columns:
            column.append(read(branch, start, stop, "np"))

    def close(self):
        for _, column in self.columns:
            column.close()


class Jagged:
    """Branches with a common number of values in each entry: the columns and offsets of a table with many rows."""

    def __init__(self, group, columns):
        self.offsets = Column(group, "_offsets", numpy.dtype("u8"))
        self.offsets.append(numpy.zeros(1, dtype="u8"))
        self.rows = 0
        self.columns = []
        for branch, name, dtype in columns:
            self.columns.append((branch, Column(group, name, dtype)))

    def convert(self, start, stop):
        counts = None
        for branch, column in self.columns:
            values = read(branch, start, stop, "ak")
            lengths = awkward.to_numpy(awkward.num(values, axis=1)).astype("u8")
            if counts is None:
                counts = lengths
            elif not numpy.array_equal(counts, lengths):
                entry = int(numpy.flatnonzero(counts != lengths)[0])
                raise Failure(
                    f"entry {start + entry} has {counts[entry]} values of {self.columns[0][0].name} "
                    f"but {lengths[entry]} of {branch.name}, although both have the same counter"
                )
            column.append(awkward.to_numpy(awkward.flatten(values, axis=1)))
        ends = self.rows + numpy.cumsum(counts, dtype="u8")
        self.offsets.append(ends)
        self.rows = ends[-1]

    def close(self):
        self.offsets.close()
        for _, column in self.columns:
            column.close()


def read(branch, start, stop, library):
    try:
        return branch.array(entry_start=start, entry_stop=stop, library=library)
    except Exception as error:
        where = f"entries {start} to {stop} of the branch {branch.name} of {branch.file.file_path}"
        raise Failure(f"cannot read {where}, it may be damaged or cut short: {reason(error)}") from error


def column_name(branch):
    # HDF5 would create a group for the part before a slash.
    return branch.name.replace("/", "_")


def book(output, tree_name, branches, entries):
    """Creates the tables and columns for these branches, and returns the tables."""
    flat, counted, vectors = [], {}, []
    names = set()
    for branch in branches:
        if branch.name in names:
            warn(f"a branch {branch.name} is left out: an earlier branch has the same name")
            continue
        names.add(branch.name)
        interpretation = branch.interpretation
        dtype = element_type(interpretation)
        if dtype is not None:
            flat.append((branch, dtype))
        elif isinstance(interpretation, uproot.AsStrings):
            flat.append((branch, h5py.string_dtype("utf-8")))
        elif isinstance(interpretation, uproot.AsJagged) and element_type(interpretation.content) is not None:
            dtype = element_type(interpretation.content)
            counter = branch.count_branch
            if counter is None:
                vectors.append((branch, dtype))
            else:
                counted.setdefault(counter.name, []).append((branch, dtype))
        else:
            warn(f"the branch {branch.name} is left out: its type, {branch.typename}, is not supported")
    if not (flat or counted or vectors):
        raise Failure(f"no branch of {tree_name} can be converted")

    event = output.create_group("/Event")
    event.attrs["format"] = FORMAT
    event.attrs["format_version"] = numpy.uint32(FORMAT_VERSION)
    event.attrs["events"] = numpy.uint64(entries)
    tables = []
    # A table must not have the name of another table, of the tree, or of the directory that the tree is in.
    taken = {tree_name, tree_name.split("/")[0]}

    def unused(name):
        while name in taken:
            name += "_rows"
        taken.add(name)
        return name

    if flat:
        tables.append(Flat(event.create_group(tree_name), flat))
    for counter, members in counted.items():
        table = table_of_counter(counter)
        columns, used = [], {"_offsets"}
        for branch, dtype in members:
            whole = column_name(branch)
            short = re.sub(rf"^{re.escape(table)}[_.]", "", whole)
            name = short if short and short not in used else whole
            used.add(name)
            columns.append((branch, name, dtype))
        tables.append(Jagged(event.create_group(unused(table)), columns))
    for branch, dtype in vectors:
        group = event.create_group(unused(column_name(branch)))
        tables.append(Jagged(group, [(branch, "value", dtype)]))
    return tables


def convert(tree, tree_name, branches, output, step):
    """Writes the branches to the HDF5 file, `step` entries at a time. Returns the numbers of tables and columns."""
    entries = tree.num_entries
    tables = book(output, tree_name, branches, entries)
    converted = [branch for table in tables for branch, _ in table.columns]
    if step is None:
        size = sum(branch.uncompressed_bytes for branch in converted)
        step = max(1, STEP_BYTES * entries // max(1, size))
    live = sys.stderr.isatty()
    for start in range(0, entries, step):
        stop = min(entries, start + step)
        for table in tables:
            table.convert(start, stop)
        counter = f"{stop} of {entries} entries"
        print(f"\r{counter}" if live else counter, end="" if live else "\n", file=sys.stderr, flush=True)
    if live:
        print(file=sys.stderr)
    for table in tables:
        table.close()
    return len(tables), len(converted)


def run(arguments):
    output = os.path.abspath(arguments.output)
    if os.path.isdir(output):
        raise Failure(f"{arguments.output} is a directory: give the name of the file to write")
    with open_root(arguments.input) as file:
        if os.path.exists(output) and os.path.samefile(arguments.input, output):
            raise Failure(f"{arguments.input} is both input and output")
        name, tree = choose_tree(file, arguments.input, arguments.tree)
        branches = choose_branches(tree, name, arguments.branches)
        partial = f"{output}.{os.getpid()}.partial"
        try:
            with h5py.File(partial, "w") as hdf5:
                tables, columns = convert(tree, name, branches, hdf5, arguments.step)
            os.replace(partial, output)
        except (OSError, ValueError) as error:
            raise Failure(f"cannot write {arguments.output}: {reason(error)}") from error
        finally:
            if os.path.exists(partial):
                os.remove(partial)
    print(f"{arguments.output}: {tree.num_entries} events, {columns} columns in {tables} tables")


def positive(text):
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def main():
    description, _, details = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="root_to_hdf5.py",
        description=description,
        epilog=details.partition("\n\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("input", metavar="INPUT.root", help="the ROOT file to read")
    parser.add_argument("output", metavar="OUTPUT.h5", help="the event file to write; an existing file is replaced")
    parser.add_argument("--tree", metavar="NAME", help="the TTree to convert, if the file has several")
    parser.add_argument(
        "--branches", metavar="GLOB", nargs="+", help="convert only the branches that match any of these"
    )
    parser.add_argument(
        "--step", metavar="ENTRIES", type=positive, help="entries to convert at a time (default: 64 MiB of them)"
    )
    arguments = parser.parse_args()
    # Exit through the handlers that remove the partial output.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        run(arguments)
    except Failure as failure:
        sys.exit(f"root_to_hdf5: error: {failure}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    main()
