//! A plan of any size is read in little memory.

use std::io::{self, BufReader, Read};
use std::process::{Command, Stdio};

use crate::terraform::{Redactor, read_plan};

const RESOURCES: usize = 300;
const VALUE: usize = 20_000;

/// A plan that is made while it is read.
struct Endless {
    left: usize,
    ready: Vec<u8>,
    read: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == self.ready.len() && self.left > 0 {
            self.left -= 1;
            let value = "x".repeat(VALUE);
            let end = if self.left == 0 { "]}" } else { "," };
            let resource = format!(
                r#"{{"address":"a.b[{}]","mode":"managed","type":"a","change":{{"actions":["update"],"before":{{"policy":"{value}",
                "nested":{{"deep":["{value}"]}}}},"after":{{"policy":"{value}y"}},
                "before_sensitive":{{}},"after_sensitive":{{}}}}}}{end}"#,
                self.left
            );
            (self.ready, self.read) = (resource.into_bytes(), 0);
        }
        let count = buffer.len().min(self.ready.len() - self.read);
        buffer[..count].copy_from_slice(&self.ready[self.read..self.read + count]);
        self.read += count;
        Ok(count)
    }
}

/// The most memory that this process ever had.
fn peak_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.split_whitespace().next().and_then(|it| it.parse().ok()).expect("a number")
}

#[test]
#[ignore = "is started by another test, in a process and a folder of its own"]
fn reads_a_big_plan_in_the_working_folder() {
    let Ok(folder) = std::env::current_dir() else { return };
    if !folder.join("to-be-measured").exists() {
        return;
    }
    let read = |resources| {
        let head = br#"{"format_version":"1.2","prior_state":{"values":[1,2]},"resource_changes":["#;
        let endless = Endless { left: resources, ready: Vec::new(), read: 0 };
        read_plan(BufReader::with_capacity(256 * 1024, head.as_slice().chain(endless)), &Redactor::default())
            .expect("a plan")
    };
    // The first plan brings the code and the buffers into memory, which are not what is measured.
    drop(read(10));
    let before = peak_kilobytes();
    assert_eq!(read(RESOURCES).changes.len(), RESOURCES);
    std::fs::write(folder.join("grown"), (peak_kilobytes() - before).to_string()).expect("written");
}

#[test]
fn memory_does_not_grow_with_the_plan() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("to-be-measured"), "").expect("written");
    let status = Command::new(std::env::current_exe().expect("this program"))
        .args(["--ignored", "--exact", "terraform::tests::memory::reads_a_big_plan_in_the_working_folder"])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .status()
        .expect("started");
    assert!(status.success());
    let grown: usize =
        std::fs::read_to_string(folder.path().join("grown")).expect("measured").parse().expect("a number");
    let plan = RESOURCES * VALUE * 3 / 1000;
    assert!(grown < 3_000, "{grown} kB for a plan of {plan} kB");
}
