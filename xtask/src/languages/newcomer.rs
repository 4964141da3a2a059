//! The steps that `spec/README.md` gives to a newcomer, and that are carried out here as they stand there.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

use super::client::Client;
use crate::emulator::Emulator;
use crate::ledger::README;
use crate::tools::output;
use crate::{Outcome, markers, print};

/// A newcomer goes at most so many steps to a printed list of failed devices.
const STEPS: usize = 4;
/// How many subtasks of the task `demo` failed, and the first of them.
const FAILED: (usize, &str) = (115, "4d8dbbe5-a63b-4e7b-80bc-cbc1e7d426b7");

/// Something that a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Action {
    /// Runs commands of a shell.
    Run(String),
    /// Saves a file.
    Save { name: String, text: String },
}

/// Carries out the steps of each client in an empty folder.
pub(super) fn run(root: &Path, northbound: &Path, clients: &[Client]) -> anyhow::Result<Outcome> {
    let readme = crate::read(root, README)?;
    for client in clients {
        let actions = actions(&readme, client.title())?;
        print(&format!("{}: the steps of {README}, in an empty folder", client.title()));
        let emulator = Emulator::start(northbound, &[])?;
        // npm takes the folder's name for that of a package.
        let folder =
            tempfile::Builder::new().prefix("newcomer").tempdir().context("cannot make an empty folder")?;
        let printed = carry_out(&actions, folder.path(), root, emulator.url())
            .with_context(|| format!("{:?} of {README}", client.title()))?;
        let devices: Vec<_> = printed.lines().collect();
        let first = devices.first().copied().unwrap_or_default();
        ensure!(
            devices.len() == FAILED.0 && first.starts_with(FAILED.1),
            "{:?} of {README}: not {} failed devices, the first {}, but {}:\n{first}",
            client.title(),
            FAILED.0,
            FAILED.1,
            devices.len()
        );
    }
    Ok(Outcome::Done)
}

/// Returns what the last commands printed.
fn carry_out(actions: &[Action], folder: &Path, root: &Path, url: &str) -> anyhow::Result<String> {
    let mut printed = String::new();
    for action in actions {
        match action {
            Action::Save { name, text } => {
                fs::write(folder.join(name), text).with_context(|| format!("cannot save {name}"))?;
            }
            Action::Run(commands) => {
                let mut shell = Command::new("sh");
                shell.args(["-e", "-c", commands]).current_dir(folder);
                printed = output(shell.env("NORTHBOUND", root).env("NORTHBOUND_ENDPOINT", url))?;
            }
        }
    }
    Ok(printed)
}

/// What the section of a client tells to do after the first step, which starts the emulator.
fn actions(readme: &str, title: &str) -> anyhow::Result<Vec<Action>> {
    let (_, section) = readme
        .split_once(&format!("\n### {title}\n"))
        .with_context(|| format!("{README} has no section {title:?}"))?;
    // Not at any `#`: a comment of an example may begin so.
    let section =
        ["\n## ", "\n### "].iter().fold(section, |text, next| text.split(next).next().unwrap_or(text));
    let steps =
        section.lines().filter(|line| line.split_once(". ").is_some_and(|(n, _)| is_number(n))).count();
    ensure!(steps <= STEPS, "{README}: {title:?} takes {steps} steps, not {STEPS}");
    let mut actions = Vec::new();
    let mut file = None;
    let mut lines = section.lines();
    while let Some(line) = lines.next() {
        if let Some((_, name)) = line.split_once("Save this as `") {
            file = name.split('`').next();
        }
        let Some(language) = line.strip_prefix("```") else { continue };
        let text: String =
            lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
        actions.push(match (language, file.take()) {
            ("sh", None) => Action::Run(text),
            (_, Some(name)) => Action::Save { name: name.to_owned(), text },
            (language, None) => bail!("{README}: {title:?} has {language} in no file: say `Save this as`"),
        });
    }
    let start = actions.first();
    let starts = matches!(start, Some(Action::Run(commands)) if commands.contains("emulator serve"));
    ensure!(starts, "{README}: {title:?} does not begin with how to start the emulator");
    Ok(actions.split_off(1))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}

/// The page with each example between the markers that name its file.
pub(super) fn with_examples(
    mut page: String,
    read: impl Fn(&str) -> anyhow::Result<String>,
) -> anyhow::Result<String> {
    const MARK: &str = "<!-- example ";
    let paths: Vec<_> =
        page.split(MARK).skip(1).filter_map(|rest| Some(rest.split_once(" -->")?.0.to_owned())).collect();
    for path in paths {
        let language = match path.rsplit_once('.') {
            Some((_, "py")) => "python",
            Some((_, "ts")) => "typescript",
            Some((_, extension)) => extension,
            None => bail!("{README}: {path} is in no language"),
        };
        let example = format!("```{language}\n{}\n```", read(&path)?.trim_end());
        page = markers::fill(&page, &format!("example {path}"), &example)?;
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
# A

### Go

1. Start:

```sh
northbound emulator serve &
```

2. Generate:

```sh
generate
```

3. Save this as `a.go`:

<!-- example a.go -->

```go
package main
```

<!-- /example a.go -->

4. Run:

```sh
go run .
```

### Java
";

    #[test]
    fn the_steps_are_read_as_they_stand_there() {
        let run = |text: &str| Action::Run(format!("{text}\n"));
        let save = Action::Save { name: "a.go".to_owned(), text: "package main\n".to_owned() };
        assert_eq!(actions(PAGE, "Go").unwrap(), [run("generate"), save, run("go run .")]);
    }

    #[test]
    fn a_fifth_step_a_lost_file_and_a_missing_emulator_are_refused() {
        let cases = [
            (PAGE.replace("### Java", "5. Wait.\n\n### Java"), "takes 5 steps, not 4"),
            (PAGE.replace("Save this as", "See"), "has go in no file"),
            (PAGE.replace("emulator serve", "explain"), "does not begin with how to start the emulator"),
            (PAGE.replace("### Go", "### C"), "has no section \"Go\""),
        ];
        for (page, expected) in cases {
            let error = actions(&page, "Go").unwrap_err().to_string();
            assert!(error.contains(expected), "{expected}: {error}");
        }
    }

    #[test]
    fn every_client_has_its_steps_in_the_readme() {
        let readme =
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(README)).unwrap();
        for client in Client::ALL {
            let found = actions(&readme, client.title()).unwrap();
            assert!(matches!(&found[..], [Action::Run(_), Action::Save { .. }, Action::Run(_)]), "{found:?}");
        }
    }

    #[test]
    fn an_example_is_the_file_that_its_marker_names() {
        let page = with_examples(PAGE.to_owned(), |path| Ok(format!("// {path}\n"))).unwrap();
        assert!(page.contains("<!-- example a.go -->\n\n```go\n// a.go\n```\n\n<!-- /example a.go -->"));
        assert_eq!(with_examples(page.clone(), |path| Ok(format!("// {path}\n"))).unwrap(), page);
    }
}
