//! What a Lambda function runs.

use super::{Row, Verdict, Verification};
use crate::aws::lambda::{Function, Lambda, Readiness};
use crate::pipeline::image_uri::{ImageUri, UriName};

/// Asks for the function and judges it. The function comes along for whoever wants to update it.
pub async fn look(lambda: &Lambda, row: &Row<'_>, name: &str) -> (Verification, Option<Function>) {
    match lambda.function(name).await {
        Err(error) => (row.found(Verdict::Error(error), None), None),
        Ok(None) => (row.absent(), None),
        Ok(Some(function)) => {
            let verdict = judge(row, &function);
            (row.found(verdict, function.digest.clone()), Some(function))
        }
    }
}

fn judge(row: &Row<'_>, function: &Function) -> Verdict {
    if function.readiness == Readiness::Changing {
        return Verdict::StillChanging { outdated: false };
    }
    let Some(uri) = &function.image_uri else { return Verdict::RunsNoImage };
    let Some(wanted) = &row.wanted else { return Verdict::NoTag };
    if function.readiness == Readiness::Ready && function.digest.as_ref() == Some(wanted) {
        return Verdict::Verified;
    }
    let image = ImageUri::of(uri);
    if !image.is_of(&row.repository) {
        return Verdict::OtherRepository(uri.clone());
    }
    match (image.name, &function.readiness, &function.digest) {
        (UriName::Tag(tag), ..) if tag != row.tag => Verdict::NamesOtherTag(tag),
        (_, Readiness::Failed { code, reason }, _) => Verdict::Failed { code: code.clone(), reason: reason.clone() },
        (_, _, Some(running)) => Verdict::RunsOther(running.clone()),
        (_, _, None) => Verdict::DigestUnknown,
    }
}
