use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};

use sha2::{Digest, Sha256};

use super::*;

/// Python's own file server over a folder that holds one release; ended when dropped.
struct Releases {
    folder: tempfile::TempDir,
    server: Child,
    base: String,
}

impl Drop for Releases {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn releases() -> Releases {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let python = python::find(&std::env::var_os("PATH").expect("PATH")).expect("Python").program;
    let zip = "import os, sys, zipfile\n\
               os.makedirs('9.9.9')\n\
               with zipfile.ZipFile('9.9.9/terraform_9.9.9_test_machine.zip', 'w') as zip:\n\
               \tzip.writestr('LICENSE.txt', 'a licence')\n\
               \tzip.writestr('terraform', '#!/bin/sh\\necho \\'{\"terraform_version\": \"9.9.9\"}\\'\\n')\n";
    process::run(Command::new(&python).args(["-c", zip]).current_dir(folder.path())).expect("the zip is made");
    let serve = "import functools, http.server\n\
                 handler = functools.partial(http.server.SimpleHTTPRequestHandler)\n\
                 server = http.server.HTTPServer(('127.0.0.1', 0), handler)\n\
                 print(server.server_address[1], flush=True)\n\
                 server.serve_forever()";
    let mut command = Command::new(python);
    command.args(["-c", serve]).current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = command.spawn().expect("the file server starts");
    let mut port = String::new();
    BufReader::new(server.stdout.take().expect("its output")).read_line(&mut port).expect("its port");
    Releases { folder, server, base: format!("http://127.0.0.1:{}", port.trim()) }
}

fn release(releases: &Releases) -> Release {
    let zip = releases.folder.path().join("9.9.9/terraform_9.9.9_test_machine.zip");
    let sum = Sha256::digest(std::fs::read(zip).expect("the zip"));
    Release {
        version: "9.9.9".into(),
        platform: "test_machine".into(),
        sha256: sum.iter().map(|byte| format!("{byte:02x}")).collect(),
        base: releases.base.clone(),
    }
}

#[test]
fn a_release_with_the_right_sum_is_kept_and_runs() {
    let (releases, kept) = (releases(), tempfile::tempdir().expect("a temporary folder"));
    let release = release(&releases);
    let program = release.program(kept.path()).expect("it is downloaded");
    assert_eq!(version(&program), Some((9, 9)));
    let folder = program.parent().expect("a folder");
    let names: Vec<_> =
        std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(names, ["terraform"], "the zip is gone");
    drop(releases);
    assert_eq!(release.program(kept.path()).expect("it is there, without a server"), program);
}

#[test]
fn a_release_with_another_sum_is_refused_and_nothing_is_left() {
    let (releases, kept) = (releases(), tempfile::tempdir().expect("a temporary folder"));
    let release = Release { sha256: "0".repeat(64), ..release(&releases) };
    let text = release.program(kept.path()).expect_err("the sum is wrong").to_string();
    assert!(text.contains("SHA-256") && text.contains(&"0".repeat(64)), "{text}");
    let names: Vec<_> =
        std::fs::read_dir(kept.path()).expect("the folder").map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(names, ["terraform-9.9.9.lock"]);
}

#[test]
fn a_release_that_cannot_be_had_says_what_to_do() {
    let kept = tempfile::tempdir().expect("a temporary folder");
    let release = Release { base: "http://127.0.0.1:9".into(), ..Release::pinned().expect("this platform") };
    let text = release.program(kept.path()).expect_err("nobody listens there").to_string();
    assert!(text.contains("terraform 1.11 or newer is not on PATH"), "{text}");
    assert!(text.contains("developer.hashicorp.com/terraform/install"), "{text}");
}

#[test]
fn an_old_terraform_on_the_path_is_passed_over() {
    let (old, new) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    for (folder, version) in [(&old, "1.5.7"), (&new, "1.12.0")] {
        let program = folder.path().join("terraform");
        std::fs::write(&program, format!("#!/bin/sh\necho '{{\"terraform_version\": \"{version}\"}}'\n"))
            .expect("a script");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("it can be run");
    }
    let both = std::env::join_paths([old.path(), new.path()]).expect("a search path");
    assert_eq!(on_path(&both), Some(new.path().join("terraform")));
    assert_eq!(on_path(old.path().as_os_str()), None);
}

#[test]
fn what_is_found_runs() {
    let terraform = Terraform::find().expect("terraform");
    assert!(version(terraform.program()).expect("it runs") >= OLDEST);
}
