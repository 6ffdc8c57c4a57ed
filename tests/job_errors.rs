//! Errors in jobs and in their input: each is reported once, with its location, and no files are left behind.

mod common;

use common::events::{set, small};
use common::particles::Jobs;
use gaudi_mpi::event::ColumnType;
use std::fs;

/// Outputs of every kind.
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

/// A job with an input file, `inner`, and outputs.
fn job(inner: &str) -> String {
    format!("{INPUT}{inner}{OUTPUTS}")
}

/// A job with one algorithm of this type and with these properties.
fn algorithm(kind: &str, properties: &str) -> String {
    job(&format!("[[algorithm]]\ntype = '{kind}'\n{properties}\n"))
}

fn filter(cut: &str) -> String {
    algorithm("Filter", &format!("table = 'Rec/Track/Best'\ncut = \"{cut}\""))
}

/// Runs a job that must fail without leaving files behind, and returns its error.
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
        ("title = [".to_string(), "job.toml:1:10: unclosed array"),
        ("this is no TOML".to_string(), "job.toml:1:"),
        (
            job("[inputs]\n"),
            "job.toml:3:2: unknown field `inputs`, expected one of `title`, `input`, `algorithm`, `histograms`, ",
        ),
        (
            job("event = 3\n"),
            "job.toml:3:1: unknown field `event`, expected one of `files`, `first`, `events`, `skip`",
        ),
        (
            job("[[output]]\nfile = 'x.h5'\nitem = []\n"),
            "job.toml:5:1: unknown field `item`, expected one of `file`, `items`, `optional`",
        ),
        (job("first = -1\n"), "job.toml:3:9: invalid value: integer `-1`"),
        (job("events = -5\n"), "invalid value: integer `-5`"),
        (
            job("granularity = 'run'\n"),
            "job.toml:3:15: unknown variant `run`, expected one of `file`, `chunk`, `event`",
        ),
        (
            job("chunk = 0\n"),
            "job.toml:3:9: input.chunk is 0: a chunk has at least one event",
        ),
        (
            job("skip = ['x']\n"),
            "job.toml:3:9: input.skip: 'x' is neither the number of an event nor a range",
        ),
        (
            job("skip = ['20..10']\n"),
            "job.toml:3:9: input.skip: the range '20..10' ends before it starts",
        ),
        (job("skip = ['-3..10']\n"), "input.skip: '-3..10' is neither"),
        (
            job("time = 'Rec/Header/line'\n"),
            "job.toml:3:8: input.time: Rec/Header/line holds texts, but times are numbers",
        ),
        (
            job("time = 'Rec/Header/clock'\n"),
            "input.time: a.h5 has no /Event/Rec/Header/clock; its columns are event_number, line, time",
        ),
        (job("[[algorithm]]\nname = 'x'\n"), "job.toml:3:1: missing field `type`"),
        (
            algorithm("Filtre", ""),
            "job.toml:4:8: algorithm 'Filtre': there is no type of algorithm called 'Filtre'; there are Sequence, ",
        ),
        (
            algorithm("Filter", "cutt = '1 > 0'"),
            "job.toml:5:1: algorithm 'Filter': unknown field `cutt`, expected one of `cut`, `table`",
        ),
        (
            algorithm("Filter", "table = 'Rec/Track/Best'"),
            "job.toml:4:8: algorithm 'Filter': missing field `cut`",
        ),
        (
            algorithm("Filter", "cut = '1 > 0'\nprescale = 1.5"),
            "job.toml:6:12: algorithm 'Filter': prescale is a fraction of the events, from 0 to 1, not 1.5",
        ),
        (
            algorithm("Filter", "cut = '1 > 0'\nprescale = 'x'"),
            "job.toml:6:12: algorithm 'Filter': prescale: invalid type: string \"x\", expected f64",
        ),
        (
            algorithm("Prescale", "fraction = -0.1"),
            "job.toml:5:12: algorithm 'Prescale': 'fraction' is a fraction of the events, from 0 to 1, not -0.1",
        ),
        (
            job("[[algorithm]]\ntype = 'Prescale'\nfraction = 1\n[[algorithm]]\ntype = 'Prescale'\nfraction = 1\n"),
            "job.toml:7:8: two algorithms are called 'Prescale'",
        ),
        (
            job(&sequence("members = ['A']")),
            "job.toml:5:12: algorithm 'Sequence': there is no algorithm 'A' in this job; there are Sequence",
        ),
        (
            job(&sequence("member = ['A']")),
            "job.toml:5:1: algorithm 'Sequence': unknown field `member`, expected one of `members`, `mode`",
        ),
        (
            job(&sequence("members = ['!Sequence']")),
            "job.toml:4:8: the sequence 'Sequence' contains itself",
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
        (
            filter("px"),
            "job.toml:6:8: algorithm 'Filter': a cut needs a truth value, but this",
        ),
        (
            filter("pz > 3"),
            "job.toml:6:8: algorithm 'Filter': there is no column `pz` here; the columns are chi2, event, px",
        ),
        (
            filter("px > 3 +"),
            "job.toml:6:16: algorithm 'Filter': the expression ends",
        ),
        (
            filter("px > (3"),
            "not closed\n  |\n6 | cut = \"px > (3\"\n  |             ^",
        ),
        (
            filter("vertex.t > 3"),
            "job.toml:6:8: algorithm 'Filter': a.h5 has no /Event/Rec/Vertex/t; its columns are event, row, z",
        ),
        (filter("px.z > 3"), "`px` is no reference"),
        (
            filter("'Rec/Header/line' == 3"),
            "holds texts, but expressions use numbers",
        ),
        (
            filter("'Phys/Particles/pid' == 13"),
            "has a value per row of /Event/Phys/Particles, not of /Event/Rec/Track/Best",
        ),
        (
            algorithm("Filter", "table = 'Rec/Trak'\ncut = 'px > 1'"),
            "job.toml:5:9: algorithm 'Filter': a.h5 has no /Event/Rec/Trak; its tables are ",
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
            "job.toml:7:10: algorithm 'Filter': /Event/Rec/Vertex cannot be created: the input already has this table",
        ),
        (
            algorithm("Define", "column = 'Rec/Track/Best/px'\nvalue = '1'"),
            "job.toml:5:10: algorithm 'Define': /Event/Rec/Track/Best/px cannot be created: the column already exists",
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
            "job.toml:5:10: output x.h5: pattern 'Rec/Trak/*' matches no table and no column; move it to 'optional'",
        ),
        (
            job("[[output]]\nfile = 'x.h5'\nitems = ['Rec/[']\n"),
            "job.toml:5:10: output x.h5: pattern 'Rec/['",
        ),
        (
            job("[[output]]\nfile = 'x.h5'\nitems = ['Phys/**']\n"),
            "job.toml:5:9: output x.h5: /Event/Phys/Particles/track refers to /Event/Rec/Track/Best, which is not written",
        ),
        (
            job("[[output]]\nfile = 'x.h5'\nveto = ['A']\n"),
            "job.toml:5:9: output x.h5: there is no algorithm 'A' in this job; there are none",
        ),
        (
            job("[[output]]\nfile = 'x.h5'\ncompression = 300\n"),
            "job.toml:5:15: invalid value: integer `300`",
        ),
        (
            job("[[output]]\nfile = 'x.h5'\ncompression = 10\n"),
            "job.toml:5:15: output x.h5: the compression is from 1, fast, to 9, small, or 0 for none, not 10",
        ),
        (
            job("[[output]]\nfile = 'x.h5'\nmode = 'split'\n"),
            "job.toml:5:8: unknown variant `split`, expected one of `gathered`, `merged`, `virtual`",
        ),
        (
            job("[[output]]\nfile = './a.h5'\n"),
            "job.toml:4:8: ./a.h5 is both input and output",
        ),
        (
            job("[[output]]\nfile = 'gathered.h5'\n"),
            "gathered.h5 would be written twice",
        ),
        (
            job("[[output]]\nfile = './histograms.h5'\n"),
            "histograms.h5 would be written twice, also as ./histograms.h5",
        ),
        (
            job("[[output]]\nfile = 'file/x.h5'\n"),
            "cannot write file/x.h5: file is not a folder",
        ),
        (
            job("[[output]]\nfile = '.'\n"),
            "job.toml:4:8: cannot write .: it is a folder",
        ),
        (
            format!("{INPUT}[histograms]\nfile = 'a.h5'\n"),
            "job.toml:4:8: a.h5 is both input and output",
        ),
        (
            format!("[input]\n{OUTPUTS}"),
            "job.toml:1:1: the job has no input: give files, or the number of events",
        ),
        (
            format!("[input]\nevents = 9_000_000_000_000_000_000\n{OUTPUTS}"),
            "at most: use larger chunks",
        ),
        (
            format!("[input]\nfiles = ['none.h5']\n{OUTPUTS}"),
            "job.toml:2:10: cannot read none.h5: No such file",
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
        // Under mpirun, the launcher's message follows the error.
        if checked.is_multiple_of(8) && !refused(&jobs, 3, &text, "").starts_with(&error) {
            failed.push((words, error));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
    // Workers know the places, too, and those in options.
    let error = refused(&jobs, 0, &filter("pz > 3"), "--workers 2");
    assert!(error.contains(": job.toml:6:8: algorithm 'Filter': "), "{error}");
    let error = refused(&jobs, 0, &filter("px > 3"), "--workers 2 --set Filter.cut=pz>3");
    assert!(
        error.contains(": --set Filter.cut=pz>3: algorithm 'Filter': "),
        "{error}"
    );
    assert!(error.contains("\n | Filter.cut=pz>3\n |            ^^"), "{error}");
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
        ("run job.toml --set =3", "the key before the '=' is missing"),
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
            "--set input.fist=3: unknown field `fist`, expected one of `files`, `first`",
        ),
        (
            "--set output.7.file=x",
            "--set output.7.file=x: 'output' has 3 entries, numbered from 0",
        ),
        ("--set input.first.x=3", "input.first.x=3"),
        ("--set input.chunk=0", "--set input.chunk=0: input.chunk is 0"),
        (
            "--set input.chunk=-1",
            "--set input.chunk=-1: invalid value: integer `-1`",
        ),
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
