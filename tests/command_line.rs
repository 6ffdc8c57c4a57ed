//! A command-line error is printed once, by one rank, with status 2. The help is printed once, with status 0.

mod common;

use common::job::Farm;
use common::launcher::{Family, family};
use std::path::Path;

#[test]
fn wrong_options_are_told_once() {
    let Some(farm) = Farm::open() else { return };
    for (options, message) in [
        (
            "--schedule nonsense",
            "error: invalid value 'nonsense' for '--schedule <SCHEDULE>'",
        ),
        ("--batch 0", "error: invalid value '0' for '--batch <N>'"),
        (
            "--window 0",
            "error: invalid value '0' for '--window <BYTES>': at least one byte is needed",
        ),
        (
            "--window 3bananas",
            "'bananas' is not a unit of memory: use kB, MB, GB, KiB, MiB or GiB",
        ),
        (
            "--quiet --verbose",
            "error: the argument '--quiet' cannot be used with '--verbose...'",
        ),
        ("--nonsense", "error: unexpected argument '--nonsense' found"),
    ] {
        for ranks in [0, 4] {
            let run = farm.probe(ranks, options).ends_with(2);
            assert_eq!(run.stderr.matches(message).count(), 1, "{run:?}");
            assert_eq!(run.stderr.matches("error: ").count(), 1, "{run:?}");
            assert!(run.stdout.is_empty());
        }
    }
}

#[test]
fn help_is_printed_once() {
    let Some(farm) = Farm::open() else { return };
    for ranks in [0, 4] {
        let run = farm.probe(ranks, "--help").ends_with(0);
        assert!(run.stdout.starts_with("Does as it is told\n"), "{run:?}");
        assert_eq!(run.stdout.matches("Usage: probe").count(), 1);
        assert!(run.stdout.contains("--schedule <SCHEDULE>") && run.stderr.is_empty());
    }
}

#[test]
fn the_version_names_the_mpi_library() {
    let Some(farm) = Farm::open() else { return };
    let run = farm
        .command(Path::new(env!("CARGO_BIN_EXE_gaudi-mpi")), "--version")
        .ends_with(0);
    let launcher = farm
        .command(Path::new(gaudi_mpi::mpirun()), "--version")
        .ends_with(0)
        .stdout;
    // mpirun of the same MPI library prints the same version.
    let number = run.stdout.trim_end().trim_end_matches(')').rsplit(' ').next().unwrap();
    assert!(launcher.contains(number), "{run:?} and {launcher}");
    let name = match family() {
        Family::OpenMpi => "(Open MPI ",
        Family::Mpich => "(MPICH ",
    };
    assert!(run.stdout.contains(name), "{run:?}");
}
