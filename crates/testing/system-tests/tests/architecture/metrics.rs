//! Every number of `/metrics` has its row in docs/operate.md, and every row its number.

use std::collections::BTreeSet;
use std::path::Path;

use crate::files::{is_shipped, read, tracked};

const GUIDE: &str = "docs/operate.md";
const MACROS: [&str; 3] = ["counter!(", "gauge!(", "histogram!("];

/// What is told and not described, or described and not told.
pub(crate) fn undescribed(root: &Path) -> Result<Vec<String>, String> {
    let mut told = BTreeSet::new();
    for file in tracked(root)?.iter().filter(|file| is_shipped(file)) {
        told.extend(told_in(&read(root, file)?));
    }
    Ok(differences(&told, &described_in(&read(root, GUIDE)?)))
}

fn differences(told: &BTreeSet<String>, described: &BTreeSet<String>) -> Vec<String> {
    let missing = told.difference(described).map(|name| format!("{GUIDE} doesn't describe {name}"));
    let gone = described.difference(told).map(|name| format!("{GUIDE} describes {name}, which nobody tells"));
    missing.chain(gone).collect()
}

/// The names that the macros of the metrics are given.
fn told_in(text: &str) -> BTreeSet<String> {
    let after = MACROS.iter().flat_map(|name| text.split(name).skip(1));
    after.filter_map(|rest| name_of(rest.trim_start().strip_prefix('"')?)).collect()
}

/// The names in the guide's tables, without their labels.
fn described_in(guide: &str) -> BTreeSet<String> {
    let rows = guide.lines().filter(|line| line.starts_with("| `sixty_"));
    let first_cells = rows.filter_map(|row| row.split('|').nth(1));
    first_cells.flat_map(|cell| cell.split('`')).filter_map(name_of).filter(|name| !is_role(name)).collect()
}

fn name_of(text: &str) -> Option<String> {
    let is_part = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    let name: String = text.chars().take_while(|letter| is_part(*letter)).collect();
    name.starts_with("sixty_").then_some(name)
}

/// The roles in the admin database have a table, too.
fn is_role(name: &str) -> bool {
    matches!(name, "sixty_server" | "sixty_worker")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_without_a_row_and_a_row_without_a_number_are_found() {
        let told =
            told_in("gauge!(\"sixty_a\").set(1); metrics::counter!(\n  \"sixty_b_total\", \"of\" => of)");
        let guide = "| `sixty_server` | a role |\n| `sixty_a`, `sixty_c{of}` | both |\nsixty_d is no row";
        assert_eq!(
            differences(&told, &described_in(guide)),
            [
                "docs/operate.md doesn't describe sixty_b_total",
                "docs/operate.md describes sixty_c, which nobody tells"
            ]
        );
    }
}
