//! The restart of a Lambda function: its code is updated to the image.

use super::{Pace, Run, Waited};
use crate::aws::AwsError;
use crate::aws::lambda::{Function, Lambda, Updated};
use crate::operations::verify_images::{Row, Verdict, Verification, finished, function::look};
use crate::pipeline::image_uri::ImageUri;

/// Looks at the function, updates it if it must be, and waits for it.
pub async fn roll(run: &Run<'_>, row: &Row<'_>, name: &str) -> Verification {
    run.progress.started(name, "looking");
    let found = follow(run, row, name).await;
    finished(run.progress, name, &found);
    found
}

async fn follow(run: &Run<'_>, row: &Row<'_>, name: &str) -> Verification {
    let lambda = run.session.lambda();
    let mut restarted = false;
    let mut pace = Pace::new();
    let (mut found, mut function) = look(&lambda, row, name).await;
    loop {
        found.restarted = restarted;
        match (&found.verdict, &function) {
            // The update is under way, whether we are told of it or not.
            (Verdict::Error(error), _) if restarted && error.may_pass() => {
                run.progress.changed(name, &format!("waiting: {error}"));
            }
            (Verdict::StillChanging { .. }, _) if restarted => {}
            (Verdict::StillChanging { .. }, _) => run.progress.changed(name, "waiting for the change before"),
            (verdict, Some(function)) if !restarted && verdict.needs_restart() => {
                match update(run, &lambda, row, function).await {
                    Ok(Updated::Begun) => {
                        (restarted, pace) = (true, Pace::new());
                        run.progress.changed(name, "updating");
                    }
                    Ok(Updated::Busy) => run.progress.changed(name, "waiting for the change before"),
                    Ok(Updated::Stopped) => {
                        found.verdict = run.why_forbidden();
                        return found;
                    }
                    Err(error) => {
                        found.verdict = Verdict::NotRestarted(error);
                        return found;
                    }
                }
                found.restarted = restarted;
                found.verdict = Verdict::StillChanging { outdated: !restarted };
            }
            _ => return found,
        }
        match pace.wait(run).await {
            Waited::Look => {
                if let Some(seen) = run.until_stopped(look(&lambda, row, name)).await {
                    (found, function) = seen;
                }
            }
            Waited::Over => return found,
            Waited::Stopped if restarted => return Verification { verdict: Verdict::NotAwaited, ..found },
            Waited::Stopped => return Verification { verdict: Verdict::Interrupted, ..found },
        }
    }
}

/// In the form that its image has now: any other form would be drift in every later plan of Terraform.
async fn update(run: &Run<'_>, lambda: &Lambda, row: &Row<'_>, function: &Function) -> Result<Updated, AwsError> {
    match (&function.image_uri, &row.wanted) {
        (Some(uri), Some(wanted)) => {
            let uri = ImageUri::of(uri).with(row.tag, wanted);
            lambda.update_image(function, &uri, &|| run.forbidden().is_none()).await
        }
        // Such a function is never judged to need a restart.
        _ => Ok(Updated::Busy),
    }
}
