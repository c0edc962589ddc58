//! Who may not see an entry cannot tell that it is there. Two worlds are led through the same random story (submissions,
//! corrections, withdrawals, merging and splitting, accounts taken in from ahead, frozen views, sign-off and reopening,
//! extension, time, restarts); they differ only in what is marked: how much of it there is, its words, their length, and
//! what is done with it. It is corrected by itself, at other times and more often in one world than in the other, and whole
//! returns consist of nothing else. After every step everybody who may not see it asks everything they can. Status, headers,
//! length, bytes, versions, times, order and tags must be the same in both worlds, identifiers being called by the order in
//! which they first appeared; and so must be the work: how many sealed values are opened to answer, and how many bytes are in
//! them. The paths asked for are held against the routes of the document, so that a new one is not forgotten.

use std::collections::BTreeMap;

use behaviour::document::{document, operations};
use behaviour::inputs::{ABSENT, child, entry, fragment, reason, suggested_pair, with};
use behaviour::{Answer, Kind, Seed, TestApp, User};
use serde_json::{Value, json};

/// Steps of each story.
const STEPS: usize = 6;

/// Numbers that repeat themselves from run to run (SplitMix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap()
    }
}

/// How entries are kept from others in a story.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kept {
    /// Criminal-offence data, now and then restricted besides: not for social workers without leave to read it either.
    Offence,
    /// Restricted to social care and the author's agency.
    Restricted,
}

/// One of the two worlds.
struct World {
    app: TestApp,
    seed: Seed,
    /// What only this world has.
    marked: Chance,
    /// How many marked entries a fragment has at most.
    most: usize,
    kept: Kept,
    /// The police's fragments: id and version, in the order in which they came.
    fragments: Vec<(String, i64)>,
    /// Of each what everybody sees; none for one sent ahead.
    plain: BTreeMap<String, Value>,
    /// The emergency access of the colleague.
    emergency: String,
    decisions: Vec<String>,
    frozen: Vec<String>,
    /// What each watcher has been told, by their name.
    names: BTreeMap<&'static str, Names>,
}

/// Identifiers and tags by the order in which somebody first met them.
#[derive(Default)]
struct Names {
    ids: BTreeMap<String, usize>,
    tags: BTreeMap<String, usize>,
    last_tags: BTreeMap<String, String>,
}

fn number(known: &mut BTreeMap<String, usize>, word: &str) -> usize {
    let next = known.len();
    *known.entry(word.to_owned()).or_insert(next)
}

