//! All ranks take over rank 0's environment and working directory, so that a job behaves the same wherever they run.

mod common;

use common::job::{Farm, program};
use common::launcher::{rank_variable, working_directory};
use common::skip;
use std::fs;
use std::process::Command;

/// The lines in which the ranks print a variable and their working directory, sorted by rank.
fn told(stdout: &str) -> Vec<&str> {
    let mut lines: Vec<_> = stdout.lines().filter(|line| line.starts_with("rank ")).collect();
    lines.sort_unstable();
    lines
}

/// Runs the probe on three ranks with arguments of `env` for rank 0 and for the others, and returns each rank's value
/// of `name`.
fn variable(farm: &Farm, name: &str, root: &str, others: &str, options: &str) -> [Option<String>; 3] {
    let probe = format!("{} --environment {name} {options}", program("probe").display());
    let run = farm
        .mpirun(&format!("-n 1 env {root} {probe} : -n 2 env {others} {probe}"))
        .ends_with(0);
    let told = told(&run.stdout);
    let value = |rank: usize| {
        let start = format!("rank {rank}: {name}=");
        let value = told
            .get(rank)
            .and_then(|line| line.strip_prefix(&start))
            .unwrap_or_else(|| panic!("{run:?}"));
        let value = value.strip_prefix("Some(\"").and_then(|value| value.split('"').next());
        value.map(str::to_owned)
    };
    [0, 1, 2].map(value)
}

#[test]
fn variables_are_rank_0s_on_all_ranks() {
    let Some(farm) = Farm::open() else { return };
    let some = |value: &str| Some(value.to_owned());
    assert_eq!(
        variable(&farm, "GAUDIAPPNAME", "GAUDIAPPNAME=Brunel", "-u GAUDIAPPNAME", ""),
        [some("Brunel"), some("Brunel"), some("Brunel")]
    );
    assert_eq!(
        variable(&farm, "LC_MEASUREMENT", "LC_MEASUREMENT=C", "LC_MEASUREMENT=other", ""),
        [some("C"), some("C"), some("C")]
    );
    // The other ranks keep a variable that rank 0 does not have.
    assert_eq!(
        variable(&farm, "GAUDIAPPNAME", "-u GAUDIAPPNAME", "GAUDIAPPNAME=Brunel", ""),
        [None, some("Brunel"), some("Brunel")]
    );
    assert_eq!(
        variable(
            &farm,
            "GAUDIAPPNAME",
            "GAUDIAPPNAME=Brunel",
            "GAUDIAPPNAME=Moore",
            "--no-clone-env"
        ),
        [some("Brunel"), some("Moore"), some("Moore")]
    );
}

#[test]
fn variables_of_a_host_a_login_or_the_launcher_stay() {
    let Some(farm) = Farm::open() else { return };
    for name in [
        "HOSTNAME",
        "DISPLAY",
        "SSH_CONNECTION",
        "HOME",
        "OMPI_NOTE",
        "SLURM_PROCID",
        "TMPDIR",
    ] {
        // The values are existing folders, which TMPDIR requires.
        let [one, other] = ["one", "other"].map(|name| farm.folder(name).display().to_string());
        let values = variable(&farm, name, &format!("{name}={one}"), &format!("{name}={other}"), "");
        assert_eq!(values, [Some(one), Some(other.clone()), Some(other)], "{name}");
    }
    let values = variable(&farm, rank_variable(), "", "", "");
    assert_eq!(values, ["0", "1", "2"].map(|rank| Some(rank.to_owned())));
}

#[test]
fn the_working_directory_is_rank_0s() {
    let Some(farm) = Farm::open() else { return };
    let probe = format!("{} --environment HOME", program("probe").display());
    let [one, other] = &["one", "other"].map(|name| farm.folder(name));
    let contexts = |options: &str| {
        let (wdir, one, other) = (working_directory(), one.display(), other.display());
        format!("-n 1 {wdir} {one} {probe} {options} : -n 2 {wdir} {other} {probe} {options}")
    };
    for (options, of_others) in [("", one), ("--no-clone-env", other)] {
        let run = farm.mpirun(&contexts(options)).ends_with(0);
        let told = told(&run.stdout);
        assert_eq!(told.len(), 3, "{run:?}");
        for (line, folder) in told.iter().zip([one, of_others, of_others]) {
            assert!(line.ends_with(&format!(" in Some({folder:?})")), "{line}");
        }
    }
}

#[test]
fn a_directory_that_another_rank_does_not_have_is_an_error() {
    let Some(farm) = Farm::open() else { return };
    // A mount namespace hides rank 0's working directory from rank 1, as on a host that does not share the folder.
    let can_mount = Command::new("unshare")
        .args(["-m", "mount", "-t", "tmpfs", "none", "/mnt"])
        .output();
    if !can_mount.is_ok_and(|output| output.status.success()) {
        skip::<()>("mount", "a mount namespace needs unshare and the right to mount");
        return;
    }
    let folder = farm.folder("outer/inner");
    let hidden = folder.parent().unwrap();
    let script = farm.path("elsewhere");
    let lines = format!("#!/bin/sh\nmount -t tmpfs none {} && exec \"$@\"\n", hidden.display());
    fs::write(&script, lines).unwrap();
    let probe = format!(
        "{} --environment HOME --out {}",
        program("probe").display(),
        farm.path("out").display()
    );
    let contexts = |options: &str| {
        let (wdir, folder, script) = (working_directory(), folder.display(), script.display());
        format!("-n 1 {wdir} {folder} {probe} {options} : -n 1 unshare -m sh {script} {probe} {options}")
    };
    let run = farm.mpirun(&contexts("")).ends_with(1);
    let error = run.error();
    assert!(error.starts_with("rank 1 ("), "{error}");
    let rest = format!(
        ") cannot enter rank 0's working directory {}: No such file or directory (os error 2). \
         Start the job in a folder that all hosts share, or use --no-clone-env",
        folder.display()
    );
    assert!(error.ends_with(&rest), "{error}");
    assert!(!farm.path("out").exists());
    // The remedy in the message works.
    farm.mpirun(&contexts("--no-clone-env")).ends_with(0);
    assert!(farm.path("out").exists());
}

#[test]
fn rank_0_without_a_working_directory_is_an_error() {
    let Some(farm) = Farm::open() else { return };
    let script = farm.path("nowhere");
    fs::write(
        &script,
        "#!/bin/sh\nmkdir gone && cd gone && rmdir ../gone && exec \"$@\"\n",
    )
    .unwrap();
    let (script, probe) = (script.display(), program("probe"));
    let probe = probe.display();
    let run = farm
        .mpirun(&format!("-n 1 sh {script} {probe} : -n 2 {probe}"))
        .ends_with(1);
    assert_eq!(
        run.error(),
        "cannot tell rank 0's working directory: No such file or directory (os error 2). Was it deleted? Start the job \
         in another folder, or use --no-clone-env"
    );
    farm.mpirun(&format!("-n 1 sh {script} {probe} --no-clone-env : -n 2 {probe}"))
        .ends_with(0);
}
