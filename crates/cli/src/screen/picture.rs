//! A picture on a terminal that is redrawn in its place.

use std::io::{self, Write as _};

use crate::screen::layout;
use crate::screen::outlet::Outlet;

/// What is on the terminal now.
#[derive(Debug, Default)]
pub(crate) struct Picture {
    /// How wide each line of the picture is.
    drawn: Vec<usize>,
}

/// How many lines of a terminal a picture may have: the cursor is below it.
pub(crate) fn room(outlet: &Outlet<'_>) -> usize {
    outlet.height().map_or(usize::MAX, |lines| lines.saturating_sub(1))
}

impl Picture {
    /// Draws these lines over the ones before, in one go, so that nothing flickers. What a terminal cannot show is left out: lines that
    /// have scrolled away cannot be redrawn.
    pub(crate) fn draw(&mut self, lines: &[String], outlet: &mut Outlet<'_>) -> io::Result<()> {
        let room = room(outlet);
        let columns = outlet.width().unwrap_or(usize::MAX).max(1);
        let height = |line: &String| layout::width(line).div_ceil(columns).max(1);
        let all: usize = lines.iter().map(height).sum();
        let mut used = 0;
        let mut fits = |line: &&String| {
            used += height(line);
            used <= room
        };
        let kept = lines.iter().filter(|line| all <= room || !line.is_empty()).take_while(|line| fits(line));
        self.replace(&kept.cloned().collect::<Vec<_>>(), outlet)
    }

    /// Draws these lines for the last time: all of them, even if they scroll.
    pub(crate) fn replace(&mut self, lines: &[String], outlet: &mut Outlet<'_>) -> io::Result<()> {
        // A terminal that has become narrower has broken the lines of the old picture.
        let columns = outlet.width().unwrap_or(usize::MAX).max(1);
        let up: usize = self.drawn.iter().map(|width| width.div_ceil(columns).max(1)).sum();
        let mut picture = String::new();
        if up > 0 {
            picture += &format!("\u{1b}[{up}A\r\u{1b}[J");
        }
        picture.extend(lines.iter().flat_map(|line| [line.as_str(), "\n"]));
        self.drawn = lines.iter().map(|line| layout::width(line)).collect();
        outlet.write_all(picture.as_bytes())?;
        outlet.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(width: u16, pictures: &[&[&str]]) -> String {
        let mut written = Vec::new();
        let size = || (width, 4);
        let mut outlet = Outlet::terminal(&mut written, &size);
        let mut drawn = Picture::default();
        for picture in pictures {
            let lines: Vec<String> = picture.iter().map(|line| (*line).to_owned()).collect();
            drawn.draw(&lines, &mut outlet).unwrap();
        }
        drop(outlet);
        String::from_utf8(written).unwrap()
    }

    #[test]
    fn a_picture_takes_the_place_of_the_one_before() {
        assert_eq!(drawn(80, &[&["a", "b"], &["c"]]), "a\nb\n\u{1b}[2A\r\u{1b}[Jc\n");
    }

    #[test]
    fn a_picture_is_never_higher_than_the_terminal() {
        assert_eq!(drawn(80, &[&["a", "", "b", "c", "d"]]), "a\nb\nc\n");
        assert_eq!(drawn(4, &[&["a", "12345", "b"]]), "a\n12345\n");
    }

    #[test]
    fn lines_that_the_terminal_has_broken_are_counted() {
        assert_eq!(drawn(4, &[&["12345678", ""], &[]]), "12345678\n\n\u{1b}[3A\r\u{1b}[J");
    }
}
