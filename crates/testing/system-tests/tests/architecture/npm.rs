//! What we may take from npm: `npm-policy.toml`, held over every lock file, without a network.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use crate::files;

/// The policy.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NpmPolicy {
    registry: String,
    install_scripts: Vec<String>,
    shipped: Vec<String>,
    licences: Licences,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Licences {
    shipped: Vec<String>,
    tools: Vec<String>,
}

/// A lock file of npm, third version.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Lock {
    lockfile_version: u8,
    packages: BTreeMap<String, Package>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Package {
    resolved: Option<String>,
    integrity: Option<String>,
    license: Option<String>,
    dev: bool,
    has_install_script: bool,
    link: bool,
}

impl NpmPolicy {
    /// Reads the policy.
    pub(crate) fn read(root: &Path) -> Result<Self, String> {
        let file = "npm-policy.toml";
        toml::from_str(&files::read(root, file)?).map_err(|error| format!("{file}: {error}"))
    }

    /// What is wrong with a folder's lock file.
    pub(crate) fn lock(&self, folder: &str, lock: &Lock) -> Vec<String> {
        if lock.lockfile_version != 3 {
            return vec![format!("{folder}: its lock file is of version {}, not 3", lock.lockfile_version)];
        }
        let others = lock.packages.iter().filter(|(place, _)| !place.is_empty());
        others.flat_map(|(place, package)| self.package(folder, place, package)).collect()
    }

    fn package(&self, folder: &str, place: &str, package: &Package) -> Vec<String> {
        let mut wrong = Vec::new();
        let name = place.rsplit_once("node_modules/").map_or(place, |(_, name)| name);
        let mut note = |what: String| wrong.push(format!("{folder}: {place} {what}"));
        if package.link || !place.contains("node_modules/") {
            note("is a folder, and not a package of the registry".to_owned());
        }
        if !package.integrity.as_deref().is_some_and(|hash| hash.starts_with("sha512-")) {
            note("has no integrity hash of SHA-512".to_owned());
        }
        if let Some(resolved) = package.resolved.as_deref().filter(|url| !url.starts_with(&self.registry)) {
            note(format!("comes from {resolved}, which isn't {}", self.registry));
        }
        if package.has_install_script && !self.install_scripts.iter().any(|allowed| allowed == name) {
            note("runs a program while it is installed; npm-policy.toml lists who may".to_owned());
        }
        let is_shipped = self.is_shipped(folder, package);
        match &package.license {
            Some(licence) if self.allows(licence, is_shipped) => {}
            Some(licence) if is_shipped => note(format!("is shipped, and under {licence}")),
            Some(licence) => note(format!("is under {licence}, which npm-policy.toml doesn't allow")),
            None => note("states no licence".to_owned()),
        }
        wrong
    }

    fn is_shipped(&self, folder: &str, package: &Package) -> bool {
        !package.dev && self.shipped.iter().any(|shipped| shipped == folder)
    }

    fn allows(&self, licence: &str, is_shipped: bool) -> bool {
        let Licences { shipped, tools } = &self.licences;
        let expression = spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX);
        expression.is_ok_and(|expression| {
            expression.evaluate(|wanted| {
                let wanted = wanted.to_string();
                shipped.contains(&wanted) || (!is_shipped && tools.contains(&wanted))
            })
        })
    }

    /// Licences that nothing has: the list doesn't grow by habit.
    pub(crate) fn unused(&self, locks: &[(String, Lock)]) -> Vec<String> {
        let mut used: [BTreeSet<&str>; 2] = Default::default();
        for (folder, lock) in locks {
            for package in lock.packages.values() {
                let words = package.license.as_deref().unwrap_or_default();
                let words = words.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '.'));
                used[usize::from(!self.is_shipped(folder, package))].extend(words);
            }
        }
        let lists = [&self.licences.shipped, &self.licences.tools];
        let unused = lists
            .into_iter()
            .zip(used)
            .flat_map(|(list, used)| list.iter().filter(move |licence| !used.contains(licence.as_str())));
        unused
            .map(|licence| format!("nothing is under {licence} any more: take it out of npm-policy.toml"))
            .collect()
    }
}

/// Every lock file, by its folder.
pub(crate) fn locks(root: &Path) -> Result<Vec<(String, Lock)>, String> {
    let mut found = Vec::new();
    for file in files::tracked(root)? {
        let Some(folder) = file.strip_suffix("/package-lock.json") else { continue };
        let lock =
            serde_json::from_str(&files::read(root, &file)?).map_err(|error| format!("{file}: {error}"))?;
        found.push((folder.to_owned(), lock));
    }
    Ok(found)
}

