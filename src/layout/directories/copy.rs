//! What of a folder belongs to a copy of it.

/// The type bits of a symbolic link in a mode (inode(7)).
const TYPE: u32 = 0o170_000;
const LINK: u32 = 0o120_000;

/// Whether a file stays behind: what terraform writes for itself and must not be shared. The lock file of the providers
/// (`.terraform.lock.hcl`) is not among them.
pub fn is_left_behind(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_crash = name == "crash.log" || (name.starts_with("crash.") && name.ends_with(".log"));
    path.split('/').any(|part| part == ".terraform" || part == ".git")
        || name.ends_with(".tfstate")
        || name.contains(".tfstate.")
        || name.ends_with(".tfplan")
        || name.starts_with(".pipelinectl-")
        || is_crash
}

/// Whether a mode is that of a symbolic link: then what is said to be in the file is where it leads.
pub fn leads_to(mode: u32) -> bool {
    mode & TYPE == LINK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_terraforms_own_files() {
        for path in [
            ".terraform/modules/modules.json",
            "terraform.tfstate",
            "terraform.tfstate.backup",
            ".terraform.tfstate.lock.info",
            "crash.log",
            "crash.2022.log",
            "x.tfplan",
        ] {
            assert!(is_left_behind(path), "{path}");
        }
        for path in [".terraform.lock.hcl", "main.tf", "terraform.tfvars", "scripts/crash.sh", ".terraformrc"] {
            assert!(!is_left_behind(path), "{path}");
        }
    }
}
