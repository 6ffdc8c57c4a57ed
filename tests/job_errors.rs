//! Mistakes in jobs and in their input: each is told in a sentence, once, and nothing is left behind.

mod common;

use common::events::{set, small};
use common::particles::Jobs;
use gaudi_mpi::event::ColumnType;
use std::fs;

/// Where events go, in every way that there is.
const OUTPUTS: &str = r#"
[histograms]
file = "histograms.h5"
picture = "histograms.png"

[[output]]
file = "gathered.h5"

[[output]]
file = "merged.h5"
mode = "merged"

[[output]]
file = "virtual.h5"
mode = "virtual"
"#;

const INPUT: &str = "[input]\nfiles = ['a.h5']\n";

/// A job that reads a file, has this in it, and writes.
fn job(inner: &str) -> String {
    format!("{INPUT}{inner}{OUTPUTS}")
}

/// An algorithm of this type, with properties.
fn algorithm(kind: &str, properties: &str) -> String {
    job(&format!("[[algorithm]]\ntype = '{kind}'\n{properties}\n"))
}

fn filter(cut: &str) -> String {
    algorithm("Filter", &format!("table = 'Rec/Track/Best'\ncut = \"{cut}\""))
}

/// What the job says is wrong; it has left nothing behind.
fn refused(jobs: &Jobs, ranks: usize, text: &str, arguments: &str) -> String {
    jobs.job_file("job.toml", text);
    let before = jobs.names();
    let run = jobs.gaudi(ranks, &format!("run job.toml {arguments}")).ends_with(1);
    assert_eq!(run.stderr.matches("Error: ").count(), 1, "{text}\n{run:?}");
    assert!(
        run.stdout.is_empty() && !run.stderr.contains("panicked"),
        "{text}\n{run:?}"
    );
    assert_eq!(jobs.names(), before, "{text}\n{run:?}");
    run.stderr
}

