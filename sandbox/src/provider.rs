//! The AWS provider of terraform: from a mirror on this machine when there is one, else as terraform always does.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::{Error, Result, places};

/// What `infrastructure/versions.tf` asks for: `~> 5.100`.
const MAJOR: u32 = 5;
const OLDEST_MINOR: u32 = 100;

/// Writes terraform's CLI configuration file and gives its path ("CLI Configuration File", "Provider Installation").
pub(crate) fn configuration() -> Result<PathBuf> {
    let kept = places::kept_folder();
    let cache = kept.join("plugins");
    std::fs::create_dir_all(&cache).map_err(Error::file(&cache))?;
    let text = text(mirror(&usual_places()).as_deref(), &cache);
    let path = kept.join("terraform.tfrc");
    if std::fs::read_to_string(&path).is_ok_and(|present| present == text) {
        return Ok(path);
    }
    // Several test processes write it at once, all of them the same.
    let mut file = tempfile::NamedTempFile::new_in(&kept).map_err(Error::file(&kept))?;
    file.write_all(text.as_bytes()).map_err(Error::file(&path))?;
    file.persist(&path).map_err(|error| Error::file(&path)(error.error))?;
    Ok(path)
}

/// With a mirror the provider comes from there alone, so that nothing is asked of the network for it.
fn text(mirror: Option<&Path>, cache: &Path) -> String {
    const PROVIDER: &str = "registry.terraform.io/hashicorp/aws";
    match mirror {
        Some(mirror) => format!(
            "provider_installation {{\n  filesystem_mirror {{\n    path    = {:?}\n    include = [\"{PROVIDER}\"]\n  }}\n  \
             direct {{\n    exclude = [\"{PROVIDER}\"]\n  }}\n}}\n",
            mirror.display().to_string()
        ),
        None => format!("plugin_cache_dir = {:?}\n", cache.display().to_string()),
    }
}

/// The folders in which terraform itself looks for a mirror ("Provider Installation", "Implied Local Mirror
/// Directories"), then those in which an administrator may have put one.
fn usual_places() -> Vec<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let mut places: Vec<PathBuf> = Vec::new();
    places.extend(variable("TF_PLUGIN_CACHE_DIR").map(PathBuf::from));
    if let Some(home) = variable("HOME").map(PathBuf::from) {
        places.push(home.join(".terraform.d/plugins"));
        places.push(home.join(".terraform.d/plugin-cache"));
        places.push(home.join("Library/Application Support/io.terraform/plugins"));
        places.push(home.join(".local/share/terraform/plugins"));
    }
    let data = variable("XDG_DATA_DIRS").unwrap_or_else(|| "/usr/local/share:/usr/share".into());
    for folder in variable("XDG_DATA_HOME").iter().chain([&data]).flat_map(std::env::split_paths) {
        places.push(folder.join("terraform/plugins"));
    }
    places.extend(["/opt", "/usr/local/share", "/usr/share", "/var/lib", "/var/cache", "/srv"].map(PathBuf::from));
    places
}

/// The first folder, in `places` or up to two levels below, that holds the AWS provider for this platform.
fn mirror(places: &[PathBuf]) -> Option<PathBuf> {
    places.iter().find_map(|place| below(place, 2))
}

fn below(folder: &Path, levels: u32) -> Option<PathBuf> {
    if has_provider(&folder.join("registry.terraform.io/hashicorp/aws")) {
        return Some(folder.to_owned());
    }
    if levels == 0 {
        return None;
    }
    let mut folders: Vec<_> = std::fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    folders.sort();
    folders.iter().filter(|folder| folder.is_dir()).find_map(|folder| below(folder, levels - 1))
}

/// Unpacked as `<version>/<platform>/`, or packed as `terraform-provider-aws_<version>_<platform>.zip`.
fn has_provider(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    let platform = platform();
    entries.flatten().any(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        match name.strip_prefix("terraform-provider-aws_").and_then(|name| name.strip_suffix(".zip")) {
            Some(packed) => packed.split_once('_').is_some_and(|(version, on)| will_do(version) && on == platform),
            None => will_do(&name) && entry.path().join(&platform).is_dir(),
        }
    })
}

fn will_do(version: &str) -> bool {
    let mut numbers = version.split('.').map_while(|number| number.parse::<u32>().ok());
    numbers.next() == Some(MAJOR) && numbers.next().is_some_and(|minor| minor >= OLDEST_MINOR)
}

fn platform() -> String {
    let system = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };
    let machine = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{system}_{machine}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mirror_in(folder: &Path, version: &str, platform: &str) {
        let package = folder.join("registry.terraform.io/hashicorp/aws").join(version).join(platform);
        std::fs::create_dir_all(package).expect("a mirror");
    }

    #[test]
    fn a_mirror_is_found_two_levels_down_for_this_platform_and_version() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        mirror_in(&folder.path().join("a/other-platform"), "5.100.0", "plan9_mips");
        mirror_in(&folder.path().join("b/other-version"), "5.99.0", &platform());
        assert_eq!(mirror(&[folder.path().to_owned()]), None);
        mirror_in(&folder.path().join("c/right"), "5.100.0", &platform());
        assert_eq!(mirror(&[folder.path().to_owned()]), Some(folder.path().join("c/right")));
    }

    #[test]
    fn without_a_mirror_terraform_downloads_into_a_cache() {
        assert_eq!(text(None, Path::new("/cache")), "plugin_cache_dir = \"/cache\"\n");
        let mirrored = text(Some(Path::new("/mirror")), Path::new("/cache"));
        assert!(mirrored.contains("path    = \"/mirror\"") && !mirrored.contains("/cache"), "{mirrored}");
    }

    #[test]
    fn a_packed_mirror_will_do() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let packages = folder.path().join("registry.terraform.io/hashicorp/aws");
        std::fs::create_dir_all(&packages).expect("a folder");
        let name = format!("terraform-provider-aws_5.101.0_{}.zip", platform());
        std::fs::write(packages.join(name), "").expect("a package");
        assert_eq!(mirror(&[folder.path().to_owned()]), Some(folder.path().to_owned()));
    }
}
