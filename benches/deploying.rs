//! `pipelinectl deploy` and `pipelinectl status` against their floor, which AWS's rate limits and the round trips make, and
//! against a shell script that calls the AWS CLI. Fails where a bound is missed.
#![allow(clippy::disallowed_methods, reason = "a bench runs programs and reads the environment itself")]
#![allow(clippy::print_stdout, reason = "a bench prints what it found")]

mod support;

use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use sandbox::{Estate, Kind, LocalAws, Switches};
use support::process::run;
use support::shell::Shell;
use support::table::{self, Row};
use support::{PROGRAM, Result, median};

const LIVE: &str = "2022-08-31";
const LATENCY: Duration = Duration::from_millis(50);
/// So long it takes until all that is allowed at once is allowed again.
const REFILL: Duration = Duration::from_millis(1_500);
/// How long an ECS service takes to replace its tasks.
const ROLLOUT: Duration = Duration::from_secs(3);

/// PutImage: ten at once, then ten a second ("Amazon ECR service quotas"). `UpdateFunctionCode`: fifteen at once, then
/// fifteen a second, together with all other control calls ("Lambda quotas").
const PUTS_A_SECOND: u32 = 10;
const UPDATES_A_SECOND: u32 = 15;
/// Who we are and what the tags name; their commits; what runs; the move; the update; what runs now.
const ROUND_TRIPS: u32 = 6;

/// `deploy` of a service by weco-deploy, tags and all, with 50 ms a request: 12.6 s for 50 repositories without waiting
/// for what runs, as measured before this project began. Printed, not run.
const WECO_DEPLOY_50: &str = "weco-deploy needed 12.6 s for 50 repositories, and did not wait for what runs";

fn main() -> Result<()> {
    let shell = Shell::find();
    let aws = LocalAws::start()?;
    let mut rows = functions(&aws.in_account("300000000050"), shell.as_ref())?;
    rows.extend(services(&aws.in_account("300000000010"), shell.as_ref())?);
    rows.extend(status(&aws.in_account("300000000100"))?);
    let title = format!("Deploying: {} ms a request", LATENCY.as_millis());
    table::print(&title, shell.is_some().then_some("shell script"), &rows);
    println!("\n  {WECO_DEPLOY_50}");
    if table::all_met(&rows) { Ok(()) } else { Err("a bound was missed".into()) }
}

/// Fifty Lambda functions, with their repositories.
fn functions(aws: &LocalAws, shell: Option<&Shell>) -> Result<Vec<Row>> {
    const COUNT: u32 = 50;
    const BY_HAND: u32 = 5;
    let estate = estate(aws, COUNT, 0)?;
    aws.set(&Switches::new().put_image_rate(true).lambda_rate(true))?;
    let mut times = Vec::new();
    for run in 1..=3 {
        times.push(ours(&estate, aws, &format!("Change {run} of the functions"))?);
    }
    let ours = median(times);
    let by_hand = shell.map(|shell| theirs(shell, &estate, aws, "lambda", BY_HAND as usize)).transpose()?;
    let rate = |a_second: u32| f64::from(COUNT - a_second) / f64::from(a_second);
    let floor = rate(PUTS_A_SECOND) + rate(UPDATES_A_SECOND) + (LATENCY * ROUND_TRIPS).as_secs_f64();
    let ratio = ours.as_secs_f64() / floor;
    let wish = format!("within 1.3 x {floor:.1} s, rate limits and {ROUND_TRIPS} round trips (is {ratio:.2})");
    // The script does one service after the other, so it takes so many times as long.
    let theirs = by_hand.map(|time| time * (COUNT / BY_HAND));
    let row = Row::times(&format!("deploy {COUNT} functions"), ours, theirs).wanted(wish, ratio <= 1.3);
    if let Some(by_hand) = by_hand {
        println!(
            "The script took {:.1} s for {BY_HAND} functions; the table has it for {COUNT}.",
            by_hand.as_secs_f64()
        );
    }
    Ok(vec![row])
}

/// Ten ECS services, with their repositories.
fn services(aws: &LocalAws, shell: Option<&Shell>) -> Result<Vec<Row>> {
    const COUNT: u32 = 10;
    let estate = estate(aws, COUNT, COUNT)?;
    aws.set(&Switches::new().put_image_rate(true).ecs_rollout(ROLLOUT))?;
    let mut times = Vec::new();
    for run in 1..=3 {
        times.push(ours(&estate, aws, &format!("Change {run} of the services"))?);
    }
    let ours = median(times);
    let theirs = shell.map(|shell| theirs(shell, &estate, aws, "ecs", COUNT as usize)).transpose()?;
    let case = format!("deploy {COUNT} ECS services, {} s each", ROLLOUT.as_secs());
    Ok(vec![Row::times(&case, ours, theirs).wanted("under 6 s", ours < Duration::from_secs(6))])
}

