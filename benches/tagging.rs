//! `pipelinectl tag` against a shell script that calls the AWS CLI: the same images, the same local AWS, with 50 ms
//! added to each request and `PutImage` limited as AWS limits it.
#![allow(clippy::disallowed_methods, reason = "a bench runs programs and reads the environment itself")]

mod support;

use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use sandbox::{Estate, Kind, LocalAws, Switches};
use support::process::run;
use support::shell::Shell;
use support::table::Row;
use support::{PROGRAM, Result, median, table};

const LATENCY_MS: u64 = 50;
/// So long it takes until ten calls of `PutImage` at once are allowed again.
const REFILL: Duration = Duration::from_millis(1_500);
/// The tag of the images. A shell script knows nothing of media types, so they are what Docker pushes.
const SOURCE: &str = "nightly";

fn main() -> Result<()> {
    let shell = Shell::find();
    let aws = LocalAws::start()?;
    let mut rows = Vec::new();
    for (repositories, runs) in [(5, 9), (20, 5), (50, 3)] {
        let aws = aws.in_account(&format!("3000000000{repositories:02}"));
        let estate = Estate::small().with_services(repositories).aws(&aws).build()?;
        for repository in estate.repositories() {
            aws.seed_image(&repository, &repository, Kind::Docker, &[SOURCE, &commit_tag(&estate)])?;
        }
        aws.set(&Switches::new().latency_ms(LATENCY_MS).put_image_rate(true))?;
        let mut times = Vec::new();
        for number in 1..=runs {
            times.push(ours(&estate, &aws, &format!("2030-01-01-{number}"))?);
        }
        let ours = median(times);
        let theirs = shell.as_ref().map(|shell| by_shell(shell, &estate, &aws, "2030-01-02")).transpose()?;
        rows.push(wishes(
            Row::times(&format!("{repositories} repositories"), ours, theirs),
            repositories,
            ours,
            theirs,
        ));
    }
    table::print(
        "Tagging: one tag in each repository, 50 ms a request",
        shell.is_some().then_some("shell script"),
        &rows,
    );
    Ok(())
}

fn wishes(row: Row, repositories: usize, ours: Duration, theirs: Option<Duration>) -> Row {
    let within = |row: Row, seconds: f64| row.wanted(format!("in {seconds} s"), ours.as_secs_f64() <= seconds);
    match repositories {
        5 => within(row, 0.2),
        20 => {
            let row = within(row, 1.3);
            let Some(theirs) = theirs else { return row };
            row.wanted("over 20 x as fast", theirs.as_secs_f64() > 20.0 * ours.as_secs_f64())
        }
        _ => {
            // Ten at once, then ten a second ("Amazon ECR service quotas").
            let floor = Duration::from_millis(100) * u32::try_from(repositories.saturating_sub(10)).unwrap_or_default();
            let ratio = ours.as_secs_f64() / floor.as_secs_f64();
            row.wanted(
                format!("within 1.2 x {:.1} s, the rate limit's (is {ratio:.2})", floor.as_secs_f64()),
                ratio <= 1.2,
            )
        }
    }
}

fn commit_tag(estate: &Estate) -> String {
    estate.commits().last().map(sandbox::estate::Commit::tag).unwrap_or_default()
}

fn ours(estate: &Estate, aws: &LocalAws, namespace: &str) -> Result<Duration> {
    sleep(REFILL);
    let mut command = Command::new(PROGRAM);
    estate.prepare(&mut command);
    let time = run(command.args(["tag", namespace, "--source-tag", SOURCE, "--yes"]))?;
    check(estate, aws, namespace)?;
    Ok(time)
}

fn check(estate: &Estate, aws: &LocalAws, tag: &str) -> Result<()> {
    for repository in estate.repositories() {
        let (wanted, found) = (aws.tagged(&repository, SOURCE)?, aws.tagged(&repository, tag)?);
        match (wanted, found) {
            (Some(wanted), Some(found)) if wanted.digest == found.digest => {}
            _ => return Err(format!("{repository} lacks the tag {tag}, or it names something else").into()),
        }
    }
    Ok(())
}

fn by_shell(shell: &Shell, estate: &Estate, aws: &LocalAws, tag: &str) -> Result<Duration> {
    sleep(REFILL);
    let time = run(shell.script(estate, "retag.sh").args([SOURCE, tag]).args(estate.repositories()))?;
    check(estate, aws, tag)?;
    Ok(time)
}
