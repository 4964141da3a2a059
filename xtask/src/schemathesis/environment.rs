//! The virtual environment that holds Schemathesis, below the folder for what is built.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::print;

/// What is installed, every package with its version.
const REQUIREMENTS: &str = "xtask/schemathesis/requirements.txt";

/// How to get what is missing.
const PYTHON: &str =
    "install Python 3.10 or newer with its module venv (Debian: apt-get install python3 python3-venv)";

pub(super) struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// Makes it, unless it is there already with these very requirements.
    pub(super) fn make(root: &Path) -> anyhow::Result<Self> {
        let requirements = root.join(REQUIREMENTS);
        let wanted =
            fs::read_to_string(&requirements).with_context(|| format!("cannot read {REQUIREMENTS}"))?;
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let environment = Self { folder: target.join("schemathesis") };
        let installed = environment.folder.join("installed.txt");
        if fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
            return Ok(environment);
        }
        print("installing Schemathesis from PyPI");
        let venv = Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment.folder).output();
        match venv {
            Err(error) => bail!("cannot run python3 ({error}): {PYTHON}"),
            Ok(output) if !output.status.success() => {
                let text = String::from_utf8_lossy(&output.stdout);
                bail!("python3 cannot make a virtual environment: {PYTHON}\n{text}");
            }
            Ok(_) => {}
        }
        let pip = Command::new(environment.program("python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(&requirements)
            .status()
            .context("cannot run pip")?;
        if !pip.success() {
            bail!("pip cannot install what {REQUIREMENTS} lists: see above; PyPI must be reachable");
        }
        fs::write(&installed, wanted).context("cannot note what was installed")?;
        Ok(environment)
    }

    /// The command of the fuzzer.
    pub(super) fn schemathesis(&self) -> PathBuf {
        self.program("st")
    }

    fn program(&self, name: &str) -> PathBuf {
        self.folder.join(if cfg!(windows) { "Scripts" } else { "bin" }).join(name)
    }
}
