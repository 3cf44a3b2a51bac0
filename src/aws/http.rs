//! The HTTP client of all calls.

use aws_sdk_ecr::config::RuntimeComponents;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector};
use aws_smithy_runtime_api::shared::IntoShared as _;

use super::AwsError;

/// TLS by rustls and ring, trusting the system's certificates and, if given, those in the PEM text.
pub(super) fn client(certificates: Option<&[u8]>) -> Result<SharedHttpClient, AwsError> {
    let builder = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
    let Some(pem) = certificates else {
        return Ok(OnDemand(builder.build_https()).into_shared());
    };
    if !String::from_utf8_lossy(pem).contains("-----BEGIN CERTIFICATE-----") {
        return Err(AwsError::CertificateBundle { reason: "there is no PEM certificate in it".to_owned() });
    }
    let store = TrustStore::default().with_pem_certificate(pem);
    let context = TlsContext::builder().with_trust_store(store).build();
    let context = context.map_err(|error| AwsError::CertificateBundle { reason: error.to_string() })?;
    Ok(OnDemand(builder.tls_context(context).build_https()).into_shared())
}

/// The SDK's client reads the system's certificates whenever a service's client is made ("validates" it), which takes
/// longer than all else a command does before its first line. This one does so with the first request.
#[derive(Debug, Clone)]
struct OnDemand(SharedHttpClient);

impl HttpClient for OnDemand {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        self.0.http_connector(settings, components)
    }
}
