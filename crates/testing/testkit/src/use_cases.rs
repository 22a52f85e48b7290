//! The use cases of a crate, as its sources say them: for tests that try each of them and must not forget one.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The names of the public functions in this folder of sources that somebody asks for: whose signature has an `Actor`.
#[must_use]
pub fn use_cases(sources: &Path) -> BTreeSet<String> {
    use_cases_by_file(sources)
        .iter()
        .filter_map(|found| found.rsplit("::").next().map(str::to_owned))
        .collect()
}

/// The same, each behind its file, such as `api_keys/rotation::rotate`: for a crate where several share a name.
#[must_use]
pub fn use_cases_by_file(sources: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    find(sources, sources, &mut found);
    found
}

fn find(folder: &Path, sources: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a crate has its sources") {
        let path = entry.expect("a folder can be read").path();
        if path.is_dir() {
            find(&path, sources, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let file = path.strip_prefix(sources).expect("it is in there").with_extension("");
            let text = fs::read_to_string(&path).expect("sources can be read");
            found.extend(of_text(&text).iter().map(|name| format!("{}::{name}", file.display())));
        }
    }
}

fn of_text(text: &str) -> Vec<String> {
    let functions = text.split("pub async fn ").skip(1);
    let signatures = functions.filter_map(|rest| rest.split_once('{').map(|(signature, _)| signature));
    let asked = signatures.filter(|signature| signature.contains("&Actor"));
    asked.filter_map(|signature| signature.split(['(', '<']).next().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::of_text;

    #[test]
    fn a_use_case_is_a_public_function_that_somebody_asks_for() {
        let text = "impl X {\n    pub async fn one(\n        &self,\n        actor: &Actor,\n    ) -> Result<(), E> {\n        a(&Actor)\n    }\n\
                    pub async fn two(&self, caller: Caller) -> Option<Actor> { x }\npub(crate) async fn three(actor: &Actor) {}\n\
                    pub async fn four<T>(actor: &Actor) {}";
        assert_eq!(of_text(text), ["one", "four"]);
    }
}
