//! The recipes of `CONTRIBUTING.md`: the edits that it shows as diffs, found and carried out.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};

/// One recipe: its heading, and the edits in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// The heading.
    pub title: String,
    /// The edits.
    pub edits: Vec<Edit>,
}

/// One edit: lines of a file that are there, and the lines that take their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The file, relative to the project.
    pub path: String,
    old: String,
    new: String,
}

impl Recipe {
    /// The files that a person edits.
    pub fn paths(&self) -> Vec<&str> {
        let mut paths: Vec<&str> = self.edits.iter().map(|edit| edit.path.as_str()).collect();
        paths.sort_unstable();
        paths.dedup();
        paths
    }

    /// Carries the recipe out: `read` gives the files as they are; returned are those that change, as they should be.
    ///
    /// # Errors
    /// When a file does not hold the lines that an edit starts from.
    pub fn apply(
        &self,
        mut read: impl FnMut(&str) -> anyhow::Result<String>,
    ) -> anyhow::Result<BTreeMap<String, String>> {
        let mut files = BTreeMap::new();
        for edit in &self.edits {
            let text = match files.remove(&edit.path) {
                Some(text) => text,
                None => read(&edit.path)?,
            };
            let edited = edit.apply(&text).with_context(|| format!("{:?}, {}", self.title, edit.path))?;
            files.insert(edit.path.clone(), edited);
        }
        Ok(files)
    }
}

impl Edit {
    /// Carries the edit out; a text in which somebody has done so already stays as it is.
    fn apply(&self, text: &str) -> anyhow::Result<String> {
        if text.contains(&self.new) {
            return Ok(text.to_owned());
        }
        let start = if text.starts_with(&self.old) {
            Some(0)
        } else {
            text.find(&format!("\n{}", self.old)).map(|at| at + 1)
        };
        let Some(start) = start else {
            bail!("the file does not hold these lines:\n{}", self.old);
        };
        Ok(format!("{}{}{}", &text[..start], self.new, &text[start + self.old.len()..]))
    }
}

/// Reads the recipes out of the text: sections that show edits.
///
/// # Errors
/// When a diff does not name its file, or holds a line that is neither kept, nor added, nor removed.
pub fn recipes(contributing: &str) -> anyhow::Result<Vec<Recipe>> {
    let mut recipes: Vec<Recipe> = Vec::new();
    let mut title = String::new();
    let mut lines = contributing.lines();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix("## ") {
            title = heading.to_owned();
        } else if line == "```diff" {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            let edit = edit(&block).with_context(|| format!("a diff under {title:?}"))?;
            match recipes.last_mut().filter(|recipe| recipe.title == title) {
                Some(recipe) => recipe.edits.push(edit),
                None => recipes.push(Recipe { title: title.clone(), edits: vec![edit] }),
            }
        }
    }
    Ok(recipes)
}

fn edit(block: &[&str]) -> anyhow::Result<Edit> {
    let (first, lines) = block.split_first().context("it is empty")?;
    let path = first.strip_prefix("--- ").context("it does not begin with `--- FILE`")?.to_owned();
    let (mut old, mut new) = (String::new(), String::new());
    for line in lines {
        match line.split_at_checked(1) {
            Some((" ", kept)) => {
                old += &format!("{kept}\n");
                new += &format!("{kept}\n");
            }
            Some(("-", removed)) => old += &format!("{removed}\n"),
            Some(("+", added)) => new += &format!("{added}\n"),
            // Editors take the blank at the end of a line away.
            None => {
                old.push('\n');
                new.push('\n');
            }
            Some(_) => bail!("the line {line:?} is neither kept, nor added, nor removed"),
        }
    }
    Ok(Edit { path, old, new })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "## First\n```diff\n--- a.txt\n one\n-two\n+three\n```\n```diff\n--- a.txt\n+zero\n one\n```\n## Prose\n";

    #[test]
    fn edits_are_carried_out_one_after_the_other() {
        let recipes = recipes(TEXT).unwrap();
        assert_eq!((recipes.len(), recipes[0].paths()), (1, vec!["a.txt"]));
        let files = recipes[0].apply(|_| Ok("one\ntwo\nfour\n".to_owned())).unwrap();
        assert_eq!(files["a.txt"], "zero\none\nthree\nfour\n");
    }

    #[test]
    fn a_recipe_that_somebody_has_carried_out_changes_nothing() {
        let recipe = &recipes(TEXT).unwrap()[0];
        let files = recipe.apply(|_| Ok("one\ntwo\n".to_owned())).unwrap();
        assert_eq!(recipe.apply(|_| Ok(files["a.txt"].clone())).unwrap(), files);
    }

    #[test]
    fn an_edit_that_finds_no_place_says_which() {
        let error = recipes(TEXT).unwrap()[0].apply(|_| Ok("one\nfour\n".to_owned())).unwrap_err();
        assert!(
            format!("{error:#}").contains("\"First\", a.txt: the file does not hold these lines:\none\ntwo")
        );
    }

    #[test]
    fn a_diff_without_its_file_is_refused() {
        assert!(recipes("## A\n```diff\n one\n```\n").is_err());
    }
}
