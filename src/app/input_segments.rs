//! The input of a job, divided into segments, which are the items of work.

use super::job_config::JobConfig;
use super::written_files::check_written;
use crate::io::{EventSelector, InputFile, Segment};

/// The maximum number of items. The number is limited because rank 0 keeps all items in memory.
const MOST_ITEMS: u64 = 200_000_000;

/// Finds the input files and divides the events into items. Also checks the names of the output files.
pub(super) fn input_segments(config: &JobConfig) -> Result<(Vec<InputFile>, Vec<Segment>), String> {
    let input = &config.input;
    let mut selector = EventSelector::default();
    for pattern in &input.files {
        let added = selector.add(pattern);
        added.map_err(|error| config.error("input.files", Some(pattern), &error.to_string()))?;
    }
    selector.first(input.first).granularity(input.granularity);
    if let Some(chunk) = input.chunk {
        if chunk == 0 {
            let message = "input.chunk is 0: a chunk has at least one event";
            return Err(config.error("input.chunk", None, message));
        }
        selector.chunk(chunk);
    }
    match (input.files.is_empty(), input.events) {
        (true, None) => {
            let message = "the job has no input: give files, or the number of events to make as input.events";
            return Err(config.error("input", None, message));
        }
        (true, Some(events)) => {
            selector.add_made(input.first.saturating_add(events));
        }
        (false, None) => {}
        (false, Some(events)) => {
            selector.events(events);
        }
    }
    for range in &input.skip {
        let error = |message: &str| config.error("input.skip", Some(range), &format!("input.skip: {message}"));
        let number = |text: &str| -> Result<u64, String> {
            let message = || format!("'{range}' is neither the number of an event nor a range such as 100..200");
            text.trim().parse().map_err(|_| error(&message()))
        };
        let (start, end) = match range.split_once("..") {
            Some((start, end)) => (number(start)?, number(end)?),
            None => (number(range)?, number(range)?.saturating_add(1)),
        };
        if start > end {
            return Err(error(&format!("the range '{range}' ends before it starts")));
        }
        selector.skip(start..end);
    }
    let items = selector.count();
    if items > MOST_ITEMS {
        let message = format!(
            "the input would be divided into {items} items, but rank 0 can keep {MOST_ITEMS} at most: use larger \
             chunks, with input.chunk and input.granularity"
        );
        return Err(config.error("input", None, &message));
    }
    let files = selector.files().to_vec();
    check_written(config, &files)?;
    Ok((files, selector.segments()))
}
