//! What stands around what: places and members by their names in a [`Fact`](crate::contract::Fact).

/// The place around a place: `200` of `200 application/json`.
pub(super) fn outer_place(place: &str, exists: impl Fn(&str) -> bool) -> Option<&str> {
    let cuts = place.rmatch_indices(' ').map(|(at, _)| &place[..at]);
    cuts.into_iter().find(|outer| exists(outer))
}

/// The member around a member: `taskDetails[]` of `taskDetails[].status`, nothing of `taskDetails`.
pub(super) fn outer_member(member: &str) -> &str {
    let (mut quoted, mut escaped, mut depth, mut cut) = (false, false, 0_u32, 0);
    for (at, character) in member.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' => {
                if depth == 0 {
                    cut = at;
                }
                depth += 1;
            }
            ')' => depth = depth.saturating_sub(1),
            '.' | '[' if depth == 0 => cut = at,
            _ => {}
        }
    }
    &member[..cut]
}

/// Whether a member stands somewhere in another one.
pub(super) fn is_inside(member: &str, outer: &str) -> bool {
    let mut around = member;
    while !around.is_empty() {
        around = outer_member(around);
        if around == outer {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_member_around_a_member_is_found_whatever_names_hold() {
        for (member, outer) in [
            ("a", ""),
            ("a.b", "a"),
            ("a[]", "a"),
            ("a[].b", "a[]"),
            ("a.\"x.y[\\\"\"", "a"),
            ("(oneOf 1 of 2).a", "(oneOf 1 of 2)"),
            ("a(patternProperties \"x.(\")", "a"),
            ("a.*", "a"),
        ] {
            assert_eq!(outer_member(member), outer, "{member}");
        }
        assert!(
            is_inside("a[].b.c", "a") && is_inside("a", "") && !is_inside("ab", "a") && !is_inside("a", "a")
        );
    }

    #[test]
    fn the_place_around_a_place_is_one_that_exists() {
        let exists = |place: &str| ["200", "query x"].contains(&place);
        assert_eq!(outer_place("200 application/json", exists), Some("200"));
        assert_eq!(outer_place("query x application/json", exists), Some("query x"));
        assert_eq!(outer_place("query x", exists), None);
    }
}
