//! `SECURITY.md` names, for every attack, the test that tries it: here each of them is looked for.

use std::path::Path;

/// What a row says instead of naming a test.
const OPEN: &str = "**Not stopped";

/// An attack, as the last cell of its row names its tests.
#[derive(Debug, PartialEq)]
pub(crate) struct Attack<'a> {
    tries: &'a str,
    is_open: bool,
    tests: Vec<&'a str>,
}

/// The rows of all tables but their heads; a line that looks like one and isn't of three cells.
pub(crate) fn attacks(text: &str) -> impl Iterator<Item = Result<Attack<'_>, &str>> {
    text.lines().map(str::trim).filter(|line| line.starts_with('|')).filter_map(|line| {
        let row = line.strip_prefix('|').and_then(|row| row.strip_suffix('|')).unwrap_or_default();
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let [tries, stopped, tested] = cells.as_slice() else { return Some(Err(line)) };
        let is_head = *tries == "tries"
            || (!tries.is_empty() && tries.chars().all(|letter| matches!(letter, '-' | ':')));
        (!is_head).then(|| {
            Ok(Attack {
                tries,
                is_open: stopped.contains(OPEN),
                tests: tested.split('`').filter(|part| part.contains("::")).collect(),
            })
        })
    })
}

/// Every attack has a test, or it is said that nothing stops it; and the tests are there.
pub(crate) fn untested(text: &str, source: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut violations = Vec::new();
    for attack in attacks(text) {
        let attack = match attack {
            Ok(attack) => attack,
            Err(line) => {
                let beginning: String = line.chars().take(80).collect();
                violations.push(format!("SECURITY.md has a row that isn't of three cells: {beginning}"));
                continue;
            }
        };
        if attack.tests.is_empty() && !attack.is_open {
            violations.push(format!("SECURITY.md names no test for: {}", attack.tries));
        }
        for test in attack.tests {
            let found = test
                .split_once("::")
                .and_then(|(path, name)| Some(has_test(&source(path)?, name)))
                .unwrap_or_default();
            if !found {
                violations.push(format!("SECURITY.md names a test that isn't there: {test}"));
            }
        }
    }
    violations
}

/// Reads a file of the repository.
pub(crate) fn read(root: &Path, path: &str) -> Option<String> {
    std::fs::read_to_string(root.join(path)).ok()
}

/// Whether a function of this name stands right below an attribute that makes it a test, and isn't left out.
fn has_test(source: &str, name: &str) -> bool {
    let lines: Vec<_> = source.lines().map(str::trim).collect();
    lines.iter().enumerate().any(|(at, line)| {
        let is_it = ["fn ", "async fn "].iter().any(|kind| {
            line.strip_prefix(kind).and_then(|rest| rest.strip_prefix(name)).is_some_and(ends_name)
        });
        let above = || lines[..at].iter().rev().take_while(|line| line.starts_with("#["));
        is_it
            && above().any(|line| line.contains("test]") || line.contains("test("))
            && !above().any(|line| line.starts_with("#[ignore"))
    })
}

fn ends_name(rest: &str) -> bool {
    rest.starts_with(['(', '<'])
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "| tries | what stops it | tested by |\n|---|---|---|\n";

    fn found(row: &str) -> Vec<String> {
        let source = "#[test]\nfn walls_hold() {}\n#[tokio::test]\n#[ignore = \"slow\"]\nasync fn left_out() {}\nfn helper() {}\n";
        untested(&format!("{TABLE}{row}\n"), |path| (path == "a.rs").then(|| source.to_owned()))
    }

    #[test]
    fn an_attack_has_a_test_that_is_there() {
        assert_eq!(found("| a | b | `a.rs::walls_hold` |"), Vec::<String>::new());
        assert_eq!(found("| a | **Not stopped yet**: b | |"), Vec::<String>::new());
        for row in [
            "| a | b | |",
            "| a | b | `a.rs::walls` |",
            "| a | b | `b.rs::walls_hold` |",
            "| a | b | `a.rs::left_out` |",
            "| a | b | `a.rs::helper` |",
            "| a | b | `a.rs::walls_hold` `a.rs::gone` |",
            "| a | or b | c | `a.rs::walls_hold` |",
            "| a | b `a.rs::walls_hold` |",
            "| a | b | `a.rs::walls_hold`",
            "| | b | |",
        ] {
            assert_eq!(found(row).len(), 1, "{row}");
        }
    }
}
