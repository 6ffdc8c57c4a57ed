//! `gaudi-mpi inspect`: shows the contents of files.

use super::text_table::TextTable;
use clap::Args;
use gaudi_mpi::Error;
use gaudi_mpi::io::{Contents, TableContents};
use std::path::PathBuf;

#[derive(Args)]
pub struct Arguments {
    /// Files with events, histograms, or both
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Print JSON: a list with one object for each file
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: Arguments) -> Result<(), Error> {
    let contents = arguments.files.iter().map(Contents::of);
    let contents: Vec<Contents> = contents
        .collect::<Result<_, _>>()
        .map_err(|error| Error::Program(error.into()))?;
    let text = match arguments.json {
        true => {
            let json = serde_json::to_string_pretty(&contents);
            json.map_err(|error| Error::Program(error.into()))? + "\n"
        }
        false => contents.iter().map(in_words).collect::<Vec<_>>().join("\n"),
    };
    Ok(super::print(&text)?)
}

fn in_words(contents: &Contents) -> String {
    let size = size(contents.bytes);
    let mut text = match contents.events {
        Some(1) => format!("{}: 1 event, {size}\n", contents.file.display()),
        Some(events) => format!("{}: {events} events, {size}\n", contents.file.display()),
        None => format!("{}: no events, {size}\n", contents.file.display()),
    };
    for table in &contents.tables {
        text += &format!("\n{}: {}\n", table.path, rows(table));
        text += &columns(table);
    }
    if !contents.histograms.is_empty() {
        let mut table = TextTable::with_numbers(&[2]);
        for histogram in &contents.histograms {
            table.push([
                histogram.path.clone(),
                histogram.kind.into(),
                histogram.entries.to_string(),
                match histogram.entries {
                    1 => "entry".into(),
                    _ => "entries".into(),
                },
                histogram.axes.join(" × "),
            ]);
        }
        text += &format!("\n/Histograms: {}\n{}", contents.histograms.len(), table.lines("  "));
    }
    if !contents.file_records.is_empty() {
        let mut table = TextTable::with_numbers(&[2]);
        for dataset in &contents.file_records {
            let path = dataset.path.trim_start_matches("/FileRecords/");
            table.push([path.into(), dataset.element.clone(), dataset.length.to_string()]);
        }
        text += &format!("\n/FileRecords\n{}", table.lines("  "));
    }
    text
}

fn rows(table: &TableContents) -> String {
    match (table.many_rows, table.mean_rows) {
        (false, _) => "one row per event".into(),
        (true, Some(mean)) => format!("{} rows, {mean:.2} per event", table.rows),
        (true, None) => format!("{} rows", table.rows),
    }
}

fn columns(contents: &TableContents) -> String {
    let mut table = TextTable::with_numbers(&[4, 5]);
    for column in &contents.columns {
        let target = column.target.as_ref().map(|target| format!("→ {target}"));
        table.push([
            column.name.clone(),
            column.element.into(),
            column.unit.clone(),
            target.unwrap_or_default(),
            size(column.stored_bytes),
            column
                .compression_ratio
                .map(|ratio| format!("{ratio:.2}×"))
                .unwrap_or_default(),
        ]);
    }
    table.lines("  ")
}

fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let (mut number, mut unit) = (bytes as f64 / 1e3, 0);
    while number >= 999.95 && unit + 1 < UNITS.len() {
        number /= 1e3;
        unit += 1;
    }
    format!("{number:.1} {}", UNITS[unit])
}
