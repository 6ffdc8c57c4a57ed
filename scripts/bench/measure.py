"""Helpers of the benchmark scripts, which run programs of a release build and print figures with their targets."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "target/release"
HIST_TASK = PROGRAMS / "examples/hist_task"
ENVIRONMENT = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def run(*command):
    """Runs a command and returns its standard output."""
    words = [str(word) for word in command]
    return subprocess.run(words, env=ENVIRONMENT, check=True, stdout=subprocess.PIPE, text=True).stdout


def under_mpirun(ranks, program, *arguments):
    return ["mpirun", "--oversubscribe", "-n", ranks, program, *arguments]


def row(what, figure, target=""):
    print(f"{what:<66} {figure:>12}  {target}", flush=True)


def chosen(*parts):
    """Returns the functions that the command line names, or all of them."""
    by_name = {part.__name__: part for part in parts}
    unknown = [name for name in sys.argv[1:] if name not in by_name]
    if unknown:
        sys.exit(f"There is no benchmark {unknown[0]}. The benchmarks are {', '.join(by_name)}.")
    return [by_name[name] for name in sys.argv[1:] or by_name]
