//! What is wrong with the files that a job writes, apart from what is in them.

use super::config::JobConfig;
use crate::io::InputFile;
use std::path::{Path, PathBuf};

/// Refuses outputs that cannot be, are input, too, or are called as another one.
pub(super) fn check_written(config: &JobConfig, inputs: &[InputFile]) -> Result<(), String> {
    if let Some(output) = config.outputs.iter().find(|output| output.compression > 9) {
        return Err(format!(
            "output {}: the compression is from 1, fast, to 9, small, or 0 for none, not {}",
            output.file.display(),
            output.compression
        ));
    }
    if let Some(picture) = &config.histograms.picture
        && !picture
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("png") || end.eq_ignore_ascii_case("svg"))
    {
        return Err(format!(
            "cannot tell the format of the picture {}: its name ends in .png or .svg",
            picture.display()
        ));
    }
    let outputs = config.outputs.iter().map(|output| &output.file);
    // Histograms may go to the file of an output.
    let shared = |file: &&PathBuf| !config.outputs.iter().any(|output| output.file == **file);
    let histograms = &config.histograms;
    let written = outputs
        .chain(histograms.file.iter().filter(shared))
        .chain(&histograms.picture);
    let inputs: Vec<PathBuf> = inputs.iter().map(|input| resolved(&input.path)).collect();
    let mut seen: Vec<(PathBuf, &PathBuf)> = Vec::new();
    for file in written {
        let place = resolved(file);
        if place.is_dir() || file.file_name().is_none() {
            return Err(format!("cannot write {}: it is a folder", file.display()));
        }
        let above = file.ancestors().skip(1).find(|folder| folder.exists());
        if let Some(no_folder) = above.filter(|folder| !folder.is_dir()) {
            let reason = format!("{} is no folder", no_folder.display());
            return Err(format!("cannot write {}: {reason}", file.display()));
        }
        if inputs.contains(&place) {
            return Err(format!(
                "{} cannot be input and output at once: give the output another name",
                file.display()
            ));
        }
        if let Some((_, other)) = seen.iter().find(|(other, _)| *other == place) {
            let by = match *other == file {
                true => String::new(),
                false => format!(", as {}, too", other.display()),
            };
            return Err(format!(
                "{} would be written twice{by}: give each output a name of its own",
                file.display()
            ));
        }
        seen.push((place, file));
    }
    Ok(())
}

/// The place of a file that may not be there yet, whatever links and `..` lead to it.
fn resolved(file: &Path) -> PathBuf {
    if let Ok(place) = file.canonicalize() {
        return place;
    }
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.canonicalize(),
        _ => Path::new(".").canonicalize(),
    };
    match (folder, file.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => file.to_path_buf(),
    }
}
