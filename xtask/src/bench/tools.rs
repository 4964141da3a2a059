//! What the benchmark needs besides cargo.

use std::path::{Path, PathBuf};

use crate::tools::{self, NODE, Needed};

const WRK: Needed = Needed { program: "wrk", get: "wrk (on Debian: apt-get install wrk)" };
const NGINX: Needed = Needed { program: "nginx", get: "nginx (on Debian: apt-get install nginx-light)" };

/// What pins Prism.
const PINS: &str = "xtask/tools/bench";

/// Programs that are there.
pub(super) struct Tools {
    pub(super) nginx: PathBuf,
    /// Prism's script, for node.
    pub(super) prism: PathBuf,
}

impl Tools {
    /// Finds everything, and installs Prism unless it is there.
    pub(super) fn find(root: &Path) -> anyhow::Result<Self> {
        WRK.found()?;
        NODE.found()?;
        let nginx = NGINX.found()?;
        let installed = tools::Tools::of(root).node("bench", &root.join(PINS))?;
        Ok(Self { nginx, prism: installed.join("node_modules/@stoplight/prism-cli/dist/index.js") })
    }
}
