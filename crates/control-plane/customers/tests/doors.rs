//! Every use case passes the door that asks for a permit. These files may walk round it, because nobody asks them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What runs out by itself, the keys of requests, and the record of refusals.
const OF_THE_SYSTEM: [&str; 7] = [
    "api_keys.rs",
    "control_plane.rs",
    "denied.rs",
    "idempotency.rs",
    "modules/overrides.rs",
    "refusals.rs",
    "subscription.rs",
];

fn find(folder: &Path, root: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find(&path, root, found);
        } else if fs::read_to_string(&path).unwrap().contains("catalog_of_the_system") {
            found.insert(path.strip_prefix(root).unwrap().display().to_string());
        }
    }
}

#[test]
fn only_what_nobody_asks_for_goes_without_a_permit() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeSet::new();
    find(&root, &root, &mut found);
    assert_eq!(found, OF_THE_SYSTEM.map(str::to_owned).into());
    // In files that do both, the system's use cases have no actor whose rights could be asked for.
    for file in ["api_keys.rs", "subscription.rs"] {
        let text = fs::read_to_string(root.join(file)).unwrap();
        for part in
            text.split("\npub async fn ").skip(1).filter(|part| part.contains("catalog_of_the_system"))
        {
            let signature = part.split('{').next().unwrap();
            assert!(!signature.contains("Actor"), "{file}: {signature}");
        }
    }
}
