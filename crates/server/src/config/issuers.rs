//! Token issuers: whose tokens are accepted, for which agencies and roles.

use std::collections::BTreeSet;

use domain::Role;
use identity::{Algorithm, IssuerConfig, KeySource};
use service::PartnershipConfig;

use super::section::Section;

/// The issuer of tokens for development and demonstration.
#[derive(Debug, Clone)]
pub(crate) struct DevelopmentIssuer {
    /// The partnership that it issues tokens for.
    pub(crate) partnership: String,
    /// The agencies of that partnership.
    pub(crate) agencies: Vec<String>,
}

/// Reads every configured issuer that is valid.
pub(super) fn read_issuers(
    sections: Vec<Section<'_>>,
    partnerships: &[PartnershipConfig],
) -> Vec<IssuerConfig> {
    let mut seen = BTreeSet::new();
    let issuers = sections.into_iter().filter_map(|mut section| {
        let issuer = section.required_text("issuer");
        if !issuer.is_empty() && !seen.insert(issuer.clone()) {
            section.add_error("issuer", "is configured twice");
        }
        let audience = section.required_text("audience");
        let partnership = section.required_text("partnership");
        let agencies = section.text_list("agencies");
        check_agencies(&section, &partnership, &agencies, partnerships);
        let roles = read_roles(&mut section);
        let vouches_for_time = section.flag("vouches_for_time").unwrap_or(false);
        let algorithm = section.required::<Algorithm>("algorithm", "ES256 or RS256");
        let keys = read_keys(&mut section);
        section.finish();
        let algorithm = algorithm?;
        let keys = keys?;
        Some(IssuerConfig {
            issuer,
            audience,
            partnership,
            agencies,
            roles,
            vouches_for_time,
            algorithm,
            keys,
        })
    });
    issuers.collect()
}

/// Reads the development issuer if it is enabled.
pub(super) fn read_development_issuer(
    mut section: Section<'_>,
    partnerships: &[PartnershipConfig],
) -> Option<DevelopmentIssuer> {
    let enabled = section.flag("enabled").unwrap_or(false);
    let code = if enabled {
        section.required_text("partnership")
    } else {
        section.text("partnership").unwrap_or_default()
    };
    let partnership = partnerships
        .iter()
        .find(|partnership| partnership.code == code);
    if enabled && !code.is_empty() && partnership.is_none() {
        section.add_error("partnership", "is not one of the configured partnerships");
    }
    section.finish();
    let agencies = partnership
        .filter(|_| enabled)?
        .agencies
        .iter()
        .map(|agency| agency.code.clone())
        .collect();
    Some(DevelopmentIssuer {
        partnership: code,
        agencies,
    })
}

/// Roles that an issuer may grant: those listed, or by default those that act for one agency.
fn read_roles(section: &mut Section<'_>) -> BTreeSet<Role> {
    if !section.has("roles") {
        return IssuerConfig::default_roles();
    }
    let names = section.text_list("roles");
    let roles: BTreeSet<Role> = names.iter().filter_map(|word| word.parse().ok()).collect();
    if roles.is_empty() || roles.len() != names.len() {
        let known: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        section.add_error(
            "roles",
            &format!(
                "must name at least one role and each once, of {}",
                known.join(", ")
            ),
        );
    }
    roles
}

fn check_agencies(
    section: &Section<'_>,
    partnership: &str,
    agencies: &[String],
    partnerships: &[PartnershipConfig],
) {
    if agencies.is_empty() {
        section.add_error("agencies", "must name at least one agency");
    }
    if !partnership.is_empty() && !partnerships.iter().any(|known| known.code == partnership) {
        section.add_error("partnership", "is not one of the configured partnerships");
    }
}

fn read_keys(section: &mut Section<'_>) -> Option<KeySource> {
    if section.has("jwks_url") == section.has("jwks_file") {
        section.add_error("jwks_url", "or jwks_file: give exactly one");
    }
    let file = section.existing_file("jwks_file").map(KeySource::JwksFile);
    let url = section.text("jwks_url");
    if url.as_ref().is_some_and(|url| !url.starts_with("https://")) {
        section.add_error("jwks_url", "must be an https address");
    }
    file.or(url.map(KeySource::JwksUrl))
}
