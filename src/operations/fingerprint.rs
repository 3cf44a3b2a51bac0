//! Whether the Terraform files are still the same ones.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::files::{self, FileError};

/// The SHA-256, in hexadecimal, of the names and contents of all files in a Terraform root and the folders below it.
/// What begins with a dot is left out: terraform writes there itself.
pub fn fingerprint(root: &Path) -> Result<String, FileError> {
    let mut hash = Sha256::new();
    for path in files_below(root)? {
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        let content = files::read_bytes(&path)?;
        hash.update(format!("{name}\0{}\0", content.len()));
        hash.update(&content);
    }
    let mut text = String::new();
    for byte in hash.finalize() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

fn files_below(root: &Path) -> Result<BTreeSet<PathBuf>, FileError> {
    const OF_THE_CONFIGURATION: [&str; 5] = [".tf", ".tf.json", ".tfvars", ".tfvars.json", ".hcl"];
    let mut found = BTreeSet::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for name in files::names_in(&folder)? {
            if !name.starts_with('.') && OF_THE_CONFIGURATION.iter().any(|ending| name.ends_with(ending)) {
                found.insert(folder.join(name));
            }
        }
        folders.extend(
            files::folders_in(&folder)?.into_iter().filter(|name| !name.starts_with('.')).map(|name| folder.join(name)),
        );
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_a_change_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        files::create(&root.join("main.tf"), "a", 0o644).expect("made");
        files::create(&root.join("stack/main.tf"), "b", 0o644).expect("made");
        let first = fingerprint(root).expect("read");
        files::create(&root.join(".terraform/modules/x.tf"), "c", 0o644).expect("made");
        files::create(&root.join("terraform.tfstate"), "{}", 0o644).expect("made");
        assert_eq!(fingerprint(root).expect("read"), first);
        files::replace(&root.join("stack/main.tf"), "b", "c").expect("written");
        assert_ne!(fingerprint(root).expect("read"), first);
    }
}
