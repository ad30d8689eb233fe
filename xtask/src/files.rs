//! The text files of the repository, found by walking it.
//!
//! The walk needs no git, so that an unpacked archive is checked like a clone. It stays out of what is made: `target`
//! directories, caches, virtual environments.

use std::fs;
use std::path::{Path, PathBuf};

use crate::workspace::Workspace;

/// Endings of files that people write here; names without an ending are taken as scripts and licences.
const TEXT: &[&str] = &[
    "rs", "py", "pyi", "c", "h", "pyx", "toml", "md", "txt", "sh", "yml", "yaml", "json", "stderr",
    "html", "css",
];

/// Every text file, sorted.
pub(crate) fn all(workspace: &Workspace) -> Vec<PathBuf> {
    let mut found = Vec::new();
    walk(&workspace.root, &workspace.target, &mut found);
    found.sort();
    found
}

/// Those of them that end in `.extension`.
pub(crate) fn with_extension(workspace: &Workspace, extension: &str) -> Vec<PathBuf> {
    let mut files = all(workspace);
    files.retain(|path| path.extension().is_some_and(|own| own == extension));
    files
}

fn walk(directory: &Path, target: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            if !is_made(&path, name) && path != target {
                walk(&path, target, found);
            }
        } else if path
            .extension()
            .is_none_or(|end| TEXT.iter().any(|text| end == *text))
        {
            found.push(path);
        }
    }
}

fn is_made(path: &Path, name: &str) -> bool {
    let hidden = name.starts_with('.') && name != ".ci" && name != ".cargo";
    hidden || name == "target" || name == "__pycache__" || path.join("pyvenv.cfg").is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_walk_sees_sources_and_scripts_and_nothing_that_is_made() {
        let root = std::env::temp_dir().join(format!("xtask-files-{}", std::process::id()));
        let written = ["src/a.rs", ".ci/run", "README.md"];
        let made = [
            "target/debug/b.rs",
            ".git/config",
            "env/pyvenv.cfg",
            "env/lib/c.py",
            "src/__pycache__/d.py",
            "src/e.so",
            "out/f.rs",
        ];
        for name in written.iter().chain(&made) {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let workspace = Workspace {
            root: root.clone(),
            target: root.join("out"),
        };
        let found: Vec<String> = all(&workspace)
            .iter()
            .map(|path| workspace.show(path).replace('\\', "/"))
            .collect();
        fs::remove_dir_all(&root).unwrap();
        assert_eq!(found, [".ci/run", "README.md", "src/a.rs"]);
    }
}
