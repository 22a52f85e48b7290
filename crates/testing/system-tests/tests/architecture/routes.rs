//! The customer API has one way in: the table of routes, which puts the guard round each. A route that is added elsewhere
//! compiles and is public, so that only the sources themselves show it.

use std::path::Path;

use crate::files::{is_shipped, read, tracked};

/// Where a path of the customer API may stand in what is shipped, how that line begins, and what it must have.
const KNOWN: [(&str, &str, &str); 3] = [
    // Whatever is no route: behind the guard.
    ("crates/api/src/lib.rs", ".route(\"/api/v1/{*rest}\", ", "parts.gateway.guard_the_rest("),
    // The table from which the router is made.
    (TABLE, "let many = ", "format!("),
    // The Location of a new object.
    ("crates/data-plane/crm/src/store.rs", "location: ", "Some(format!("),
];

/// The one place at which the table's router gets its routes: all guarded, also for the methods that they don't have.
const TABLE: &str = "crates/data-plane/crm/src/routes.rs";
const ROUTED: &str = "router.route(path, methods.fallback";

/// The lines that could make a route of the customer API outside the guarded table.
pub(crate) fn unguarded(root: &Path) -> Result<Vec<String>, String> {
    let mut violations = Vec::new();
    for file in tracked(root)?.iter().filter(|file| is_shipped(file)) {
        violations.extend(unguarded_in(file, &read(root, file)?));
    }
    Ok(violations)
}

fn unguarded_in(file: &str, text: &str) -> Vec<String> {
    let shipped = text.split("\n#[cfg(test)]").next().unwrap_or_default();
    let lines = (1..).zip(shipped.lines().map(str::trim)).filter(|(_, line)| !line.starts_with("//"));
    let wrong = lines.filter(|(_, line)| {
        let names_a_path = ["\"/api/v1", "\"/api/{", "\"/{"].iter().any(|path| {
            // Pointers into documents begin like a path with a parameter, but are no route's.
            line.contains(path) && (*path != "\"/{" || line.contains("route"))
        });
        let is_known = KNOWN
            .iter()
            .any(|(known, begin, has)| *known == file && line.starts_with(begin) && line.contains(has));
        let hides_a_path = line.contains(".nest(") || line.contains(".nest_service(");
        let is_beside_the_table = file == TABLE && line.contains(".route(") && !line.starts_with(ROUTED);
        (names_a_path && !is_known) || hides_a_path || is_beside_the_table
    });
    wrong
        .map(|(number, line)| {
            format!(
                "{file}:{number} could be a route of /api/v1 without the guard: add it to {TABLE}: {line}"
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_outside_the_table_is_found_however_it_is_written() {
        for (file, line, violations) in [
            ("crates/api/src/lib.rs", ".route(\"/api/v1/{*rest}\", parts.gateway.guard_the_rest(any(f)))", 0),
            ("crates/api/src/lib.rs", ".route(\"/api/v1/{*rest}\", any(f))", 1),
            ("crates/api/src/lib.rs", "        .route(\"/api/v1/export\", get(export))", 1),
            ("crates/api/src/export.rs", "const PATH: &str = \"/api/v1/export\";", 1),
            ("crates/api/src/export.rs", "#[utoipa::path(get, path = \"/api/v1/export\")]", 1),
            ("crates/api/src/export.rs", ".route(\"/api/{version}/export\", get(export))", 1),
            ("crates/api/src/export.rs", ".route(\"/{*all}\", get(export))", 1),
            ("crates/api/src/export.rs", ".nest(PREFIX, router)", 1),
            ("crates/api/src/export.rs", "// as \"/api/v1/export\" does", 0),
            ("crates/api/src/export.rs", "field(format!(\"/{name}\"), \"is wrong\")", 0),
            (TABLE, "    router.route(path, methods.fallback_service(no_such_method))", 0),
            (TABLE, "    .route(&path, get(export))", 1),
        ] {
            assert_eq!(unguarded_in(file, line).len(), violations, "{line}");
        }
        let tested = "\n#[cfg(test)]\nmod tests { const PATH: &str = \"/api/v1/deals\"; }";
        assert_eq!(unguarded_in("crates/api/src/browsers.rs", tested), Vec::<String>::new());
    }
}