/// Every folder of packages has a lock file, and tells npm to run nothing of theirs.
pub(crate) fn folders(root: &Path) -> Result<Vec<String>, String> {
    let tracked = files::tracked(root)?;
    let mut wrong = Vec::new();
    for folder in tracked.iter().filter_map(|file| file.strip_suffix("/package.json")) {
        if !tracked.contains(&format!("{folder}/package-lock.json")) {
            wrong.push(format!("{folder} has no package-lock.json"));
        }
        let settings = files::read(root, &format!("{folder}/.npmrc")).unwrap_or_default();
        if !settings.lines().any(|line| line.replace(' ', "") == "ignore-scripts=true") {
            wrong.push(format!("{folder}/.npmrc doesn't say ignore-scripts=true"));
        }
    }
    Ok(wrong)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn policy() -> NpmPolicy {
        toml::from_str(
            "registry = 'https://registry.npmjs.org/'\ninstall_scripts = ['esbuild']\nshipped = ['pages']\n\
             [licences]\nshipped = ['MIT']\ntools = ['ISC']",
        )
        .unwrap()
    }

    fn of(folder: &str, place: &str, change: Value) -> Vec<String> {
        let mut package = json!({ "integrity": "sha512-x", "license": "MIT" });
        package.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let lock =
            json!({ "lockfileVersion": 3, "packages": { "": { "license": "Apache-2.0" }, place: package } });
        policy().lock(folder, &serde_json::from_value(lock).unwrap())
    }

    #[test]
    fn what_breaks_the_policy_is_found_and_nothing_else() {
        let at = "node_modules/a";
        for (folder, place, change, word) in [
            ("pages", at, json!({ "integrity": null }), Some("integrity")),
            ("pages", at, json!({ "integrity": "sha1-x" }), Some("integrity")),
            ("pages", at, json!({ "resolved": "https://registry.npmjs.org/a/-/a-1.tgz" }), None),
            (
                "pages",
                at,
                json!({ "resolved": "https://registry.npmjs.org.evil.example/a" }),
                Some("comes from"),
            ),
            ("pages", at, json!({ "resolved": "git+ssh://git@github.com/a/a.git#1" }), Some("comes from")),
            ("pages", at, json!({ "hasInstallScript": true }), Some("runs a program")),
            ("pages", "node_modules/b/node_modules/esbuild", json!({ "hasInstallScript": true }), None),
            (
                "pages",
                "node_modules/@evil/esbuild",
                json!({ "hasInstallScript": true }),
                Some("runs a program"),
            ),
            ("pages", at, json!({ "link": true }), Some("folder")),
            ("pages", "../a", json!({}), Some("folder")),
            ("pages", at, json!({ "license": "ISC" }), Some("is shipped")),
            ("pages", at, json!({ "license": "ISC", "dev": true }), None),
            ("tests", at, json!({ "license": "ISC" }), None),
            ("pages", at, json!({ "license": "(MIT OR GPL-3.0-only)" }), None),
            ("pages", at, json!({ "license": "GPL-3.0-only" }), Some("GPL")),
            ("tests", at, json!({ "license": "SEE LICENSE IN x" }), Some("SEE LICENSE")),
            ("tests", at, json!({ "license": null }), Some("no licence")),
            ("pages", at, json!({}), None),
        ] {
            let wrong = of(folder, place, change.clone());
            match word {
                Some(word) => {
                    assert!(wrong.len() == 1 && wrong[0].contains(word), "{place} {change}: {wrong:?}");
                }
                None => assert!(wrong.is_empty(), "{place} {change}: {wrong:?}"),
            }
        }
        let old = serde_json::from_value(json!({ "lockfileVersion": 1, "packages": {} })).unwrap();
        assert_eq!(policy().lock("pages", &old).len(), 1);
    }

    #[test]
    fn a_licence_that_nothing_has_is_named() {
        let lock = |licence: &str| {
            let lock =
                json!({ "lockfileVersion": 3, "packages": { "node_modules/a": { "license": licence } } });
            serde_json::from_value::<Lock>(lock).unwrap()
        };
        let both = [("pages".to_owned(), lock("MIT")), ("tests".to_owned(), lock("(ISC OR X11)"))];
        assert!(policy().unused(&both).is_empty());
        assert_eq!(policy().unused(&both[..1]).len(), 1);
    }
}