/// A hundred Lambda functions: how much longer `status` takes where each request takes longer tells how many of them wait
/// for one another.
fn status(aws: &LocalAws) -> Result<Vec<Row>> {
    const COUNT: u32 = 100;
    const SLOW: Duration = Duration::from_millis(250);
    const MOST: f64 = 8.0;
    let estate = estate(aws, COUNT, 0)?;
    let time_with = |latency: Duration| -> Result<Duration> {
        aws.set(&Switches::new().latency_ms(u64::try_from(latency.as_millis())?))?;
        let times: Result<Vec<Duration>> = (0..5)
            .map(|_| {
                // `GetFunction` is limited to a hundred a second.
                sleep(REFILL);
                run(program(&estate).args(["status", LIVE]))
            })
            .collect();
        aws.set(&Switches::new().latency_ms(0))?;
        Ok(median(times?))
    };
    let (quick, usual, slow) = (time_with(Duration::ZERO)?, time_with(LATENCY)?, time_with(SLOW)?);
    let round_trips = slow.saturating_sub(quick).as_secs_f64() / SLOW.as_secs_f64();
    let wish = format!("at most {MOST} round trips (is {round_trips:.1})");
    Ok(vec![Row::times(&format!("status of {COUNT} functions"), usual, None).wanted(wish, round_trips <= MOST)])
}

/// A live pipeline of services that run, the last `ecs` of them on ECS.
fn estate(aws: &LocalAws, services: u32, ecs: u32) -> Result<Estate> {
    let builder = Estate::deployed().with_services(services as usize).with_ecs(ecs as usize);
    Ok(builder.pipelines(&[LIVE]).aws(aws).build()?)
}

fn program(estate: &Estate) -> Command {
    let mut command = Command::new(PROGRAM);
    estate.prepare(&mut command);
    command
}

/// Deploys the images of a new commit, with 50 ms a request.
fn ours(estate: &Estate, aws: &LocalAws, subject: &str) -> Result<Duration> {
    let tag = publish(estate, aws, subject)?;
    let time = run(program(estate).args(["deploy", LIVE, "--yes"]))?;
    check(estate, aws, &tag, estate.repositories().len())?;
    Ok(time)
}

/// The script does the same for the first services.
fn theirs(shell: &Shell, estate: &Estate, aws: &LocalAws, runs_on: &str, services: usize) -> Result<Duration> {
    let tag = publish(estate, aws, "Change for the script")?;
    let registry = format!("{}.dkr.ecr.{}.amazonaws.com", aws.account_id(), aws.region());
    let repositories = estate.repositories().into_iter().take(services);
    let time = run(shell.script(estate, "deploy.sh").args([runs_on, &registry, &tag, LIVE]).args(repositories))?;
    check(estate, aws, &tag, services)?;
    Ok(time)
}

/// Images of a new commit, as `latest` and with its tag; the requests are slow from then on.
fn publish(estate: &Estate, aws: &LocalAws, subject: &str) -> Result<String> {
    aws.set(&Switches::new().latency_ms(0))?;
    let tag = estate.change(subject)?.tag();
    for repository in estate.repositories() {
        // A shell script knows nothing of media types, so they are what Docker pushes.
        aws.seed_image(&repository, &format!("{repository} {tag}"), Kind::Docker, &["latest", &tag])?;
    }
    sleep(REFILL);
    aws.set(&Switches::new().latency_ms(u64::try_from(LATENCY.as_millis())?))?;
    Ok(tag)
}

/// Fails unless the first services run the images of that tag.
fn check(estate: &Estate, aws: &LocalAws, tag: &str, services: usize) -> Result<()> {
    aws.set(&Switches::new().latency_ms(0))?;
    for (service, repository) in estate.services().iter().zip(estate.repositories()).take(services) {
        let wanted = aws.tagged(&repository, tag)?.ok_or("the images are there")?;
        let name = format!("{LIVE}-{service}");
        let function = estate.running_function(&name)?;
        let running = if function.is_some() { function } else { estate.running_tasks(&name)?.pop() };
        let named = aws.tagged(&repository, LIVE)?.map(|image| image.digest);
        if named.as_ref() != Some(&wanted.digest) || running.as_ref() != Some(&wanted.digest) {
            return Err(format!("{name} runs {running:?} and its tag names {named:?}, not {}", wanted.digest).into());
        }
    }
    Ok(())
}
