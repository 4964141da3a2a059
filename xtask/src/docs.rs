//! `cargo xtask docs`: the docs page of the emulator as files, and what a browser makes of it.

mod answer;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use clap::Args;
use serde_json::Value;

use crate::browser::seen::{self, Seen};
use crate::browser::{self, Browser};
use crate::document::operations::{operation, operations};
use crate::emulator::{self, Emulator};
use crate::{DOCUMENT, Outcome, load, print, target_folder};

/// The picture that `spec/README.md` shows.
const PICTURE: &str = "spec/docs.png";
/// What fits into a README without weighing on those who clone it, in bytes.
const LARGEST_PICTURE: usize = 300_000;

/// What the page consists of: where the emulator serves it, and as which file it is written.
const FILES: [(&str, &str); 5] = [
    ("/docs/", "index.html"),
    ("/docs/swagger-ui-bundle.js", "swagger-ui-bundle.js"),
    ("/docs/swagger-ui.css", "swagger-ui.css"),
    ("/openapi.yaml", "openapi.yaml"),
    ("/openapi.json", "openapi.json"),
];

/// What a person does who tries the call: opens it, executes it, and reads the answer.
const TRY: &str = include_str!("docs/try.js");
/// Waits until Swagger UI has rendered every operation.
const RENDERED: &str = include_str!("docs/rendered.js");

/// What to do.
#[derive(Args, Debug)]
pub struct Options {
    /// Where to write the files [default: docs in the target folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Look at the page in headless Chromium as well: loads it without any other host, tries a call, wants no error
    #[arg(long)]
    check: bool,
    /// Take the picture for spec/README.md anew
    #[arg(long, requires = "check")]
    picture: bool,
}

/// Runs the command in the project at `root`.
///
/// # Errors
/// When the emulator cannot be built or started, a file cannot be written, or the browser is missing.
pub fn run(root: &Path, options: &Options) -> anyhow::Result<Outcome> {
    let emulator = Emulator::start(&emulator::build(root)?, &[])?;
    let folder = options.out.clone().unwrap_or_else(|| target_folder(root).join("docs"));
    write(root, &emulator, &folder)?;
    print(&format!("the docs page is {}", folder.join("index.html").display()));
    if !options.check {
        return Ok(Outcome::Done);
    }
    let mut browser = Browser::start(1200, 1100)?;
    let folder = fs::canonicalize(&folder).with_context(|| format!("cannot find {}", folder.display()))?;
    let document = load::read(root)?;
    let mut faults = of_the_files(&mut browser, &folder, document.value())?;
    faults.extend(of_the_emulator(&mut browser, &emulator, document.value())?);
    if !faults.is_empty() {
        print(&format!("the docs page has faults:\n{}", faults.join("\n")));
        return Ok(Outcome::Broken);
    }
    print("the docs page loads without another host, a call can be tried, and nothing is an error");
    if options.picture {
        take_picture(root, &mut browser)?;
    }
    Ok(Outcome::Done)
}

/// Writes the page as files that need no server. It cannot try calls: other hosts do not let a page call them.
fn write(root: &Path, emulator: &Emulator, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let write = |name: &str, contents: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, contents).with_context(|| format!("cannot write {}", path.display()))
    };
    for (path, name) in FILES {
        write(name, &emulator.fetch(path)?)?;
    }
    let document = load::read(root)?;
    let served = fs::read_to_string(folder.join("openapi.yaml")).context("cannot read openapi.yaml")?;
    ensure!(
        served == document.text(),
        "the emulator serves another document than {DOCUMENT}: run `cargo xtask generate`"
    );
    write("document.js", format!("const EMULATOR = false, DOCUMENT = {};\n", document.value()).as_bytes())
}

/// Looks at the files.
fn of_the_files(browser: &mut Browser, folder: &Path, document: &Value) -> anyhow::Result<Vec<String>> {
    let place = browser::file_url(folder);
    browser.open(&format!("{place}/index.html"))?;
    let rendered = browser.evaluate(RENDERED)?;
    let mut faults = seen::faults(&Seen::of(&browser.events()), &format!("{place}/"));
    if rendered != operations(document).count() {
        faults.push(format!("the files show {rendered} operations"));
    }
    Ok(faults)
}

/// Looks at the page that the emulator serves, and tries a call.
fn of_the_emulator(
    browser: &mut Browser,
    emulator: &Emulator,
    document: &Value,
) -> anyhow::Result<Vec<String>> {
    let url = emulator.url();
    browser.open(&format!("{url}/docs"))?;
    let rendered = browser.evaluate(RENDERED)?;
    let mut faults = Vec::new();
    if rendered != operations(document).count() {
        faults.push(format!("the page shows {rendered} operations"));
    }
    let asked = journal(emulator)?;
    if !asked.is_empty() {
        faults.push(format!("opening the page calls the platform: {asked:?}"));
    }
    let answer = browser.evaluate(TRY)?;
    faults.extend(answer::faults_of_answer(&answer));
    let asked = journal(emulator)?;
    let wanted = [operation(document, "login")?.path, operation(document, "listSubtasks")?.path];
    if asked != wanted {
        faults.push(format!("trying a call asks for {asked:?}, not {wanted:?}"));
    }
    faults.extend(seen::faults(&Seen::of(&browser.events()), &format!("{url}/")));
    Ok(faults)
}

/// The paths that the platform's side of the emulator was asked for.
fn journal(emulator: &Emulator) -> anyhow::Result<Vec<String>> {
    let text = emulator.fetch("/_emulator/journal")?;
    let journal: Value = serde_json::from_slice(&text).context("the journal is no JSON")?;
    let entries = journal["entries"].as_array().context("the journal has no entries")?;
    Ok(entries.iter().map(|entry| entry["path"].as_str().unwrap_or_default().to_owned()).collect())
}

fn take_picture(root: &Path, browser: &mut Browser) -> anyhow::Result<()> {
    browser.take_picture(root, PICTURE, LARGEST_PICTURE)
}
