//! The workbook that `northbound report` writes, as its parts: `.ci/workbook` lets a spreadsheet read it.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use flate2::read::DeflateDecoder;
use rawzip::ZipArchive;
use serde_json::json;

use crate::platform::{ask_freely, page, paging};
use crate::{names, northbound};

/// A part of a workbook, such as `xl/workbook.xml`.
fn part(workbook: &Path, name: &str) -> String {
    let bytes = fs::read(workbook).unwrap();
    let archive = ZipArchive::from_slice(&bytes).unwrap();
    let mut entries = archive.entries().map(Result::unwrap);
    let entry = entries.find(|entry| entry.file_path().as_ref() == name.as_bytes()).unwrap();
    let mut text = String::new();
    let compressed = archive.get_entry(entry.wayfinder()).unwrap();
    DeflateDecoder::new(compressed.data()).read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn ids_and_codes_are_cells_of_text_below_a_heading_that_filters() {
    const TEXTS: [&str; 4] = ["00123", "8.68744E+14", "=HYPERLINK(1)", "http://x"];
    let platform = paging(|asked| {
        let rows = TEXTS.map(|text| {
            let error = json!({ "error_code": text, "error_desc": text }).to_string();
            json!({ "status": "Fail", "error": error, "output": text, "param": { "deviceId": text, "commandId": text } })
        });
        page(&rows, asked.status(), asked.page())
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("failed.xlsx");
    let older = folder.path().join("older.csv");
    fs::write(&older, "device,status\n00123,Fail\n").unwrap();
    let line = format!("report demo --out {} --since {}", file.display(), older.display());
    let seen = ask_freely(&platform, &line).await;
    assert_eq!((seen.code, seen.stderr.as_str()), (0, ""), "{seen:?}");
    let devices = part(&file, "xl/worksheets/sheet3.xml");
    for text in TEXTS {
        let cells = devices.matches(&format!("t=\"inlineStr\"><is><t>{text}</t></is></c>")).count();
        assert_eq!(cells, 5, "device, code, words, command and output: {devices}");
    }
    assert_eq!(devices.matches("<t>new</t>").count(), TEXTS.len() - 1, "{devices}");
    for other in ["<v>", "<f>", "<hyperlink"] {
        assert!(!devices.contains(other), "{devices}");
    }
    for has in ["<pane ySplit=\"1\"", "<autoFilter ref=\"A1:", "numberStoredAsText=\"1\""] {
        assert!(devices.contains(has), "{devices}");
    }
    let book = part(&file, "xl/workbook.xml");
    for (place, name) in ["Summary", "Reasons", "Devices"].iter().enumerate() {
        assert!(book.contains(&format!("<sheet name=\"{name}\" sheetId=\"{}\"", place + 1)), "{book}");
    }
}

#[test]
fn a_workbook_replaces_only_a_workbook() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("failed.xlsx");
    let report = || northbound(&format!("--emulator report demo --out {}", file.display()));
    fs::write(&file, "<!doctype html>").unwrap();
    let seen = report();
    assert!(seen.code == 2 && seen.stderr.contains("it is no report"), "{seen:?}");
    fs::remove_file(&file).unwrap();
    for _ in 0..2 {
        let seen = report();
        assert!(seen.code == 0 && seen.stdout.contains("failed.xlsx: 154 of 1000 subtasks"), "{seen:?}");
    }
    assert!(fs::read(&file).unwrap().starts_with(b"PK"));
    assert_eq!(names(folder.path()), ["failed.xlsx"]);
}
