//! `include_dir!` reads the migrations at compile time without telling cargo; this tells it.

fn main() {
    println!("cargo:rerun-if-changed=../../../migrations");
}
