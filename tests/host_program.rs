//! A host program, such as an interpreter, ends its processes itself and has hooks around forks.

mod common;

use common::job::{Farm, Finished};

fn count(run: &Finished, line: &str) -> usize {
    run.stderr.lines().filter(|other| *other == line).count()
}

#[test]
fn every_process_of_a_host_program_gets_back_to_it() {
    let Some(farm) = Farm::open() else { return };
    for (ranks, workers, passes) in [(0, 0, 1), (0, 2, 2), (2, 0, 2), (2, 3, 1)] {
        let run = farm
            .program("host", ranks, &format!("--passes {passes} --workers {workers} -q"))
            .ends_with(0);
        assert_eq!(run.stdout, "sum 499500\n".repeat(passes));
        let ranks = ranks.max(1);
        let zygotes = if workers > 0 { ranks } else { 0 };
        assert_eq!(count(&run, "the host ends with status 0"), ranks + zygotes, "{run:?}");
        // Each zygote forks its workers and an accumulator for every pass.
        let children = zygotes * (workers + 1) * passes;
        for line in [
            "before a fork",
            "after a fork in the parent",
            "after a fork in the child",
        ] {
            assert_eq!(count(&run, line), zygotes + children, "{line}: {run:?}");
        }
        assert_eq!(count(&run, "a child ends with status 0"), children, "{run:?}");
    }
}

#[test]
fn a_host_program_ends_with_the_status_of_the_job() {
    let Some(farm) = Farm::open() else { return };
    for (ranks, workers) in [(0, 0), (0, 2), (2, 0), (2, 2)] {
        let run = farm
            .program("host", ranks, &format!("--fail 700 --workers {workers} -q"))
            .ends_with(1);
        assert_eq!(count(&run, "the host ends with status 1"), 1, "{run:?}");
        assert!(
            run.stderr.contains("the job failed: item 700 (700) failed on rank "),
            "{run:?}"
        );
    }
}
