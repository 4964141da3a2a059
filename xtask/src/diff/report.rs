//! The changes as a person reads them.

use std::collections::BTreeMap;

use semver::Version;

use super::changes::Change;
use super::judge::Class;
use super::version::{needed, part};

/// How far the second column may be pushed out, in characters.
const WIDEST: usize = 72;

/// One line a change, class by class; the same change in several places of an operation is one line.
pub(super) fn table(changes: &[Change]) -> String {
    let mut table = String::new();
    for class in [Class::Breaking, Class::Additive, Class::Editorial] {
        let rows = rows(changes.iter().filter(|change| change.class == class));
        if rows.is_empty() {
            continue;
        }
        table += &format!("\n{} ({})\n", name(class), rows.len());
        let width = rows.iter().map(|[place, ..]| place.chars().count()).max().unwrap_or(0).min(WIDEST);
        for [place, change, why] in &rows {
            table += &format!("  {place:width$}  {change} ({why})\n");
        }
    }
    if table.is_empty() { "\nnothing has changed\n".to_owned() } else { table }
}

/// What has to move, and whether it has.
pub(super) fn verdict(before: &Version, now: &Version, class: Option<Class>, missing: &[String]) -> String {
    let mut verdict = String::from("\n");
    if let Some(class) = class {
        let (part, least) = (part(before, class), needed(before, class));
        let change = match class {
            Class::Breaking => "a breaking change",
            Class::Additive => "an additive change",
            Class::Editorial => "an editorial change",
        };
        verdict +=
            &format!("{change} moves the {part} part of info.version: from {before} to {least} or above\n");
        if before.major == 0 {
            verdict += "before 1.0.0 what breaks moves the minor part, and all else the patch part\n";
        }
    }
    match missing {
        [] if class.is_none() && before == now => {
            verdict += &format!("info.version may stay at {now}\n");
        }
        [] => verdict += &format!("info.version is {now}, and the changelog has it\n"),
        missing => missing.iter().for_each(|line| verdict += &format!("error: {line}\n")),
    }
    verdict
}

fn name(class: Class) -> &'static str {
    match class {
        Class::Breaking => "breaking",
        Class::Additive => "additive",
        Class::Editorial => "editorial",
    }
}

/// `200` for `200 application/json`, where the operation has no change under another media type of it.
fn without_media_type<'a>(place: &'a str, of: &Change, changes: &[&Change]) -> &'a str {
    let Some((outer, media_type)) = place.rsplit_once(' ').filter(|(_, media_type)| media_type.contains('/'))
    else {
        return place;
    };
    let is_other = |change: &&&Change| {
        let inside = change.place.strip_prefix(outer).and_then(|rest| rest.strip_prefix(' '));
        change.operation == of.operation && inside.is_some_and(|inside| inside != media_type)
    };
    if changes.iter().any(|change| is_other(&change)) { place } else { outer }
}

/// Where, what, why.
fn rows<'a>(changes: impl Iterator<Item = &'a Change>) -> Vec<[String; 3]> {
    let changes: Vec<&Change> = changes.collect();
    let mut order = Vec::new();
    let mut places: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for &change in &changes {
        let Change { operation, place, member, what, before, after, why, .. } = change;
        let row = (operation, member, what, before, after, why);
        if !places.contains_key(&row) {
            order.push(row);
        }
        let place = without_media_type(place, change, &changes);
        let places = places.entry(row).or_default();
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let mut rows = Vec::new();
    for row in order {
        let (operation, member, what, before, after, why) = row;
        let said = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        let change = match (before, after) {
            (None, None) => what.clone(),
            _ => format!("{what}: {} → {}", said(before), said(after)),
        };
        if what == "prose" {
            rows.extend(
                places[&row]
                    .iter()
                    .map(|place| [format!("{operation}: {place}"), change.clone(), (*why).to_owned()]),
            );
            continue;
        }
        let at = places[&row].join(", ");
        let place =
            [operation.as_str(), &at, member].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
        rows.push([place.join(": "), change, (*why).to_owned()]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(class: Class, place: &str, member: &str, what: &str, values: [Option<&str>; 2]) -> Change {
        let [before, after] = values.map(|value| value.map(str::to_owned));
        let [operation, place, member, what] = ["listSubtasks", place, member, what].map(str::to_owned);
        Change { class, operation, place, member, what, before, after, why: "because" }
    }

    #[test]
    fn a_change_in_several_places_is_one_line_and_columns_stand_below_each_other() {
        let changes = [
            change(
                Class::Breaking,
                "400 application/json",
                "error_code",
                "type",
                [Some("string"), Some("integer")],
            ),
            change(Class::Breaking, "403", "error_code", "type", [Some("string"), Some("integer")]),
            change(Class::Breaking, "query node", "", "parameter", [None, Some("required")]),
            change(Class::Editorial, "/info/title", "", "prose", [None, None]),
        ];
        assert_eq!(
            table(&changes),
            "
breaking (2)
  listSubtasks: 400, 403: error_code  type: string → integer (because)
  listSubtasks: query node            parameter: none → required (because)

editorial (1)
  listSubtasks: /info/title  prose (because)
"
        );
        assert_eq!(table(&[]), "\nnothing has changed\n");
    }

    #[test]
    fn the_verdict_says_what_has_to_move_and_what_has_not() {
        let versions = ["0.2.0", "0.2.0"].map(|version| Version::parse(version).unwrap());
        let missing = ["info.version is 0.2.0".to_owned()];
        assert_eq!(
            verdict(&versions[0], &versions[1], Some(Class::Breaking), &missing),
            "
a breaking change moves the minor part of info.version: from 0.2.0 to 0.3.0 or above
before 1.0.0 what breaks moves the minor part, and all else the patch part
error: info.version is 0.2.0
"
        );
    }
}
