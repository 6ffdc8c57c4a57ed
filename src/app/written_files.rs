//! Checks the names of the files that a job writes.

use super::job_config::{HistogramsConfig, JobConfig};
use crate::io::InputFile;
use std::path::{Path, PathBuf};

/// Rejects an output that cannot be written, is also an input, or has the same name as another output.
pub(super) fn check_written(config: &JobConfig, inputs: &[InputFile]) -> Result<(), String> {
    let HistogramsConfig { file, picture } = &config.histograms;
    let mut outputs = config.outputs.iter().enumerate();
    if let Some((index, output)) = outputs.find(|(_, output)| output.compression > 9) {
        let message = format!(
            "output {}: the compression is from 1, fast, to 9, small, or 0 for none, not {}",
            output.file.display(),
            output.compression
        );
        return Err(config.error(&format!("output.{index}.compression"), None, &message));
    }
    if let Some(picture) = picture
        && !picture
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("png") || end.eq_ignore_ascii_case("svg"))
    {
        let name = picture.display();
        let message = format!("cannot tell the format of the picture {name}: use a name that ends with .png or .svg");
        return Err(config.error("histograms.picture", None, &message));
    }
    let outputs = config.outputs.iter().enumerate();
    let outputs = outputs.map(|(index, output)| (format!("output.{index}.file"), &output.file));
    // The histograms may be written to an output's event file.
    let separate = file
        .iter()
        .filter(|file| config.outputs.iter().all(|output| output.file != **file));
    let histograms = separate.map(|file| ("histograms.file".to_string(), file));
    let picture = picture.iter().map(|file| ("histograms.picture".to_string(), file));
    let inputs: Vec<PathBuf> = inputs.iter().map(|input| resolved(&input.path)).collect();
    let mut seen: Vec<(PathBuf, &PathBuf)> = Vec::new();
    for (keys, file) in outputs.chain(histograms).chain(picture) {
        let error = |message: String| Err(config.error(&keys, None, &message));
        let name = file.display();
        let place = resolved(file);
        if place.is_dir() || file.file_name().is_none() {
            return error(format!("cannot write {name}: it is a folder"));
        }
        let above = file.ancestors().skip(1).find(|folder| folder.exists());
        if let Some(no_folder) = above.filter(|folder| !folder.is_dir()) {
            return error(format!("cannot write {name}: {} is not a folder", no_folder.display()));
        }
        if inputs.contains(&place) {
            return error(format!("{name} is both input and output: give the output another name"));
        }
        if let Some((_, other)) = seen.iter().find(|(other, _)| *other == place) {
            let other = match *other == file {
                true => String::new(),
                false => format!(", also as {}", other.display()),
            };
            return error(format!(
                "{name} would be written twice{other}: give each output its own name"
            ));
        }
        seen.push((place, file));
    }
    Ok(())
}

/// Resolves symbolic links and `..` in the path of a file that may not exist yet.
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