#[test]
fn mistakes_in_job_files_are_told_and_nothing_is_left() {
    let Some(jobs) = Jobs::open() else { return };
    jobs.input("a.h5", 0..300, false);
    jobs.input("c.h5", 300..400, true);
    fs::write(jobs.path("file"), "").unwrap();
    let sequence = |members: &str| format!("[[algorithm]]\ntype = 'Sequence'\n{members}\n");
    let mut failed = Vec::new();
    let mistakes = [
        (
            "title = [".to_string(),
            "job.toml: TOML parse error at line 1, column 10",
        ),
        ("this is no TOML".to_string(), "job.toml: TOML parse error at line 1"),
        (
            job("[inputs]\n"),
            "unknown field `inputs`, expected one of `title`, `input`, `algorithm`, `histograms`, `output`",
        ),
        (
            job("event = 3\n"),
            "unknown field `event`, expected one of `files`, `first`, `events`, `skip`",
        ),
        (
            job("[[output]]\nfile = 'x.h5'\nitem = []\n"),
            "unknown field `item`, expected one of `file`, `items`, `optional`",
        ),
        (job("first = -1\n"), "invalid value: integer `-1`"),
        (job("events = -5\n"), "invalid value: integer `-5`"),
        (
            job("granularity = 'run'\n"),
            "unknown variant `run`, expected one of `file`, `chunk`, `event`",
        ),
        (job("chunk = 0\n"), "a chunk of 0 events would never get anything done"),
        (
            job("skip = ['x']\n"),
            "input.skip: 'x' is neither a number of an event nor a range",
        ),
        (
            job("skip = ['20..10']\n"),
            "input.skip: the range '20..10' goes backwards",
        ),
        (job("skip = ['-3..10']\n"), "input.skip: '-3..10' is neither"),
        (
            job("time = 'Rec/Header/line'\n"),
            "input.time: Rec/Header/line holds texts, but times are numbers",
        ),
        (
            job("time = 'Rec/Header/clock'\n"),
            "input.time: a.h5 has no /Event/Rec/Header/clock; its columns are event_number, line, time",
        ),
        (job("[[algorithm]]\nname = 'x'\n"), "missing field `type`"),
        (
            algorithm("Filtre", ""),
            "there is no type of algorithm called 'Filtre'; there are Sequence, ",
        ),
        (
            algorithm("Filter", "cutt = '1 > 0'"),
            "algorithm 'Filter': unknown field `cutt`, expected one of `cut`, `table`",
        ),
        (
            algorithm("Filter", "table = 'Rec/Track/Best'"),
            "algorithm 'Filter': missing field `cut`",
        ),
        (
            algorithm("Filter", "cut = '1 > 0'\nprescale = 1.5"),
            "prescale is a part of the events, from 0 to 1, not 1.5",
        ),
        (
            algorithm("Filter", "cut = '1 > 0'\nprescale = 'x'"),
            "prescale is a number from 0 to 1, not \"x\"",
        ),
        (
            algorithm("Prescale", "fraction = -0.1"),
            "'fraction' is a fraction of the events, from 0 to 1, not -0.1",
        ),
        (
            job("[[algorithm]]\ntype = 'Prescale'\nfraction = 1\n[[algorithm]]\ntype = 'Prescale'\nfraction = 1\n"),
            "two algorithms are called 'Prescale'",
        ),
        (
            job(&sequence("members = ['A']")),
            "algorithm 'Sequence': there is no algorithm 'A' in this job; there are Sequence",
        ),
        (
            job(&sequence("member = ['A']")),
            "algorithm 'Sequence': unknown field `member`, expected one of `members`, `mode`",
        ),
        (
            job(&sequence("members = ['!Sequence']")),
            "the sequence 'Sequence' contains itself",
        ),
        (
            job(&format!(
                "{}{}{}",
                sequence("name = 'A'\nmembers = ['B']"),
                sequence("name = 'B'\nmembers = ['C']"),
                sequence("name = 'C'\nmembers = ['B']")
            )),
            "the sequence 'B' contains itself",
        ),
        (filter("px"), "a cut is a truth value, but this is a number"),
        (
            filter("pz > 3"),
            "the columns are chi2, event, px, py, row, vertex, wanted",
        ),
        (filter("px > 3 +"), "^"),
        (filter("px > (3"), "^"),
        (
            filter("vertex.t > 3"),
            "a.h5 has no /Event/Rec/Vertex/t; its columns are event, row, z",
        ),
        (filter("px.z > 3"), "`px` is no reference"),
        (
            filter("'Rec/Header/line' == 3"),
            "holds texts, but expressions are of numbers",
        ),
        (
            filter("'Phys/Particles/pid' == 13"),
            "has a value per row of /Event/Phys/Particles, not of /Event/Rec/Track/Best",
        ),
        (
            algorithm("Filter", "table = 'Rec/Trak'\ncut = 'px > 1'"),
            "a.h5 has no /Event/Rec/Trak; its tables are ",
        ),
        (
            algorithm("Filter", "cut = '1 > 0'\noutput = 'X'"),
            "'output' takes rows of a table: name the table with 'table'",
        ),
        (
            algorithm(
                "Filter",
                "table = 'Rec/Track/Best'\ncut = 'px > 0'\noutput = 'Rec/Vertex'",
            ),
            "/Event/Rec/Vertex cannot be created: the input has a table there already",
        ),
        (
            algorithm("Define", "column = 'Rec/Track/Best/px'\nvalue = '1'"),
            "/Event/Rec/Track/Best/px cannot be created: there is such a column already",
        ),
        (
            algorithm("Define", "column = 'x'\nvalue = '1'"),
            "the path of a column is the path of its table",
        ),
        (
            algorithm("Histogram", "x = { value = '1', bins = 0, low = 0, high = 1 }"),
            "x: ",
        ),
        (
            algorithm("Histogram", "x = { value = '1', bins = -3, low = 0, high = 1 }"),
            "invalid value: integer `-3`",
        ),
        (
            algorithm("Histogram", "x = { value = '1', bins = 3, low = 1, high = 1 }"),
            "x: ",
        ),
        (
            algorithm("Histogram", "x = { value = '1', bins = 3, low = 0 }"),
            "the bins of x need 'bins', 'low' and 'high', or 'edges'",
        ),
        (algorithm("Histogram", "x = { value = '1', edges = [1, 0] }"), "x: "),
        (algorithm("Histogram", "x = { value = '1', edges = [0, nan] }"), "x: "),
        (
            algorithm(
                "Histogram",
                "x = { value = '1', bins = 4000000000000, low = 0, high = 1 }",
            ),
            "x: ",
        ),
        (
            job("[[output]]\nfile = 'x.h5'\nitems = ['Rec/Trak/*']\n"),
            "output x.h5: item 'Rec/Trak/*' matches no table and no column; put it under 'optional'",
        ),
        (
            job("[[output]]\nfile = 'x.h5'\nitems = ['Rec/[']\n"),
            "output x.h5: item 'Rec/['",
        ),
        (
            job("[[output]]\nfile = 'x.h5'\nitems = ['Phys/**']\n"),
            "/Event/Phys/Particles/track refers to /Event/Rec/Track/Best, which is not written: add '/Event/Rec/Track/Best' to the items",
        ),
        (
            job("[[output]]\nfile = 'x.h5'\nveto = ['A']\n"),
            "output x.h5: there is no algorithm 'A' in this job; there are none",
        ),
        (
            job("[[output]]\nfile = 'x.h5'\ncompression = 300\n"),
            "invalid value: integer `300`",
        ),
        (
            job("[[output]]\nfile = 'x.h5'\ncompression = 10\n"),
            "output x.h5: the compression is from 1, fast, to 9, small, or 0 for none, not 10",
        ),
        (
            job("[[output]]\nfile = 'x.h5'\nmode = 'split'\n"),
            "unknown variant `split`, expected one of `gathered`, `merged`, `virtual`",
        ),
        (
            job("[[output]]\nfile = './a.h5'\n"),
            "./a.h5 cannot be input and output at once",
        ),
        (
            job("[[output]]\nfile = 'gathered.h5'\n"),
            "gathered.h5 would be written twice",
        ),
        (
            job("[[output]]\nfile = './histograms.h5'\n"),
            "histograms.h5 would be written twice, as ./histograms.h5, too",
        ),
        (
            job("[[output]]\nfile = 'file/x.h5'\n"),
            "cannot write file/x.h5: file is no folder",
        ),
        (job("[[output]]\nfile = '.'\n"), "cannot write .: it is a folder"),
        (
            format!("{INPUT}[histograms]\nfile = 'a.h5'\n"),
            "a.h5 cannot be input and output at once",
        ),
        (
            format!("[input]\n{OUTPUTS}"),
            "the job has no input: give files, or with input.events",
        ),
        (
            format!("[input]\nevents = 9_000_000_000_000_000_000\n{OUTPUTS}"),
            "too many to keep account of: take larger chunks",
        ),
        (
            format!("[input]\nfiles = ['none.h5']\n{OUTPUTS}"),
            "cannot read none.h5: No such file",
        ),
        (
            format!("[input]\nfiles = ['none*.h5']\n{OUTPUTS}"),
            "the input 'none*.h5': no file matches",
        ),
        (
            format!("[input]\nfiles = ['@none']\n{OUTPUTS}"),
            "cannot read none: No such file",
        ),
        (
            format!("[input]\nfiles = ['@file']\n{OUTPUTS}"),
            "cannot read file: this list names no files",
        ),
        (
            format!("[input]\nfiles = ['a.h5', '*.h5']\n{OUTPUTS}"),
            "the input a.h5 is given twice: its events would count twice",
        ),
        (
            format!("[input]\nfiles = ['a.h5', './a.h5']\n{OUTPUTS}"),
            "the input ./a.h5 is given twice, also as a.h5",
        ),
        (
            format!("[input]\nfiles = ['.']\n{OUTPUTS}"),
            "cannot read .: it is a folder",
        ),
    ];
    for (checked, (text, words)) in mistakes.into_iter().enumerate() {
        let error = refused(&jobs, 0, &text, "");
        if !error.contains(words) || refused(&jobs, 0, &text, "--dry-run") != error {
            failed.push((words, error.clone()));
        }
        // The launcher says something after it.
        if checked.is_multiple_of(8) && !refused(&jobs, 3, &text, "").starts_with(&error) {
            failed.push((words, error));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn wrong_command_lines_have_status_2() {
    let Some(jobs) = Jobs::open() else { return };
    jobs.input("a.h5", 0..10, false);
    jobs.job_file("job.toml", &job(""));
    for (line, words) in [
        (
            "run job.toml --set input.first",
            "there is no '=' between a key and its value",
        ),
        ("run job.toml --set =3", "there is no key before the '='"),
        ("run job.toml --chunk 0", "0 is not in 1.."),
        (
            "run job.toml --granularity run",
            "[possible values: file, chunk, event]",
        ),
        (
            "run --set input.first=3",
            "the following required arguments were not provided",
        ),
    ] {
        let run = jobs.gaudi(0, line).ends_with(2);
        assert!(run.stderr.contains(words) && run.stdout.is_empty(), "{run:?}");
    }
    for (line, words) in [
        (
            "--set inputs.first=3",
            "'inputs' is neither a section (input, histograms, output) nor an algorithm of this job",
        ),
        (
            "--set input.fist=3",
            "unknown field `fist`, expected one of `files`, `first`",
        ),
        ("--set output.7.file=x", "'output' has 3 entries, numbered from 0"),
        ("--set input.first.x=3", "input.first.x=3"),
        ("--set input.chunk=0", "a chunk of 0 events"),
        ("--set input.chunk=-1", "invalid value: integer `-1`"),
        ("--set title.x=3", "title.x=3"),
    ] {
        let error = refused(&jobs, 0, &job(""), line);
        assert!(error.contains(words), "{line}: {error}");
    }
    let missing = jobs.gaudi(3, "run none.toml").ends_with(1);
    assert!(
        missing
            .error()
            .contains("cannot read the job file none.toml: No such file"),
        "{missing:?}"
    );
}

#[test]
fn input_that_is_not_what_it_should_be_is_told_and_nothing_is_left() {
    let Some(jobs) = Jobs::open() else { return };
    jobs.input("a.h5", 0..5000, false);
    let spoil = |name: &str, change: &dyn Fn(&hdf5::File)| {
        fs::copy(jobs.path("a.h5"), jobs.path(name)).unwrap();
        change(&hdf5::File::open_rw(jobs.path(name)).unwrap());
    };
    let bytes = jobs.bytes("a.h5");
    fs::write(jobs.path("text.h5"), "px py pz\n".repeat(100)).unwrap();
    fs::write(jobs.path("cut.h5"), &bytes[..bytes.len() / 2]).unwrap();
    drop(hdf5::File::create(jobs.path("bare.h5")).unwrap());
    let attribute = |file: &hdf5::File, name: &str, value: u64| {
        let event = file.group("Event").unwrap();
        event.delete_attr(name).unwrap();
        event
            .new_attr::<u64>()
            .create(name)
            .unwrap()
            .write_scalar(&value)
            .unwrap();
    };
    spoil("version.h5", &|file| attribute(file, "format_version", 2));
    spoil("many.h5", &|file| attribute(file, "events", u64::MAX));
    spoil("more.h5", &|file| attribute(file, "events", 5001));
    let offsets = "Event/Rec/Track/Best/_offsets";
    spoil("backwards.h5", &|file| set(file, offsets, 4500, 3_u64));
    spoil("dangling.h5", &|file| {
        set(file, "Event/Phys/Particles/track", 7000, 99_i32)
    });
    spoil("short.h5", &|file| {
        file.dataset("Event/Rec/Track/Best/px").unwrap().resize(99).unwrap()
    });
    spoil("gev.h5", &|file| {
        let px = file.dataset("Event/Rec/Track/Best/px").unwrap();
        px.delete_attr("unit").unwrap();
        px.new_attr::<hdf5::types::VarLenUnicode>()
            .create("unit")
            .unwrap()
            .write_scalar(&"GeV".parse::<hdf5::types::VarLenUnicode>().unwrap())
            .unwrap();
    });
    spoil("type.h5", &|file| {
        let table = file.group("Event/Rec/Track/Best").unwrap();
        let length = table.dataset("px").unwrap().size();
        table.unlink("px").unwrap();
        table
            .new_dataset_builder()
            .with_data(&vec![1_f32; length])
            .create("px")
            .unwrap();
    });
    spoil("without.h5", &|file| {
        file.group("Event/Rec/Track/Best").unwrap().unlink("px").unwrap()
    });
    small(&jobs.path("other.h5"), ColumnType::new::<f64>("px").unit("MeV"), 3);
    let mut failed = Vec::new();
    for (name, ranks, words) in [
        (
            "text.h5",
            3,
            "cannot read text.h5: it is not an HDF5 file, or it is damaged or truncated",
        ),
        (
            "cut.h5",
            0,
            "cannot read cut.h5: it is not an HDF5 file, or it is damaged or truncated",
        ),
        (
            "bare.h5",
            0,
            "cannot read bare.h5: it is HDF5, but not an event file: there is no group /Event",
        ),
        (
            "version.h5",
            0,
            "cannot read version.h5: it has version 2 of the format, but only versions up to 1 can be read",
        ),
        ("many.h5", 3, "many.h5"),
        ("more.h5", 0, "more.h5"),
        (
            "backwards.h5",
            3,
            "_offsets in backwards.h5: they decrease at event 4499",
        ),
        (
            "dangling.h5",
            3,
            "/Event/Phys/Particles/track in dangling.h5: /Event/Phys/Particles/track refers to row 99",
        ),
        (
            "short.h5",
            0,
            "/Event/Rec/Track/Best/px in short.h5: it has 99 rows, but the offsets of its table end at",
        ),
        (
            "gev.h5",
            3,
            "/Event/Rec/Track/Best/px in gev.h5: it holds f64 in GeV, but in another input file f64 in MeV",
        ),
        (
            "type.h5",
            0,
            "/Event/Rec/Track/Best/px in type.h5: it holds f32 without unit, but in another input file f64 in MeV",
        ),
        ("without.h5", 0, "without.h5 has no /Event/Rec/Track/Best/px"),
        ("other.h5", 0, "other.h5 has no /Event/Rec/"),
    ] {
        let text = filter("px > 0 && vertex.z < 1000").replace("'a.h5'", &format!("'a.h5', '{name}'"));
        let error = refused(&jobs, ranks, &text, "--chunk 500");
        if !error.contains(words) {
            failed.push((words, error));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}
