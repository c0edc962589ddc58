//! Query strings: pages, filters, and every fault at once.

use std::collections::BTreeSet;
use std::str::FromStr;

use domain::{Category, Instant, Operation, Significance};
use service::{AuditFilter, Fault, PageQuery, TimelineQuery};
use time::Date;
use time::format_description::well_known::Iso8601;
use uuid::Uuid;

use super::{Ask, Outcome};
use crate::body::pointer::part;
use crate::problem::{Problem, table};

/// Most items on a page.
const MOST: u16 = 500;
/// Most values of a filter that may be repeated.
const MOST_REPEATED: usize = 100;
/// Longest instant looked at: more than anybody writes who means a microsecond.
const LONGEST_INSTANT: usize = 40;
/// Longest cursor looked at.
const LONGEST_CURSOR: usize = 2_048;

/// What is said of a value that cannot be taken.
#[derive(Clone, Copy)]
struct Wrong {
    code: &'static str,
    message: &'static str,
}

/// A query string being read.
struct Query {
    pairs: Vec<(String, String)>,
    faults: Vec<Fault>,
}

impl Query {
    fn read(text: &str) -> Self {
        let pairs = actix_web::web::Query::<Vec<(String, String)>>::from_query(text);
        match pairs {
            Ok(pairs) => Self { pairs: pairs.into_inner(), faults: Vec::new() },
            Err(_) => Self { pairs: Vec::new(), faults: vec![fault("", "wrong_format", "this cannot be read")] },
        }
    }

    fn values(&self, name: &str) -> Vec<String> {
        self.pairs.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect()
    }

    /// A parameter that may be given once.
    fn one<T>(&mut self, name: &str, expected: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let values = self.values(name);
        if values.len() > 1 {
            self.faults.push(fault(name, "repeated", "give this once"));
        }
        let value = values.first()?;
        let parsed = parse(value);
        if parsed.is_none() {
            self.faults.push(fault(name, "wrong_format", expected));
        }
        parsed
    }

    /// A parameter that may be repeated. Each value that cannot be taken is named by its place, from 0.
    fn many<T>(&mut self, name: &str, wrong: Wrong, parse: impl Fn(&str) -> Option<T>) -> Vec<T> {
        let values = self.values(name);
        if values.len() > MOST_REPEATED {
            self.faults.push(fault(name, "too_many", "at most 100 of these"));
        }
        let mut parsed = Vec::with_capacity(values.len());
        for (place, value) in values.iter().take(MOST_REPEATED).enumerate() {
            match parse(value) {
                Some(value) => parsed.push(value),
                None => {
                    let at = format!("/query/{}/{place}", part(name));
                    self.faults.push(Fault::new(at, wrong.code, wrong.message));
                }
            }
        }
        parsed
    }

    fn cursor(&mut self) -> Option<String> {
        let fits = |text: &str| (1..=LONGEST_CURSOR).contains(&text.len()).then(|| text.to_owned());
        self.one("cursor", "the cursor of the page before", fits)
    }

    fn limit(&mut self) -> Option<u16> {
        self.one("limit", "a number from 1 to 500", |text| text.parse().ok().filter(|limit| (1..=MOST).contains(limit)))
    }

    fn page(&mut self) -> PageQuery {
        PageQuery { cursor: self.cursor(), limit: self.limit() }
    }

    fn finish<T>(self, value: T) -> Outcome<T> {
        if self.faults.is_empty() { Ok(value) } else { Err(Problem::new(&table::INVALID).faults(self.faults).into()) }
    }
}

fn fault(name: &str, code: &str, message: &str) -> Fault {
    let pointer = if name.is_empty() { "/query".to_owned() } else { format!("/query/{}", part(name)) };
    Fault::new(pointer, code, message)
}

/// An identifier in its usual form and no other.
fn id<T: FromStr>(text: &str) -> Option<T> {
    (text.len() == 36).then(|| text.parse().ok()).flatten()
}

/// Decimal digits, and no other way of writing a number.
fn size(text: &str) -> Option<i64> {
    text.parse().ok().filter(|size: &i64| size.to_string() == text && *size >= 0)
}

fn day(text: &str) -> Option<Date> {
    (text.len() == 10).then(|| Date::parse(text, &Iso8601::DATE).ok()).flatten()
}

fn instant(text: &str) -> Option<Instant> {
    (text.len() <= LONGEST_INSTANT).then(|| Instant::parse(text).ok()).flatten()
}

/// Refuses parameters that are not among `known`.
pub(super) fn only(text: &str, known: &BTreeSet<String>) -> Result<(), Problem> {
    let query = Query::read(text);
    let strange: BTreeSet<&String> =
        query.pairs.iter().map(|(name, _)| name).filter(|name| !known.contains(*name)).collect();
    let mut faults = query.faults.clone();
    faults.extend(strange.into_iter().map(|name| fault(name, "unknown_parameter", "there is no such parameter here")));
    if faults.is_empty() { Ok(()) } else { Err(Problem::new(&table::INVALID).faults(faults)) }
}

const AN_ID: &str = "an id";
const NO_ID: Wrong = Wrong { code: "wrong_format", message: AN_ID };
const NO_CATEGORY: Wrong = Wrong { code: "unknown", message: "not a category of this partnership" };
const NO_SIGNIFICANCE: Wrong = Wrong { code: "not_on_the_list", message: "use one of strength, risk, neutral, both" };
const A_DAY: &str = "a day written YYYY-MM-DD";
const AN_INSTANT: &str = "an RFC 3339 instant";
const A_SIZE: &str = "how many records the tree had: a number from 0";

