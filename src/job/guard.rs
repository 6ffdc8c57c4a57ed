//! Calls into user code. A panic becomes an error that names the source location, and prints nothing.

use crate::error::Result;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// `Some` while this thread runs guarded code; the inner option holds the message of the latest panic.
    static PANIC: RefCell<Option<Option<String>>> = const { RefCell::new(None) };
}

/// Calls `f` and turns its error or panic into a message.
pub(crate) fn guard<R>(f: impl FnOnce() -> Result<R>) -> Result<R, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let otherwise = take_hook();
        set_hook(Box::new(move |info| {
            if !keep_message(info) {
                otherwise(info);
            }
        }));
    });
    PANIC.set(Some(None));
    let result = catch_unwind(AssertUnwindSafe(f));
    let panic = PANIC.take().flatten();
    match result {
        Ok(result) => result.map_err(|error| sentence(error.as_ref())),
        // Code that catches its own panics may have left a message; only a panic that reaches this point counts.
        Err(_) => Err(panic.unwrap_or_else(|| "panicked".into())),
    }
}

/// Keeps a panic's message if this thread runs guarded code.
fn keep_message(info: &PanicHookInfo<'_>) -> bool {
    PANIC.with_borrow_mut(|panic| {
        let Some(panic) = panic else { return false };
        let message = info.payload_as_str().unwrap_or("without a message");
        *panic = Some(match info.location() {
            Some(place) => format!("panicked at {place}: {message}"),
            None => format!("panicked: {message}"),
        });
        if std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") {
            log::debug!("{message}, called from\n{}", std::backtrace::Backtrace::force_capture());
        }
        true
    })
}

/// Formats an error with its causes.
fn sentence(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let reason = error.to_string();
        if !text.contains(&reason) {
            text = format!("{text}: {reason}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_that_knows_its_place() {
        let place = file!();
        let failure = guard::<()>(|| panic!("no {}", "tracks")).unwrap_err();
        assert!(
            failure.starts_with(&format!("panicked at {place}:")) && failure.ends_with(": no tracks"),
            "{failure}"
        );
    }

    #[test]
    fn an_error_tells_its_causes() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot fit the vertex")]
        struct Fit(#[source] std::num::ParseIntError);
        let cause = "x".parse::<i32>().unwrap_err();
        assert_eq!(
            guard::<()>(|| Err(Fit(cause))?),
            Err("cannot fit the vertex: invalid digit found in string".into())
        );
        assert_eq!(guard(|| Ok(3)), Ok(3));
    }
}
