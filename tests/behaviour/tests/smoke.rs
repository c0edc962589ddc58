//! The harness itself.

use behaviour::{User, on_both, raw};

on_both! {
    fn a_draft(app) {
        let seed = app.seed_draft();
        let view = app.by(User::OWNER).get(&seed.path).text(); eprintln!("{}", app.by(User::OWNER).get(&format!("/v1/families/{}", seed.family)).text()); eprintln!("{}", app.by(User::AUDITOR).get("/v1/audit?operation=chronology.read").text());
        eprintln!("{view}");
        let body = serde_json::json!({"agency_id": seed.agencies["school"]});
        eprintln!("{}", app.by(User::OWNER).post(&seed.at("invitations"), &body).text());
    }
    fn the_seed_stands(app) {
        let seed = app.seed();
        let view = app.by(User::OWNER).get(&seed.at("timeline")).ok();
        assert_eq!(view["header"]["entry_count"], 1, "{view}");
        assert!(raw::count(app, "SELECT count(*) AS count FROM entries") == 1);
        assert!(!raw::finds(app, "canary"));
        assert!(raw::finds(app, "Marlshire Homes"), "the search finds what is in clear");
    }
}
