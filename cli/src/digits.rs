//! Digits as large blocks, five rows high: a code that can be read from across the desk.

const ROWS: usize = 5;

/// Each digit on a raster of 5 by 5; `#` is filled.
const SHAPES: [[&str; ROWS]; 10] = [
    [" ### ", "#   #", "#   #", "#   #", " ### "],
    ["  #  ", " ##  ", "  #  ", "  #  ", " ### "],
    ["#### ", "    #", " ### ", "#    ", "#####"],
    ["#### ", "    #", " ### ", "    #", "#### "],
    ["#   #", "#   #", "#####", "    #", "    #"],
    ["#####", "#    ", "#### ", "    #", "#### "],
    [" ### ", "#    ", "#### ", "#   #", " ### "],
    ["#####", "    #", "   # ", "  #  ", "  #  "],
    [" ### ", "#   #", " ### ", "#   #", " ### "],
    [" ### ", "#   #", " ####", "    #", " ### "],
];

/// The rows of these digits, in groups of three. Each filled cell is two characters wide, as cells of a terminal are twice as
/// high as wide; in `ascii` they are `#`.
pub(crate) fn block_rows(digits: &str, ascii: bool) -> Vec<String> {
    let full = if ascii { "##" } else { "██" };
    (0..ROWS)
        .map(|row| {
            let mut line = String::new();
            for (place, digit) in digits.chars().filter_map(|c| c.to_digit(10)).enumerate() {
                if place > 0 {
                    line.push_str(if place % 3 == 0 { "      " } else { "  " });
                }
                let shape = SHAPES.get(digit as usize).and_then(|shape| shape.get(row)).copied().unwrap_or_default();
                for cell in shape.chars() {
                    line.push_str(if cell == '#' { full } else { "  " });
                }
            }
            line.trim_end().to_owned()
        })
        .collect()
}

/// How many columns six digits need.
pub(crate) const WIDTH: usize = 6 * 10 + 4 * 2 + 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_fit_eighty_columns() {
        for digits in ["482913", "000000", "777777"] {
            for row in block_rows(digits, false) {
                assert!(row.chars().count() <= WIDTH);
            }
        }
        const { assert!(WIDTH <= 76) };
    }

    #[test]
    fn no_two_digits_look_alike() {
        for (a, one) in SHAPES.iter().enumerate() {
            for (b, other) in SHAPES.iter().enumerate() {
                let differing: usize =
                    one.iter().zip(other).map(|(x, y)| x.chars().zip(y.chars()).filter(|(p, q)| p != q).count()).sum();
                assert!(a == b || differing >= 1, "{a} and {b}");
            }
        }
    }
}
