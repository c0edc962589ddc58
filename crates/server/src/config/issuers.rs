//! Whom to believe about who is calling.

use std::collections::BTreeSet;

use domain::Role;
use identity::{Algorithm, IssuerConfig, KeySource};
use service::PartnershipConfig;

use super::section::Section;

/// The issuer that writes tokens for development and demonstration.
#[derive(Debug, Clone)]
pub(crate) struct DevelopmentIssuer {
    /// The partnership it speaks for.
    pub(crate) partnership: String,
    /// That partnership's agencies.
    pub(crate) agencies: Vec<String>,
}

/// Every configured issuer that can be understood.
pub(super) fn read_issuers(sections: Vec<Section<'_>>, partnerships: &[PartnershipConfig]) -> Vec<IssuerConfig> {
    let mut seen = BTreeSet::new();
    let issuers = sections.into_iter().filter_map(|mut from| {
        let issuer = from.needed_text("issuer");
        if !issuer.is_empty() && !seen.insert(issuer.clone()) {
            from.wrong("issuer", "is configured twice");
        }
        let audience = from.needed_text("audience");
        let partnership = from.needed_text("partnership");
        let agencies = from.texts("agencies");
        check_agencies(&from, &partnership, &agencies, partnerships);
        let roles = read_roles(&mut from);
        let vouches_for_time = from.flag("vouches_for_time").unwrap_or(false);
        let algorithm = from.needed::<Algorithm>("algorithm", "ES256 or RS256");
        let keys = read_keys(&mut from);
        from.finish();
        let (algorithm, keys) = (algorithm?, keys?);
        Some(IssuerConfig { issuer, audience, partnership, agencies, roles, vouches_for_time, algorithm, keys })
    });
    issuers.collect()
}

/// The development issuer when it is switched on.
pub(super) fn read_development_issuer(
    mut from: Section<'_>,
    partnerships: &[PartnershipConfig],
) -> Option<DevelopmentIssuer> {
    let enabled = from.flag("enabled").unwrap_or(false);
    let code = if enabled { from.needed_text("partnership") } else { from.text("partnership").unwrap_or_default() };
    let partnership = partnerships.iter().find(|partnership| partnership.code == code);
    if enabled && !code.is_empty() && partnership.is_none() {
        from.wrong("partnership", "is not one of the configured partnerships");
    }
    from.finish();
    let agencies = partnership.filter(|_| enabled)?.agencies.iter().map(|agency| agency.code.clone()).collect();
    Some(DevelopmentIssuer { partnership: code, agencies })
}

/// The roles an issuer may give: those named, or else those that act for one agency.
fn read_roles(from: &mut Section<'_>) -> BTreeSet<Role> {
    if !from.has("roles") {
        return IssuerConfig::default_roles();
    }
    let words = from.texts("roles");
    let roles: BTreeSet<Role> = words.iter().filter_map(|word| word.parse().ok()).collect();
    if roles.is_empty() || roles.len() != words.len() {
        let known: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        from.wrong("roles", &format!("must name at least one role and each once, of {}", known.join(", ")));
    }
    roles
}

fn check_agencies(from: &Section<'_>, partnership: &str, agencies: &[String], partnerships: &[PartnershipConfig]) {
    if agencies.is_empty() {
        from.wrong("agencies", "must name at least one agency");
    }
    if !partnership.is_empty() && !partnerships.iter().any(|known| known.code == partnership) {
        from.wrong("partnership", "is not one of the configured partnerships");
    }
}

fn read_keys(from: &mut Section<'_>) -> Option<KeySource> {
    if from.has("jwks_url") == from.has("jwks_file") {
        from.wrong("jwks_url", "or jwks_file: give exactly one");
    }
    let file = from.existing_file("jwks_file").map(KeySource::JwksFile);
    let url = from.text("jwks_url");
    if url.as_ref().is_some_and(|url| !url.starts_with("https://")) {
        from.wrong("jwks_url", "must be an https address");
    }
    file.or(url.map(KeySource::JwksUrl))
}
