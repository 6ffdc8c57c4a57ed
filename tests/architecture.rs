//! What the pages about the design say is true: rooms import from rooms above them in the table of ARCHITECTURE.md and from
//! no others, so that there are no circles; and every dependency is accounted for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The rooms in the table, from top to bottom.
fn rooms() -> Vec<String> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| row.split(['/', '.', '`']).next().unwrap().to_string())
        .collect()
}

/// The source files of the library, by room.
fn files() -> BTreeMap<String, Vec<PathBuf>> {
    let source = root().join("src");
    let mut folders = vec![source.clone()];
    let mut files: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let room = path.strip_prefix(&source).unwrap().iter().next().unwrap();
                let room = room.to_str().unwrap().trim_end_matches(".rs").to_string();
                files.entry(room).or_default().push(path);
            }
        }
    }
    files
}

/// The names that follow `crate::` in a file's code. Tests and comments are left out.
fn imports(path: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code: String = lines.collect::<Vec<_>>().join("\n").replace("$crate::", "");
    let starts = code.match_indices("crate::").map(|(at, word)| &code[at + word.len()..]);
    starts
        .flat_map(|rest| match rest.strip_prefix('{') {
            // The module names in a braced group are at its first level.
            Some(group) => {
                let mut depth = 0;
                let mut names = vec![String::new()];
                for c in group.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => names.push(String::new()),
                        _ if depth == 0 => names.last_mut().unwrap().push(c),
                        _ => {}
                    }
                }
                names
            }
            None => vec![rest.to_string()],
        })
        .map(|path| {
            path.trim()
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect()
        })
        .filter(|name: &String| !name.is_empty())
        .collect()
}

#[test]
fn rooms_import_from_rooms_above_them_only() {
    let rooms = rooms();
    let place = |room: &str| rooms.iter().position(|other| other == room);
    let mut wrong = Vec::new();
    for (room, files) in files() {
        if room == "lib" || room == "main" {
            continue;
        }
        let Some(own) = place(&room) else {
            wrong.push(format!("src/{room} is not in the table"));
            continue;
        };
        for file in files {
            for name in imports(&file) {
                match place(&name) {
                    Some(other) if other <= own => {}
                    // The macro of `numbers`, which is exported at the root; and the prelude, part of that of `app`.
                    None if name == "mergeable" || name == "prelude" => {}
                    Some(_) => wrong.push(format!("{} imports {name}, which is below {room}", file.display())),
                    None => wrong.push(format!(
                        "{} imports {name} through the crate root; import it from the module that defines it",
                        file.display()
                    )),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_has_no_rooms_that_are_not_there() {
    let files = files();
    for room in rooms() {
        assert!(
            files.contains_key(&room),
            "src/{room} is in the table of ARCHITECTURE.md but does not exist"
        );
    }
}

#[test]
fn every_direct_dependency_is_on_the_page_about_dependencies() {
    let page = fs::read_to_string(root().join("docs/dependencies.md")).unwrap();
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let section = manifest.split("\n[dependencies]\n").nth(1).unwrap();
    let lines = section.split("\n[").next().unwrap().lines();
    let names: Vec<&str> = lines
        .filter_map(|line| line.split([' ', '.', '=']).next())
        .filter(|name| !name.is_empty())
        .collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        // Renamed in the manifest.
        let name = name.replace("hdf5", "hdf5-metno");
        assert!(
            page.contains(&format!("\n| `{name}` | ")),
            "docs/dependencies.md lacks {name}"
        );
    }
}
