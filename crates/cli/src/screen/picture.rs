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

impl Picture {
    /// Draws these lines over the ones before, in one go, so that nothing flickers.
    pub(crate) fn draw(&mut self, lines: &[String], outlet: &mut Outlet<'_>) -> io::Result<()> {
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
        let columns = || width;
        let mut outlet = Outlet::terminal(&mut written, &columns);
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
    fn lines_that_the_terminal_has_broken_are_counted() {
        assert_eq!(drawn(4, &[&["123456789", ""], &[]]), "123456789\n\n\u{1b}[4A\r\u{1b}[J");
    }
}