impl Ask {
    /// Which page is asked for.
    pub(crate) fn page(&self) -> Outcome<PageQuery> {
        let mut query = Query::read(&self.query);
        let page = query.page();
        query.finish(page)
    }

    /// A filter by one id, with the page.
    pub(crate) fn filtered_page<T: FromStr>(&self, name: &str) -> Outcome<(Option<T>, PageQuery)> {
        let mut query = Query::read(&self.query);
        let filtered = (query.one(name, AN_ID, id), query.page());
        query.finish(filtered)
    }

    /// Which part of the timeline is asked for.
    pub(crate) fn timeline_query(&self) -> Outcome<TimelineQuery> {
        let mut query = Query::read(&self.query);
        let listed = |category: &Category| self.service.lists_category(&self.call, category);
        let asked = TimelineQuery {
            children: query.many("child", NO_ID, id),
            agencies: query.many("agency", NO_ID, id),
            categories: query.many("category", NO_CATEGORY, |code| Category::new(code).filter(listed)),
            significance: query.many("significance", NO_SIGNIFICANCE, |word| word.parse::<Significance>().ok()),
            from: query.one("from", A_DAY, day),
            to: query.one("to", A_DAY, day),
            cursor: query.cursor(),
            limit: query.limit(),
        };
        if asked.from.zip(asked.to).is_some_and(|(from, to)| from > to) {
            query.faults.push(fault("to", "before_from", "to cannot be before from"));
        }
        query.finish(asked)
    }

    /// The size of the audit's tree that is asked about, if one is.
    pub(crate) fn tree_size(&self) -> Outcome<Option<i64>> {
        let mut query = Query::read(&self.query);
        let size = query.one("size", A_SIZE, size);
        query.finish(size)
    }

    /// The two sizes of the audit's tree that are to be compared, both required.
    pub(crate) fn tree_sizes(&self) -> Outcome<(i64, i64)> {
        let mut query = Query::read(&self.query);
        let sizes = ["from", "to"].map(|name| {
            let given = query.one(name, A_SIZE, size);
            if given.is_none() && query.values(name).is_empty() {
                query.faults.push(fault(name, "required", A_SIZE));
            }
            given.unwrap_or_default()
        });
        let [from, to] = sizes;
        query.finish((from, to))
    }

    /// The one object whose proof is asked for.
    pub(crate) fn certificate_object(&self) -> Outcome<Option<Uuid>> {
        let mut query = Query::read(&self.query);
        let object = query.one("object", AN_ID, id);
        query.finish(object)
    }

    /// Which audit records are asked for, and which page of them.
    pub(crate) fn audit_filter(&self) -> Outcome<(AuditFilter, PageQuery)> {
        let mut query = Query::read(&self.query);
        let operation = |word: &str| word.parse::<Operation>().ok().map(|known| known.as_str().to_owned());
        let filter = AuditFilter {
            chronology: query.one("chronology", AN_ID, id),
            object: query.one("object", AN_ID, id),
            practitioner: query.one("practitioner", AN_ID, id),
            operation: query.one("operation", "an operation such as timeline.read", operation),
            from: query.one("from", AN_INSTANT, instant),
            until: query.one("until", AN_INSTANT, instant),
        };
        let page = query.page();
        query.finish((filter, page))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn pointers(problem: &Problem) -> Vec<String> {
        problem.named().iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
    }

    #[rstest]
    #[case("limit=0", "/query/limit wrong_format")]
    #[case("limit=501", "/query/limit wrong_format")]
    #[case("limit=ten", "/query/limit wrong_format")]
    #[case("limit=5&limit=6", "/query/limit repeated")]
    #[case("cursor=", "/query/cursor wrong_format")]
    fn pages_have_limits(#[case] text: &str, #[case] expected: &str) {
        let mut query = Query::read(text);
        let page = query.page();
        let Err(super::super::Failure::Request(problem)) = query.finish(page) else { panic!("{text} was taken") };
        assert_eq!(pointers(&problem), [expected]);
    }

    #[test]
    fn each_value_of_a_list_that_cannot_be_taken_is_named() {
        let mut query = Query::read("significance=risk&significance=grave&limit=5&significance=&significance=both");
        let taken = query.many("significance", NO_SIGNIFICANCE, |word| word.parse::<Significance>().ok());
        assert_eq!(taken, [Significance::Risk, Significance::Both]);
        let Err(super::super::Failure::Request(problem)) = query.finish(()) else { panic!("it was taken") };
        let expected = ["/query/significance/1 not_on_the_list", "/query/significance/2 not_on_the_list"];
        assert_eq!(pointers(&problem), expected);
    }

    #[test]
    fn the_largest_page_is_taken() {
        assert_eq!(Query::read("limit=500").page().limit, Some(500));
    }

    #[test]
    fn what_the_document_does_not_know_is_named() {
        let known = BTreeSet::from(["limit".to_owned()]);
        let problem = only("limit=5&colour=red&a%2Fb=1&colour=blue", &known).unwrap_err();
        assert_eq!(pointers(&problem), ["/query/a~1b unknown_parameter", "/query/colour unknown_parameter"]);
        assert!(only("", &known).is_ok());
    }

    #[test]
    fn days_are_days() {
        assert!(day("2024-02-29").is_some());
        for text in ["2023-02-29", "2024-2-9", "20240229", "2024-02-29T00:00"] {
            assert!(day(text).is_none(), "{text}");
        }
    }
}
