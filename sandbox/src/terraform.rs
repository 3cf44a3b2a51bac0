//! terraform: the one on `PATH` when it will do, else the pinned official release.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::{Error, Result, lock, places, process, provider, python};

/// `use_lockfile` of the S3 backend is generally available from here on (Terraform, "Backend Type: s3").
const OLDEST: (u32, u32) = (1, 11);

/// A terraform that can be run, and the configuration file that leads it to its providers.
#[derive(Debug, Clone)]
pub struct Terraform {
    program: PathBuf,
    configuration: PathBuf,
}

impl Terraform {
    /// The one that `TERRAFORM` names, else the first on `PATH` that is new enough, else the pinned release,
    /// downloaded once below `target/sandbox`.
    pub fn find() -> Result<Self> {
        static FOUND: OnceLock<Terraform> = OnceLock::new();
        if let Some(found) = FOUND.get() {
            return Ok(found.clone());
        }
        let named = std::env::var_os("TERRAFORM").map(PathBuf::from);
        let program = match named.or_else(|| on_path(&std::env::var_os("PATH").unwrap_or_default())) {
            Some(program) => program,
            None => Release::pinned()?.program(&places::kept_folder())?,
        };
        let found = Self { program, configuration: provider::configuration()? };
        Ok(FOUND.get_or_init(|| found).clone())
    }

    /// The program.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Variables for terraform, and for a program that starts it.
    pub fn environment(&self) -> Vec<(&'static str, std::ffi::OsString)> {
        vec![("TF_CLI_CONFIG_FILE", self.configuration.clone().into()), ("CHECKPOINT_DISABLE", "1".into())]
    }

    /// A command that runs it in `folder`, with nothing of the caller's own terraform settings.
    pub fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TF_") {
                command.env_remove(name);
            }
        }
        command.envs(self.environment()).env("TF_IN_AUTOMATION", "1").env("TF_INPUT", "0").current_dir(folder);
        command
    }
}

/// The first `terraform` in the folders of `path` that is new enough.
pub fn on_path(path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path)
        .map(|folder| folder.join("terraform"))
        .find(|program| program.is_file() && version(program).is_some_and(|version| version >= OLDEST))
}

/// Major and minor version; `None` when it does not run.
fn version(program: &Path) -> Option<(u32, u32)> {
    let mut command = Command::new(program);
    command.args(["version", "-json"]).env("CHECKPOINT_DISABLE", "1").env_remove("TF_CLI_CONFIG_FILE");
    let said: serde_json::Value = serde_json::from_str(&process::run(&mut command).ok()?).ok()?;
    let mut numbers = said["terraform_version"].as_str()?.split('.').map_while(|number| number.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

/// A published release for one platform.
#[derive(Debug, Clone)]
pub struct Release {
    /// Such as `1.11.4`.
    pub version: String,
    /// Such as `linux_amd64`.
    pub platform: String,
    /// The SHA-256 of the zip, in hexadecimal.
    pub sha256: String,
    /// Where releases are: below it `<version>/terraform_<version>_<platform>.zip`.
    pub base: String,
}

impl Release {
    /// The official release this repository is tested with. The sums are those of `terraform_1.11.4_SHA256SUMS`.
    pub fn pinned() -> Result<Self> {
        let (platform, sha256) = match (std::env::consts::OS, std::env::consts::ARCH) {
            ("linux", "x86_64") => ("linux_amd64", "1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc"),
            ("linux", "aarch64") => ("linux_arm64", "a43d1d0da9b9bab214a8305a39db0e40869572594ccf50c416a7756499143633"),
            ("macos", "x86_64") => ("darwin_amd64", "a56d5002b9f7647291faccc3dd1a70350e60fb61e4c45037629508b8fdc2575b"),
            ("macos", "aarch64") => {
                ("darwin_arm64", "867e0808fa971217043e25b7a792b10720c79b1546f8a68479b74f138be73e18")
            }
            (system, machine) => return Err(needed(&format!("no release is pinned for {system} on {machine}"))),
        };
        Ok(Self {
            version: "1.11.4".into(),
            platform: platform.into(),
            sha256: sha256.into(),
            base: "https://releases.hashicorp.com/terraform".into(),
        })
    }

    /// The program of this release below `folder`, downloaded and compared with its sum when it is not there yet.
    pub fn program(&self, folder: &Path) -> Result<PathBuf> {
        let kept = folder.join(format!("terraform-{}", self.version));
        lock::made_once(&kept, |partial| self.download(partial))?;
        Ok(kept.join("terraform"))
    }

    fn download(&self, folder: &Path) -> Result<()> {
        let python = python::find(&std::env::var_os("PATH").unwrap_or_default())?;
        let name = format!("terraform_{}_{}.zip", self.version, self.platform);
        let url = format!("{}/{}/{name}", self.base, self.version);
        let mut command = Command::new(python.program);
        command.arg(places::source_folder().join("download_terraform.py")).args([&url, &self.sha256]).arg(folder);
        process::run(&mut command).map(drop).map_err(|error| needed(&format!("it could not be downloaded: {error}")))
    }
}

fn needed(reason: &str) -> Error {
    Error::Missing {
        what: format!("terraform {}.{} or newer is not on PATH, and {reason}", OLDEST.0, OLDEST.1),
        advice: "Install it from https://developer.hashicorp.com/terraform/install, or say where it is: \
                 TERRAFORM=/path/to/terraform"
            .into(),
    }
}

#[cfg(test)]
mod tests;
