//! A host program, which ends its processes itself and has hooks around forks. It reports both on standard error.

use clap::Parser;
use gaudi_mpi::{ForkHooks, prelude::*, set_fork_hooks};
use std::io::Write;
use std::ops::ControlFlow::{Break, Continue};
use std::process::ExitCode;

#[derive(Parser)]
struct Arguments {
    /// Calls of `run`
    #[arg(long, default_value_t = 1)]
    passes: u64,
    /// This item fails
    #[arg(long)]
    fail: Option<u64>,
    #[command(flatten)]
    farm: Options,
}

#[derive(Serialize, Deserialize)]
struct Sum {
    fail: Option<u64>,
}

impl Task for Sum {
    type Item = u64;
    type Output = u64;
    type Reply = ();

    fn new_output(&self) -> u64 {
        0
    }

    fn process(&mut self, &item: &u64, output: &mut u64) -> Result<()> {
        if Some(item) == self.fail {
            return Err("told to fail".into());
        }
        *output += item;
        Ok(())
    }

    fn finalize(&mut self, output: u64, _: &Statistics) -> Result<()> {
        println!("sum {output}");
        Ok(())
    }
}

/// The exit status of this process.
fn job(Arguments { passes, fail, farm }: Arguments) -> Result<i32, gaudi_mpi::Error> {
    let mut manager = match WorkManager::join(farm)? {
        Continue(manager) => manager,
        Break(exit) => return Ok(exit.status()),
    };
    for _ in 0..passes {
        if let Break(exit) = manager.run(&mut Sum { fail }, 0..1000)? {
            return Ok(exit.status());
        }
    }
    Ok(match manager.leave() {
        Continue(()) => 0,
        Break(exit) => exit.status(),
    })
}

/// Writes a line in a single call, because several processes write at the same time.
fn write_line(line: &str) {
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

fn main() -> ExitCode {
    let arguments = gaudi_mpi::parse();
    let hooks = ForkHooks {
        before_fork: || write_line("before a fork"),
        after_fork_in_parent: || write_line("after a fork in the parent"),
        after_fork_in_child: || write_line("after a fork in the child"),
        exit_child: |status| {
            write_line(&format!("a child ends with status {status}"));
            std::process::exit(status)
        },
    };
    let status = set_fork_hooks(hooks)
        .and_then(|()| job(arguments))
        .unwrap_or_else(|error| {
            eprintln!("the job failed: {error}");
            error.exit_status()
        });
    write_line(&format!("the host ends with status {status}"));
    ExitCode::from(status as u8)
}
