//! `cargo xtask survey`: the survey of well-known packages that `docs/survey.md` shows.

use std::fs;

use super::{Verb, run_visibly, unknown, value_of};
use crate::setup;
use crate::step::Steps;
use crate::trouble::{At, Trouble};
use crate::venv::Venv;
use crate::workspace::Workspace;

pub(super) const VERB: Verb = Verb {
    name: "survey",
    usage: "survey [--python PATH]",
    summary: "judge the exporters of well-known packages, and write docs/survey.md anew",
    help: "
Makes a virtual environment of its own under target/survey, installs the packages that docs/survey-packages.txt names
(wheels only, about 300 MB) and the onloan that was just built, and runs `onloan survey` on them: some minutes.
Writes docs/survey.md, and the page and the JSON document target/survey/survey.html and survey.json.

  --python PATH  the Python to use, as in `cargo xtask demo`
",
    run,
};

const PACKAGES: &str = "docs/survey-packages.txt";
const MARKER: &str = "<!-- generated: cargo xtask survey -->\n\n";

fn run(workspace: &Workspace, arguments: &[String]) -> Result<u8, Trouble> {
    let mut python = None;
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--python" => python = Some(value_of(argument, &mut arguments)?.as_str()),
            _ => return Err(unknown(&VERB, argument)),
        }
    }
    let list = workspace.root.join(PACKAGES);
    let packages = requirements(&fs::read_to_string(&list).at("read", &list)?);
    let steps = &mut Steps::new(workspace, Some(setup::STEPS + 2));
    let (venv, wheel) = setup::built(workspace, steps, python)?;

    let own = workspace.apart("survey");
    let surveyed = Venv::ensure(&own, steps, &venv.base)?;
    let mut pip = vec!["--only-binary=:all:".to_owned()];
    pip.extend(packages.iter().cloned());
    surveyed.install(workspace, steps, "packages", &pip)?;
    surveyed.install_wheels(workspace, steps, &[wheel])?;

    let document = workspace.root.join("docs/survey.md");
    let mut command = surveyed.command(workspace, surveyed.scripts().join("onloan"));
    command.arg("survey");
    for (option, file) in [
        ("--html", own.target.join("survey.html")),
        ("--json", own.target.join("survey.json")),
        ("--markdown", document.clone()),
    ] {
        command.arg(option).arg(file);
    }
    command.args(packages.iter().map(|requirement| name_of(requirement)));
    // 1 says that something was found, which is what a survey is for.
    match run_visibly(&mut command)? {
        0 | 1 => {}
        code => return Ok(code),
    }
    let text = fs::read_to_string(&document).at("read", &document)?;
    fs::write(&document, MARKER.to_owned() + &text).at("write", &document)?;
    eprintln!(
        "{} and {} are written",
        workspace.show(&document),
        workspace.show(&own.target.join("survey.html"))
    );
    Ok(0)
}

/// The requirements of a file for pip, without comments.
fn requirements(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

fn name_of(requirement: &str) -> &str {
    requirement
        .split_once("==")
        .map_or(requirement, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_each_package_once_with_its_version() {
        let list = include_str!("../../../docs/survey-packages.txt");
        let packages = requirements(list);
        let mut names: Vec<String> = packages
            .iter()
            .map(|line| name_of(line).to_lowercase())
            .collect();
        assert!(packages.len() >= 25, "{}", packages.len());
        assert!(packages.iter().all(|line| line.matches("==").count() == 1));
        names.sort();
        names.dedup();
        assert_eq!(names.len(), packages.len());
    }
}
