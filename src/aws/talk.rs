//! Tells of every call to AWS, for `--verbose`.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use aws_sdk_ecr::config::interceptors::{BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef};
use aws_sdk_ecr::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_types::config_bag::{Storable, StoreReplace};

use crate::progress::Progress;

/// Sees every attempt of every call.
#[derive(Clone)]
pub(super) struct Talk(pub Arc<dyn Progress>);

#[derive(Debug)]
struct Began(Instant);

impl Storable for Began {
    type Storer = StoreReplace<Self>;
}

impl fmt::Debug for Talk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Talk")
    }
}

impl Intercept for Talk {
    fn name(&self) -> &'static str {
        "Talk"
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(Began(Instant::now()));
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        use fmt::Write as _;
        let Some(metadata) = config.load::<Metadata>() else {
            return Ok(());
        };
        let mut line = format!("aws {} {}", metadata.service().to_lowercase(), metadata.name());
        if let Some(began) = config.load::<Began>() {
            write!(line, " {} ms", began.0.elapsed().as_millis())?;
        }
        if let Some(attempts) = config.load::<RequestAttempts>().filter(|attempts| attempts.attempts() > 1) {
            write!(line, ", attempt {}", attempts.attempts())?;
        }
        if context.output_or_error().is_some_and(|result| result.is_err()) {
            match context.response() {
                Some(response) => {
                    let kind = response.headers().get("x-amzn-errortype").unwrap_or_default();
                    let kind = kind.split(':').next().unwrap_or_default();
                    write!(line, ", failed: {} {kind}", response.status().as_u16())?;
                }
                None if config.load::<Began>().is_none() => line.push_str(", failed: not sent"),
                None => line.push_str(", failed: no answer"),
            }
        }
        self.0.detail(line.trim_end());
        Ok(())
    }
}
