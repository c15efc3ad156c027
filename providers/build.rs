//! Lists the folders of this folder as Rust, so that a new platform is a folder and nothing else.

use std::{env, fmt::Write, fs, path::Path};

fn files(folder: &Path, below: &str, found: &mut Vec<String>) {
    let mut names: Vec<_> = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).collect();
    names.sort();
    for path in names {
        let name = format!("{below}{}", path.file_name().expect("a name").to_string_lossy());
        if path.is_dir() {
            files(&path, &format!("{name}/"), found);
        } else if name != "provider.toml" && path.extension().is_some_and(|kind| kind == "graphql" || kind == "json") {
            found.push(name);
        }
    }
}

fn main() {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo says where")).join("providers");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut list = String::from("&[\n");
    let mut folders: Vec<_> = fs::read_dir(&root).expect("the folder").flatten().map(|entry| entry.path()).collect();
    folders.sort();
    for folder in folders.iter().filter(|folder| folder.join("provider.toml").is_file()) {
        let key = folder.file_name().expect("a name").to_string_lossy();
        let text = |name: &str| format!("include_str!({:?})", folder.join(name).display().to_string());
        let mut documents = Vec::new();
        files(folder, "", &mut documents);
        write!(list, "    ({key:?}, {}, &[", text("provider.toml")).expect("is written");
        for name in &documents {
            write!(list, "({name:?}, {}), ", text(name)).expect("is written");
        }
        list.push_str("]),\n");
    }
    list.push_str("]\n");
    let to = Path::new(&env::var("OUT_DIR").expect("cargo says where")).join("built_in.in");
    fs::write(to, list).expect("is written");
}
