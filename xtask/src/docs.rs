//! `cargo xtask docs`: the docs page of the emulator as files. `cargo xtask browser` looks at them.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};

use crate::emulator::Emulator;
use crate::{DOCUMENT, load};

/// What the page consists of: where the emulator serves it, and as which file it is written.
const FILES: [(&str, &str); 5] = [
    ("/docs/", "index.html"),
    ("/docs/swagger-ui-bundle.js", "swagger-ui-bundle.js"),
    ("/docs/swagger-ui.css", "swagger-ui.css"),
    ("/openapi.yaml", "openapi.yaml"),
    ("/openapi.json", "openapi.json"),
];

/// Writes the page as files that need no server. Calls cannot be tried there: other hosts do not let a page call them.
///
/// # Errors
/// When the emulator does not start, serves another document than the project's, or a file cannot be written.
pub fn write(root: &Path, northbound: &Path, folder: &Path) -> anyhow::Result<()> {
    let (emulator, document) = (serving(northbound, root)?, load::read(root)?);
    let write = |name: &str, contents: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, contents).with_context(|| format!("cannot write {}", path.display()))
    };
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (path, name) in FILES {
        write(name, &emulator.fetch(path)?)?;
    }
    write("document.js", format!("const EMULATOR = false, DOCUMENT = {};\n", document.value()).as_bytes())
}

/// The emulator of this program.
///
/// # Errors
/// When it does not start, or serves another document than that of the project at `root`.
pub(crate) fn serving(northbound: &Path, root: &Path) -> anyhow::Result<Emulator> {
    let emulator = Emulator::start(northbound, &[])?;
    let is_ours = emulator.fetch("/openapi.yaml")? == load::read(root)?.text().as_bytes();
    ensure!(is_ours, "the emulator serves another document than {DOCUMENT}: run `cargo xtask generate`");
    Ok(emulator)
}
