//! What an observer reads, and the work that it takes.

use behaviour::User;

use super::Instance;

/// Lists of a partnership.
const PARTNERSHIP_LISTS: [&str; 8] = [
    "alerts",
    "agencies",
    "partnership",
    "practitioners",
    "families",
    "holds",
    "deletion-certificates",
    "unpurged",
];
/// Filters of the timeline that an observer uses.
const TIMELINE_FILTERS: [&str; 7] = [
    "",
    "?category=CRIME",
    "?category=HOME",
    "?category=DOMESTIC_ABUSE",
    "?significance=risk",
    "?from=2026-01-10&to=2026-01-20",
    "?limit=2",
];
/// Lists of a chronology, and its single documents.
const CHRONOLOGY_LISTS: [&str; 11] = [
    "links",
    "link-decisions",
    "fragments",
    "fragments?limit=1",
    "invitations",
    "consolidations",
    "person-links",
    "questions",
    "readers",
    "snapshot",
    "destruction",
];

impl Instance {
    /// Every path that an observer reads.
    pub(super) fn paths(&self) -> Vec<String> {
        let at = |rest: &str| self.seed.path_to(rest);
        let mut paths: Vec<String> = ["me", "chronologies", "invitations", "fragments"]
            .map(|rest| format!("/v1/{rest}"))
            .into();
        paths.extend(PARTNERSHIP_LISTS.map(|rest| format!("/v1/{rest}")));
        paths.push(format!("/v1/agencies/{}", self.seed.agencies["police"]));
        paths.push(format!(
            "/v1/practitioners/{}",
            self.seed.people[User::OFFICER.name]
        ));
        for invitation in
            ["police", "school", "surgery"].map(|agency| self.seed.invitation_path(agency))
        {
            paths.push(format!("{invitation}/form"));
            paths.push(invitation);
        }
        paths.push(format!("/v1/emergency-accesses/{}", self.emergency_access));
        paths.push(at("person-links/01999999-0000-7000-8000-00000000dead"));
        paths.push(format!("/v1/people/{}", self.seed.twin));
        paths.push(format!("/v1/families/{}", self.seed.family));
        paths.push(self.seed.path.clone());
        paths.extend(TIMELINE_FILTERS.map(|filter| at(&format!("timeline{filter}"))));
        paths.push(at(&format!("timeline?child={}", self.seed.other_twin)));
        paths.push(at(&format!(
            "timeline?agency={}",
            self.seed.agencies["police"]
        )));
        paths.extend(CHRONOLOGY_LISTS.map(at));
        paths.push(format!("/v1/tombstones/{}", self.seed.chronology));
        for (id, _) in &self.fragments {
            let fragment = format!("/v1/fragments/{id}");
            paths.push(format!("/v1/tombstones/{id}"));
            paths.push(format!("{fragment}/versions"));
            paths.push(format!("{fragment}/readers"));
            paths.extend((1..=6).map(|version| format!("{fragment}/versions/{version}")));
            paths.push(fragment);
        }
        paths.extend(
            self.decisions
                .iter()
                .map(|id| at(&format!("link-decisions/{id}"))),
        );
        paths.extend(
            self.consolidations
                .iter()
                .map(|id| at(&format!("consolidations/{id}"))),
        );
        paths
    }

    /// The number of sealed values opened for one read, and their bytes: the work that depends on
    /// content.
    pub(super) fn count_decryptions(&self, user: User, path: &str) -> (u64, u64) {
        let before = self.app.vault.decryption_stats().totals();
        let _ = self.app.as_user(user).get(path);
        let after = self.app.vault.decryption_stats().totals();
        (after.0 - before.0, after.1 - before.1)
    }

    /// Reads every path and its following pages as `user`; returns the normalized responses.
    pub(super) fn observe(&mut self, user: User) -> Vec<String> {
        let mut labels = self.labels.remove(user.name).unwrap_or_default();
        let mut observations = Vec::new();
        for path in self.paths() {
            let mut page = Some(path.clone());
            let mut pages = 0;
            let mut tag = None;
            while let Some(path) = page.take().filter(|_| pages < 40) {
                let response = self.app.as_user(user).get(&path);
                let label = labels.replace_ids(path.split("cursor=").next().unwrap());
                observations.push(format!(
                    "{} {label} page {pages}: {}",
                    user.name,
                    labels.normalize(&response)
                ));
                if pages == 0 {
                    tag = response.header("etag").map(str::to_owned);
                }
                let next = response
                    .header("link")
                    .and_then(|link| link.split(['<', '>']).nth(1))
                    .map(str::to_owned);
                page = next.map(|url| {
                    url.find("/v1/")
                        .map_or(url.clone(), |start| url[start..].to_owned())
                });
                pages += 1;
            }
            // Polls with the entity tag of the previous step.
            let polled = ["/timeline", "/links", "/link-decisions", "/fragments"]
                .iter()
                .any(|end| path.ends_with(end));
            if let Some(before) = labels.last_etags.get(&path).filter(|_| polled) {
                observations.push(format!(
                    "{} again: {}",
                    user.name,
                    self.app
                        .as_user(user)
                        .get_if_none_match(&path, before)
                        .status
                ));
            }
            labels.last_etags.extend(tag.map(|tag| (path, tag)));
        }
        self.labels.insert(user.name, labels);
        observations
    }
}
