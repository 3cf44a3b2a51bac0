//! Shows what a release would move and restart.

use super::super::release;
use super::{Deployment, HoldRule, Request};
use crate::context::Context;
use crate::pipeline::release::PolicyKind;
use crate::ui::{counted, paint, table};

/// The tags, the restarts, and what else there is to know before somebody says yes.
pub fn show(context: &Context, request: &Request, deployment: &Deployment) {
    let ui = &context.ui;
    if let Some(record) = &deployment.begun {
        ui.say(&format!(
            "Going on with {} of {} by {}: its images, whatever {} names now.",
            record.id,
            record.started.strftime("%F %T UTC"),
            record.by,
            request.asked
        ));
    }
    if let PolicyKind::Restore = request.policy.kind {
        ui.say(&format!("Going back to {}.", request.asked));
    }
    release::show(context, &deployment.release);
    warn_of_expiry(context, deployment);
    if !request.restarts {
        return;
    }
    let rows: Vec<Vec<String>> = deployment
        .restarts()
        .map(|row| {
            let short = |digest: &Option<crate::pipeline::image::Digest>| {
                digest.as_ref().map_or_else(|| "?".to_owned(), |digest| digest.short().to_owned())
            };
            vec![
                format!("{} {}", paint::changed("~"), row.service),
                row.target.as_ref().map(ToString::to_string).unwrap_or_default(),
                short(&row.running),
                short(&row.wanted),
            ]
        })
        .collect();
    if rows.is_empty() && deployment.release.plan.is_nothing() {
        // The end says it.
    } else if rows.is_empty() {
        ui.say(&match deployment.changing() {
            0 => "Every service runs what its tag will name: none is restarted.".to_owned(),
            changing => format!("{} still changing: that is waited for.", are(changing)),
        });
    } else {
        ui.show(&format!("\n{}", table::table(&["  RESTARTED", "RUNS AS", "RUNS NOW", "WILL RUN"], &rows)));
    }
    if let HoldRule::Put(reason) = &request.hold {
        ui.say(&format!("The pipeline will be put on hold: {reason}"));
    }
}

/// An image that is gone next week is no place to stay.
fn warn_of_expiry(context: &Context, deployment: &Deployment) {
    let expiring = &deployment.expiring;
    if !expiring.repositories.is_empty() {
        let names: Vec<&str> = expiring.repositories.iter().map(|repository| repository.name.as_str()).collect();
        context.ui.warn(&format!(
            "a lifecycle policy is about to expire the image of this release in {}: change the policy, or go on to a newer \
             release soon",
            names.join(", ")
        ));
    }
    if let Some(why) = &expiring.unknown {
        context.ui.warn(&format!("whether a lifecycle policy is about to expire these images is not known: {why}"));
    }
}

/// What is asked before anything changes.
pub fn question(request: &Request, deployment: &Deployment) -> String {
    let tags = deployment.release.plan.changes().count();
    let restarts = if request.restarts { deployment.restarts().count() } else { 0 };
    let mut parts = Vec::new();
    if tags > 0 {
        parts.push(format!("move {}", counted(tags, "tag")));
    }
    if restarts > 0 {
        parts.push(format!("restart {}", counted(restarts, "service")));
    }
    let what = if parts.is_empty() { "go on with".to_owned() } else { format!("{} of", parts.join(" and ")) };
    let mut question = format!("{what} {}?", request.namespace);
    if let Some(first) = question.get(..1).map(str::to_uppercase) {
        question.replace_range(..1, &first);
    }
    question
}

fn are(services: usize) -> String {
    if services == 1 { "1 service is".to_owned() } else { format!("{services} services are") }
}