impl Names {
    /// Text with every identifier replaced by its number.
    fn plain(&mut self, text: &str) -> String {
        let is_id = |part: &str| {
            part.len() == 36
                && part.bytes().enumerate().all(|(at, byte)| match at {
                    8 | 13 | 18 | 23 => byte == b'-',
                    _ => byte.is_ascii_hexdigit(),
                })
        };
        let mut plain = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            match rest.get(..36).filter(|part| is_id(part)) {
                Some(id) => {
                    plain.push_str(&format!("<{}>", number(&mut self.ids, id)));
                    rest = &rest[36..];
                }
                None => {
                    plain.push(first);
                    rest = &rest[first.len_utf8()..];
                }
            }
        }
        plain
    }

    /// Hashes of content by the order in which they were met: what can be told is whether two are the same.
    fn hashes(&mut self, body: &mut Value) {
        match body {
            Value::Object(members) => {
                for (name, value) in members {
                    match value.as_str().filter(|_| name == "content_hash") {
                        Some(hash) => *value = json!(number(&mut self.tags, hash)),
                        None => self.hashes(value),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.hashes(item)),
            _ => {}
        }
    }

    /// All that a reader gets, comparable.
    fn told(&mut self, answer: &Answer) -> String {
        let mut told = format!("{} of {} bytes\n", answer.status, answer.body.len());
        // Their order is another in every process.
        let mut headers: Vec<_> = answer.headers.iter().collect();
        headers.sort();
        for (name, value) in headers {
            let value = match name.as_str() {
                "date" => continue,
                "etag" => {
                    // A version before the dot is told as it is; the rest is a keyed sum of the bytes, ids and all.
                    let (version, sum) = value.split_once('.').unwrap_or(("", value));
                    format!("{version}.#{}", number(&mut self.tags, sum))
                }
                "link" => format!("{} bytes", value.len()),
                _ => self.plain(value),
            };
            told.push_str(&format!("{name}: {value}\n"));
        }
        let body = match serde_json::from_slice::<Value>(&answer.body) {
            Ok(mut body) => {
                if let Some(next) = body.get_mut("next") {
                    *next = json!(next.as_str().map_or(0, str::len));
                }
                self.hashes(&mut body);
                body.to_string()
            }
            Err(_) => answer.text(),
        };
        told + &self.plain(&body)
    }
}

impl World {
    fn new(kind: Kind, kept: Kept, seed: u64, most: usize) -> Self {
        let app = TestApp::start(kind);
        let seeded = app.seed();
        let [_, heard] = suggested_pair();
        let returned =
            fragment(&[entry("weighed at the surgery", "2026-01-30", &[&seeded.twin]), behaviour::inputs::told(heard)]);
        let _ = app.by(User::WAITING).post(&seeded.at("fragments"), &returned).ok();
        Self {
            app,
            seed: seeded,
            marked: Chance(seed),
            most,
            kept,
            fragments: Vec::new(),
            plain: BTreeMap::new(),
            emergency: ABSENT.to_owned(),
            decisions: Vec::new(),
            frozen: Vec::new(),
            names: BTreeMap::new(),
        }
    }

    /// A marked entry with words of any length.
    fn marked_entry(&mut self) -> Value {
        let chance = &mut self.marked;
        let [seen, heard] = suggested_pair();
        // Now and then an account of what others tell too, so that linkage would join it, relate it or suggest it.
        let (of_its_own, day) = match chance.below(4) {
            0 => (seen.0, seen.1.to_owned()),
            1 => (heard.0, heard.1.to_owned()),
            _ => ("", format!("2026-01-{:02}", 1 + chance.below(31))),
        };
        let what = format!("MARKED {} {of_its_own} {}", chance.next(), "arrest ".repeat(chance.below(200)));
        let concerned: Vec<&str> = match chance.below(3) {
            0 => vec![],
            1 => vec![&self.seed.twin],
            _ => vec![&self.seed.other_twin],
        };
        let mut made = entry(&what, &day, &concerned);
        if self.kept == Kept::Offence {
            made["category"] = json!("CRIME");
        }
        if self.kept == Kept::Restricted || chance.below(2) == 0 {
            made["handling"] = json!({"marking": "restricted"});
        }
        if chance.below(3) == 0 {
            made["child_voice"] = json!({"words": "MARKED words of the child"});
        }
        made
    }

    /// The entries that everybody sees, in their order, with marked ones among them.
    fn mixed(&mut self, seen: &[Value]) -> Vec<Value> {
        let mut all = seen.to_vec();
        let several = self.marked.below(self.most + 1);
        for _ in 0..several {
            let at = self.marked.below(all.len() + 1);
            let made = self.marked_entry();
            all.insert(at, made);
        }
        all
    }

    /// The entries of the timeline as the owner sees it, by their words.
    fn entries(&self) -> BTreeMap<String, String> {
        let view = self.app.by(User::OWNER).get(&self.seed.at("timeline"));
        if view.status != 200 {
            return BTreeMap::new();
        }
        let view = view.json();
        let accounts = view["rows"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|row| row["accounts"].as_array().into_iter().flatten());
        accounts
            .map(|account| {
                (account["what"].as_str().unwrap().to_owned(), account["entry_id"].as_str().unwrap().to_owned())
            })
            .collect()
    }

    /// A return of these entries, with marked ones among them: where there are none, of the agency's part alone.
    fn mixed_return(&mut self, seen: &[Value]) -> Value {
        let body = fragment(&self.mixed(seen));
        if seen.is_empty() {
            with(body, json!({"involvement": {"status": "current", "support": "MARKED"}}))
        } else {
            body
        }
    }

    /// Corrections of nothing but what is marked.
    fn correct_marked(&mut self) {
        for _ in 0..self.marked.below(3) {
            let at = self.marked.below(self.fragments.len());
            let Some((id, version)) = self.fragments.get(at).cloned() else { return };
            let Some(plain) = self.plain.get(&id).cloned() else { continue };
            let seen = plain.as_array().unwrap().clone();
            let corrected = with(self.mixed_return(&seen), json!({"correction_reason": "MARKED reason"}));
            let _ = self.app.by(User::OFFICER).put(&format!("/v1/fragments/{id}"), Some(version), &corrected);
            self.keep_version(at);
        }
    }

    /// What somebody decides that has to do with marked entries: only where there are any, and nobody's business else.
    fn meddle(&mut self) {
        let entries = self.entries();
        let marked: Vec<&String> =
            entries.iter().filter(|(what, _)| what.contains("MARKED")).map(|(_, id)| id).collect();
        let Some(one) = marked.first() else { return };
        let others: Vec<&String> = entries.values().filter(|id| id != one).collect();
        let other = others[self.marked.below(others.len())];
        let verdict = ["same_event", "different_events", "related", "not_related"][self.marked.below(4)];
        let third = others[self.marked.below(others.len())];
        let with = if third == other { vec![other] } else { vec![other, third] };
        let body = reason(json!({"decision": verdict, "entries": [one], "with": with}));
        let _ = self.app.by(User::OWNER).post(&self.seed.at("link-decisions"), &body);
    }

    fn post(&self, by: User, path: &str, body: &Value) -> (u16, String) {
        let answer = self.app.by(by).post(path, body);
        let made = if answer.status < 300 { answer.json() } else { Value::Null };
        let id = made.get("id").or_else(|| made.get("fragment_id")).and_then(Value::as_str).unwrap_or_default();
        (answer.status, id.to_owned())
    }

    fn keep_version(&mut self, at: usize) {
        let answer = self.app.by(User::OFFICER).get(&format!("/v1/fragments/{}", self.fragments[at].0));
        if answer.status == 200 {
            self.fragments[at].1 = answer.version();
        }
    }

    /// A colleague reads in an emergency.
    fn break_the_glass(&mut self) {
        let body = json!({"chronology_id": self.seed.chronology, "reason_code": "child_missing",
                          "reason": "Canary: the mother called the duty desk"});
        self.emergency = self.post(User::COLLEAGUE, "/v1/emergency-accesses", &body).1;
    }

    /// Everything somebody can ask.
    fn paths(&self) -> Vec<String> {
        let at = |rest: &str| self.seed.at(rest);
        let mut paths: Vec<String> =
            ["me", "chronologies", "invitations", "fragments"].map(|rest| format!("/v1/{rest}")).into();
        paths.extend(
            [
                "alerts",
                "agencies",
                "partnership",
                "practitioners",
                "families",
                "holds",
                "deletion-certificates",
                "unpurged",
            ]
            .map(|rest| format!("/v1/{rest}")),
        );
        paths.push(format!("/v1/agencies/{}", self.seed.agencies["police"]));
        paths.push(format!("/v1/practitioners/{}", self.seed.people[User::OFFICER.name]));
        for invitation in ["police", "school", "surgery"].map(|agency| self.seed.invitation(agency)) {
            paths.push(format!("{invitation}/form"));
            paths.push(invitation);
        }
        paths.push(format!("/v1/emergency-accesses/{}", self.emergency));
        paths.push(at("person-links/01999999-0000-7000-8000-00000000dead"));
        paths.push(format!("/v1/people/{}", self.seed.twin));
        paths.push(format!("/v1/families/{}", self.seed.family));
        paths.push(self.seed.path.clone());
        let filters = [
            "",
            "?category=CRIME",
            "?category=HOME",
            "?category=DOMESTIC_ABUSE",
            "?significance=risk",
            "?from=2026-01-10&to=2026-01-20",
            "?limit=2",
        ];
        paths.extend(filters.map(|filter| at(&format!("timeline{filter}"))));
        paths.push(at(&format!("timeline?child={}", self.seed.other_twin)));
        paths.push(at(&format!("timeline?agency={}", self.seed.agencies["police"])));
        let lists = [
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
        paths.extend(lists.map(at));
        paths.push(format!("/v1/tombstones/{}", self.seed.chronology));
        for (id, _) in &self.fragments {
            let fragment = format!("/v1/fragments/{id}");
            paths.push(format!("/v1/tombstones/{id}"));
            paths.push(format!("{fragment}/versions"));
            paths.push(format!("{fragment}/readers"));
            paths.extend((1..=6).map(|version| format!("{fragment}/versions/{version}")));
            paths.push(fragment);
        }
        paths.extend(self.decisions.iter().map(|id| at(&format!("link-decisions/{id}"))));
        paths.extend(self.frozen.iter().map(|id| at(&format!("consolidations/{id}"))));
        paths
    }

    /// How many sealed values are opened for a watcher's reading, and how many bytes: the work that depends on content.
    fn work_for(&self, user: User, path: &str) -> (u64, u64) {
        let before = self.app.vault.work().done();
        let _ = self.app.by(user).get(path);
        let after = self.app.vault.work().done();
        (after.0 - before.0, after.1 - before.1)
    }

    /// What a watcher is told on each of these paths, and on the pages after.
    fn watched_by(&mut self, user: User) -> Vec<String> {
        let mut names = self.names.remove(user.name).unwrap_or_default();
        let mut told = Vec::new();
        for path in self.paths() {
            let mut page = Some(path.clone());
            let (mut pages, mut tag) = (0, None);
            while let Some(path) = page.take().filter(|_| pages < 40) {
                let answer = self.app.by(user).get(&path);
                let about = names.plain(path.split("cursor=").next().unwrap());
                told.push(format!("{} {about} page {pages}: {}", user.name, names.told(&answer)));
                if pages == 0 {
                    tag = answer.header("etag").map(str::to_owned);
                }
                let next = answer.header("link").and_then(|link| link.split(['<', '>']).nth(1)).map(str::to_owned);
                page = next.map(|url| url.find("/v1/").map_or(url.clone(), |start| url[start..].to_owned()));
                pages += 1;
            }
            // And once more, with the tag of the step before.
            let polled = ["/timeline", "/links", "/link-decisions", "/fragments"].iter().any(|end| path.ends_with(end));
            if let Some(before) = names.last_tags.get(&path).filter(|_| polled) {
                told.push(format!("{} again: {}", user.name, self.app.by(user).get_unless(&path, before).status));
            }
            names.last_tags.extend(tag.map(|tag| (path, tag)));
        }
        self.names.insert(user.name, names);
        told
    }
}

/// One step of the story, the same in both worlds but for what is marked.
fn step(worlds: &mut [World; 2], chance: &mut Chance, number: usize) -> String {
    let mut seen: Vec<Value> = (0..1 + chance.below(2))
        .map(|at| entry(&format!("seen {number}-{at}"), &format!("2026-01-{:02}", 1 + chance.below(31)), &[]))
        .collect();
    // What may be one event with what the surgery has heard.
    let [attended, _] = suggested_pair();
    seen.extend((chance.below(3) == 0).then(|| behaviour::inputs::told(attended)));
    // Said so each time: an entry that says nothing keeps the marking of what it corrects, which may be marked.
    for one in &mut seen {
        one["handling"] = json!({"marking": "normal"});
    }
    let about = chance.next();
    let pick = |count: usize| usize::try_from(about % count.max(1) as u64).unwrap();
    let what = chance.below(15);
    let outcomes = worlds.each_mut().map(|world| {
        let fragments = world.fragments.len();
        match what {
            0 | 1 | 12 => {
                // Now and then nothing but what is marked.
                let seen = if what == 12 { Vec::new() } else { seen.clone() };
                let body = world.mixed_return(&seen);
                let (status, id) = world.post(User::OFFICER, &world.seed.at("fragments"), &body);
                if status < 300 && !world.plain.contains_key(&id) {
                    world.plain.insert(id.clone(), json!(seen));
                    world.fragments.push((id, 1));
                }
                (format!("submit {status}"), Value::Null)
            }
            2 | 3 if fragments > 0 => {
                let at = pick(fragments);
                let body = fragment(&world.mixed(&seen));
                let (id, _) = world.fragments[at].clone();
                if world.plain.contains_key(&id) {
                    world.plain.insert(id, json!(seen));
                }
                let (id, version) = world.fragments[at].clone();
                let status =
                    world.app.by(User::OFFICER).put(&format!("/v1/fragments/{id}"), Some(version), &body).status;
                world.keep_version(at);
                (format!("correct {status}"), Value::Null)
            }
            4 if fragments > 1 => {
                let (id, version) = world.fragments[pick(fragments)].clone();
                (
                    format!(
                        "withdraw {}",
                        world.app.by(User::OFFICER).delete(&format!("/v1/fragments/{id}"), Some(version)).status
                    ),
                    Value::Null,
                )
            }
            5 | 6 => {
                let entries = world.entries();
                let plain: Vec<&String> =
                    entries.iter().filter(|(what, _)| !what.contains("MARKED")).map(|(_, id)| id).collect();
                if plain.len() < 2 {
                    return ("nothing to decide".to_owned(), Value::Null);
                }
                let (one, other) = (plain[pick(plain.len())], plain[(pick(plain.len()) + 1) % plain.len()]);
                let verdict = ["same_event", "different_events", "related", "not_related"]
                    [usize::try_from(about >> 32).unwrap() % 4];
                let body = reason(json!({"decision": verdict, "entries": [one], "with": [other]}));
                let (status, id) = world.post(User::OWNER, &world.seed.at("link-decisions"), &body);
                world.decisions.extend((status < 300).then_some(id));
                (format!("{verdict} {status}"), Value::Null)
            }
            7 if !world.decisions.is_empty() => {
                let id = world.decisions[pick(world.decisions.len())].clone();
                let path = world.seed.at(&format!("link-decisions/{id}/withdrawal"));
                (format!("take back {}", world.post(User::OWNER, &path, &reason(json!({}))).0), Value::Null)
            }
            8 => {
                let (status, id) = world.post(User::OWNER, &world.seed.at("consolidations"), &Value::Null);
                world.frozen.extend((status < 300).then_some(id));
                (format!("freeze {status}"), Value::Null)
            }
            9 => {
                let signed = world.post(User::MANAGER, &world.seed.at("sign-off"), &json!({"snapshot": "export"})).0;
                let reopened = world.post(User::MANAGER, &world.seed.at("reopen"), &reason(json!({}))).0;
                (format!("sign off {signed}, reopen {reopened}"), Value::Null)
            }
            10 => {
                let days = 95 + number as u64;
                let until = reason(json!({"expires_at": world.app.in_days(days)}));
                let all = world.post(User::OWNER, &world.seed.at("extend"), &until).0;
                let one = world
                    .fragments
                    .first()
                    .map(|(id, _)| world.post(User::OFFICER, &format!("/v1/fragments/{id}/extend"), &until).0);
                (format!("extend {all} {one:?}"), Value::Null)
            }
            11 => {
                world.app.pass(3_600 + about % 86_400);
                world.app.work();
                world.app.restart();
                ("time passes, restart".to_owned(), Value::Null)
            }
            _ => {
                let by = world.app.by(User::OFFICER);
                let person = by.post("/v1/people", &child("Orla", "2019-05-14", 0)).id();
                let family = by.post("/v1/families", &json!({"label": "Canary", "members": [person]})).id();
                let everybody = |mut told: Value| {
                    told["children"] = json!([]);
                    told["all_children"] = json!(true);
                    told
                };
                let mixed: Vec<Value> = world.mixed(&seen).into_iter().map(everybody).collect();
                let body = with(fragment(&mixed), json!({"family_id": family, "expires_at": world.app.in_days(80)}));
                let (status, id) = world.post(User::OFFICER, "/v1/fragments", &body);
                world.fragments.extend((status < 300).then_some((id, 1)));
                (format!("ahead {status}"), Value::Null)
            }
        }
    });
    let [(one, _), (other, _)] = outcomes;
    assert_eq!(one, other, "the story went another way");
    for world in worlds {
        // At another time than what everybody sees.
        world.app.pass(60);
        world.correct_marked();
        world.meddle();
        for at in 0..world.fragments.len() {
            world.keep_version(at);
        }
    }
    one
}

/// Those who may not see what is marked.
fn watchers(kept: Kept) -> Vec<User> {
    let mut watchers = vec![User::RETURNED, User::WAITING, User::HOUSING, User::LEAD, User::STRANGER, User::COLLEAGUE];
    if kept == Kept::Offence {
        watchers.push(User::TEAM);
    }
    watchers
}

fn story(kind: Kind, seed: u64) {
    let kept = if seed.is_multiple_of(2) { Kept::Offence } else { Kept::Restricted };
    let mut chance = Chance(seed);
    // Against a world without any, or with others.
    let mut worlds =
        [World::new(kind, kept, seed ^ 0xaaaa, 3), World::new(kind, kept, seed ^ 0x5555, usize::from(seed % 4 > 1))];
    let mut done = Vec::new();
    let all = watchers(kept);
    for number in 0..STEPS {
        done.push(step(&mut worlds, &mut chance, number));
        let about = format!("seed {seed}, {kind:?}, {kept:?}, {done:#?}");
        if number + 1 == STEPS {
            worlds.iter_mut().for_each(World::break_the_glass);
        }
        // Everybody at the end, one after each step.
        let (first, some) = (chance.below(all.len()), if number + 1 == STEPS { all.len() } else { 1 });
        for user in all.iter().cycle().skip(first).take(some) {
            same(&mut worlds, *user, &about);
            same_work(&worlds, *user, &about);
        }
    }
    for world in &mut worlds {
        world.app.pass_days(200);
        world.app.work();
    }
    for user in all.into_iter().rev().take(2) {
        same(&mut worlds, user, &format!("seed {seed}, {kind:?}, {kept:?}, {done:#?}, when all is over"));
    }
}

/// No more is opened for somebody in one world than in the other.
fn same_work(worlds: &[World; 2], user: User, about: &str) {
    let of = |world: &World| {
        let mut paths: Vec<String> = ["timeline", "timeline?limit=1", "links", "link-decisions", "fragments"]
            .map(|rest| world.seed.at(rest))
            .into();
        for (id, _) in &world.fragments {
            paths.extend(["", "/versions", "/versions/1"].map(|rest| format!("/v1/fragments/{id}{rest}")));
        }
        paths
    };
    let paths = worlds.each_ref().map(of);
    for (at, path) in paths[0].iter().enumerate() {
        let [one, other] = [0, 1].map(|world| {
            worlds[world].app.service.wait_for_links();
            worlds[world].work_for(user, &paths[world][at])
        });
        assert_eq!(one, other, "sealed values and bytes opened for {} on {path}: {about}", user.name);
    }
}

/// Somebody is told the same in both worlds.
fn same(worlds: &mut [World; 2], user: User, about: &str) {
    let [one, other] = worlds.each_mut().map(|world| world.watched_by(user));
    assert_eq!(one.len(), other.len(), "{about}");
    for (one, other) in one.iter().zip(&other) {
        assert!(!one.contains("MARKED") && !other.contains("MARKED"), "{about}: {one}\n{other}");
        assert!(one == other, "{about}\n{one}\n{other}");
    }
}

/// The stories that are told; others with `CHRONOLOGY_SEEDS="4 5 6"`.
fn seeds(usual: [u64; 2]) -> Vec<u64> {
    let asked = std::env::var_os("CHRONOLOGY_SEEDS");
    let asked = asked.map(|asked| asked.to_string_lossy().into_owned());
    asked.map_or_else(|| usual.into(), |asked| asked.split_whitespace().map(|seed| seed.parse().unwrap()).collect())
}

/// Reads that no watcher makes: the audit counts what everybody does, for auditors and, in a checkpoint, for anyone; and what
/// leads to a certificate is in its list.
const NOT_WATCHED: [&str; 6] = [
    "/v1/audit",
    "/v1/audit/checkpoint",
    "/v1/audit/consistency",
    "/v1/audit/records/{audit_id}/proof",
    "/v1/audit/tiles/{level}/{index}",
    "/v1/deletion-certificates/{certificate_id}",
];

#[test]
fn every_read_is_watched() {
    let mut world = World::new(Kind::Sqlite, Kept::Offence, 1, 1);
    for list in [&mut world.decisions, &mut world.frozen] {
        list.push(ABSENT.to_owned());
    }
    world.fragments.push((ABSENT.to_owned(), 1));
    let asked = world.paths();
    let is_like = |path: &str, pattern: &str| {
        let (path, pattern) = (path.split('?').next().unwrap().split('/'), pattern.split('/'));
        path.clone().count() == pattern.clone().count()
            && path.zip(pattern).all(|(part, wanted)| part == wanted || wanted.starts_with('{'))
    };
    let document = document();
    let reads = operations(&document).into_iter().filter(|known| known.method == "GET").map(|known| known.path);
    let missing: Vec<String> = reads
        .filter(|route| !NOT_WATCHED.contains(&route.as_str()) && !asked.iter().any(|path| is_like(path, route)))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn who_may_not_see_cannot_tell_on_sqlite() {
    seeds([0, 3]).into_iter().for_each(|seed| story(Kind::Sqlite, seed));
}

#[test]
fn who_may_not_see_cannot_tell_on_postgresql() {
    seeds([101, 102]).into_iter().for_each(|seed| story(Kind::Postgresql, seed));
}
