//! Lays the built dashboard where `include_dir!` finds it, or a page that says how to build it: without Node.js the
//! program builds too.

use std::path::Path;
use std::{env, fs, io};

const WITHOUT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Sixty</title>\
                       <h1>This build has no dashboard</h1>\
                       <p>Run <code>scripts/build-dashboard.sh</code> and build Sixty again; scripts/local-setup.sh does both. \
                       Everything works without it: <code>sixty --help</code>, and the API at <a href=\"/api/docs\">/api/docs</a>.</p>";

fn main() -> io::Result<()> {
    // Cargo runs this in the crate's folder.
    let built = Path::new("../../dashboard/dist");
    println!("cargo:rerun-if-changed={}", built.display());
    #[expect(clippy::disallowed_methods, reason = "cargo tells a build script so where its files go")]
    let out = env::var_os("OUT_DIR").unwrap_or_default();
    let target = Path::new(&out).join("dashboard");
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    fs::create_dir_all(&target)?;
    if built.join("index.html").exists() {
        copy(built, &target)
    } else {
        fs::write(target.join("index.html"), WITHOUT)
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let place = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir_all(&place)?;
            copy(&entry.path(), &place)?;
        } else {
            fs::copy(entry.path(), place)?;
        }
    }
    Ok(())
}
