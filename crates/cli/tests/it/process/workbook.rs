//! A workbook on a full disk.

use std::process::Command;

use super::{northbound, outcome};
use crate::names;

#[test]
fn a_full_disk_ends_a_workbook_with_an_error_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let report =
        northbound(&format!("--emulator report demo --out {}", folder.path().join("failed.xlsx").display()));
    // Blocks of 512 bytes or of 1024, which are too few for the rows.
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 20; exec \"$0\" \"$@\""]);
    shell.arg(report.get_program()).args(report.get_args()).env_remove("HOME").env_remove("XDG_STATE_HOME");
    let (code, _, stderr) = outcome(&mut shell);
    assert!(code == Some(1) && stderr.starts_with("error: cannot write the output: "), "{stderr}");
    assert!(!stderr.contains("panicked") && stderr.contains("disk has room"), "{stderr}");
    assert_eq!(names(folder.path()), [""; 0]);
}
