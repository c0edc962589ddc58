//! Query strings: parses page and filter parameters and reports all faults at once.

use std::collections::BTreeSet;
use std::str::FromStr;

use domain::{Category, Instant, Operation, Significance};
use service::{AuditFilter, Fault, PageQuery, TimelineQuery};
use time::Date;
use time::format_description::well_known::Iso8601;
use uuid::Uuid;

use super::{RequestContext, UseCaseResult};
use crate::body::pointer::escape_segment;
use crate::problem::{Problem, table};

/// Largest page size.
const MAX_PAGE_SIZE: u16 = 500;
/// Most values of a repeatable filter.
const MAX_REPEATED_VALUES: usize = 100;
/// Longest instant, in bytes: more than RFC 3339 needs with microseconds.
const MAX_INSTANT_BYTES: usize = 40;
/// Longest cursor, in bytes.
const MAX_CURSOR_BYTES: usize = 2_048;

/// Code and message of the fault for a rejected value.
#[derive(Clone, Copy)]
struct Rejection {
    code: &'static str,
    message: &'static str,
}

/// Parses the parameters of a query string and collects their faults.
struct QueryReader {
    pairs: Vec<(String, String)>,
    faults: Vec<Fault>,
}

impl QueryReader {
    fn parse(text: &str) -> Self {
        let pairs = actix_web::web::Query::<Vec<(String, String)>>::from_query(text);
        match pairs {
            Ok(pairs) => Self {
                pairs: pairs.into_inner(),
                faults: Vec::new(),
            },
            Err(_) => Self {
                pairs: Vec::new(),
                faults: vec![fault(
                    "",
                    "wrong_format",
                    "the query string cannot be parsed",
                )],
            },
        }
    }

    fn values(&self, name: &str) -> Vec<String> {
        self.pairs
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
            .collect()
    }

    /// A parameter that may be given at most once.
    fn single<T>(
        &mut self,
        name: &str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let values = self.values(name);
        if values.len() > 1 {
            self.faults
                .push(fault(name, "repeated", "give this parameter only once"));
        }
        let value = values.first()?;
        let parsed = parse(value);
        if parsed.is_none() {
            self.faults.push(fault(name, "wrong_format", expected));
        }
        parsed
    }

    /// A parameter that may be repeated. The fault for a rejected value has the value's index, from
    /// 0, in its pointer.
    fn repeated<T>(
        &mut self,
        name: &str,
        rejection: Rejection,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Vec<T> {
        let values = self.values(name);
        if values.len() > MAX_REPEATED_VALUES {
            self.faults.push(fault(
                name,
                "too_many",
                "give this parameter at most 100 times",
            ));
        }
        let mut parsed = Vec::with_capacity(values.len());
        for (index, value) in values.iter().take(MAX_REPEATED_VALUES).enumerate() {
            match parse(value) {
                Some(value) => parsed.push(value),
                None => {
                    let at = format!("/query/{}/{index}", escape_segment(name));
                    self.faults
                        .push(Fault::new(at, rejection.code, rejection.message));
                }
            }
        }
        parsed
    }

    fn cursor(&mut self) -> Option<String> {
        let fits = |text: &str| {
            (1..=MAX_CURSOR_BYTES)
                .contains(&text.len())
                .then(|| text.to_owned())
        };
        self.single("cursor", "the cursor from the previous page", fits)
    }

    fn limit(&mut self) -> Option<u16> {
        self.single("limit", "an integer from 1 to 500", |text| {
            text.parse()
                .ok()
                .filter(|limit| (1..=MAX_PAGE_SIZE).contains(limit))
        })
    }

    fn page_query(&mut self) -> PageQuery {
        PageQuery {
            cursor: self.cursor(),
            limit: self.limit(),
        }
    }

    fn finish<T>(self, value: T) -> UseCaseResult<T> {
        if self.faults.is_empty() {
            Ok(value)
        } else {
            Err(Problem::new(&table::INVALID)
                .with_faults(self.faults)
                .into())
        }
    }
}

fn fault(name: &str, code: &str, message: &str) -> Fault {
    let pointer = if name.is_empty() {
        "/query".to_owned()
    } else {
        format!("/query/{}", escape_segment(name))
    };
    Fault::new(pointer, code, message)
}

/// An identifier in the hyphenated form only.
fn parse_id<T: FromStr>(text: &str) -> Option<T> {
    (text.len() == 36).then(|| text.parse().ok()).flatten()
}

/// A non-negative decimal integer in its canonical form.
fn parse_tree_size(text: &str) -> Option<i64> {
    text.parse()
        .ok()
        .filter(|size: &i64| size.to_string() == text && *size >= 0)
}

fn parse_day(text: &str) -> Option<Date> {
    (text.len() == 10)
        .then(|| Date::parse(text, &Iso8601::DATE).ok())
        .flatten()
}

fn parse_instant(text: &str) -> Option<Instant> {
    (text.len() <= MAX_INSTANT_BYTES)
        .then(|| Instant::parse(text).ok())
        .flatten()
}

/// Checks that the query has only parameters in `known`.
///
/// # Errors
/// `invalid` with one fault for each other parameter.
pub(super) fn reject_unknown(text: &str, known: &BTreeSet<String>) -> Result<(), Problem> {
    let query = QueryReader::parse(text);
    let unknown: BTreeSet<&String> = query
        .pairs
        .iter()
        .map(|(name, _)| name)
        .filter(|name| !known.contains(*name))
        .collect();
    let mut faults = query.faults.clone();
    faults.extend(
        unknown
            .into_iter()
            .map(|name| fault(name, "unknown_parameter", "unknown parameter")),
    );
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Problem::new(&table::INVALID).with_faults(faults))
    }
}

const EXPECTED_ID: &str = "an id";
const INVALID_ID: Rejection = Rejection {
    code: "wrong_format",
    message: EXPECTED_ID,
};
const INVALID_CATEGORY: Rejection = Rejection {
    code: "unknown",
    message: "not a category of this partnership",
};
const INVALID_SIGNIFICANCE: Rejection = Rejection {
    code: "not_on_the_list",
    message: "use one of strength, risk, neutral, both",
};
const EXPECTED_DAY: &str = "a date in the form YYYY-MM-DD";
const EXPECTED_INSTANT: &str = "an RFC 3339 instant";
const EXPECTED_TREE_SIZE: &str = "a tree size: an integer of at least 0";

impl RequestContext {
    /// Cursor and page size.
    ///
    /// # Errors
    /// `invalid` with every fault of the query.
    pub fn page_query(&self) -> UseCaseResult<PageQuery> {
        let mut query = QueryReader::parse(&self.query);
        let page = query.page_query();
        query.finish(page)
    }

    /// A filter by one id, with the page.
    ///
    /// # Errors
    /// `invalid` with every fault of the query.
    pub fn filtered_page<T: FromStr>(&self, name: &str) -> UseCaseResult<(Option<T>, PageQuery)> {
        let mut query = QueryReader::parse(&self.query);
        let filtered = (
            query.single(name, EXPECTED_ID, parse_id),
            query.page_query(),
        );
        query.finish(filtered)
    }

    /// Filters and page of the timeline.
    ///
    /// # Errors
    /// `invalid` with every fault of the query.
    pub fn timeline_query(&self) -> UseCaseResult<TimelineQuery> {
        let mut query = QueryReader::parse(&self.query);
        let listed = |category: &Category| {
            self.service
                .directory
                .is_category_listed(&self.call, category)
        };
        let timeline_query = TimelineQuery {
            children: query.repeated("child", INVALID_ID, parse_id),
            agencies: query.repeated("agency", INVALID_ID, parse_id),
            categories: query.repeated("category", INVALID_CATEGORY, |code| {
                Category::new(code).filter(listed)
            }),
            significance: query.repeated("significance", INVALID_SIGNIFICANCE, |word| {
                word.parse::<Significance>().ok()
            }),
            from: query.single("from", EXPECTED_DAY, parse_day),
            to: query.single("to", EXPECTED_DAY, parse_day),
            cursor: query.cursor(),
            limit: query.limit(),
        };
        if timeline_query
            .from
            .zip(timeline_query.to)
            .is_some_and(|(from, to)| from > to)
        {
            query
                .faults
                .push(fault("to", "before_from", "to cannot be before from"));
        }
        query.finish(timeline_query)
    }

    /// The optional audit tree size, in records.
    ///
    /// # Errors
    /// `invalid` with every fault of the query.
    pub fn tree_size(&self) -> UseCaseResult<Option<i64>> {
        let mut query = QueryReader::parse(&self.query);
        let size = query.single("size", EXPECTED_TREE_SIZE, parse_tree_size);
        query.finish(size)
    }

    /// The two audit tree sizes to compare, both required.
    ///
    /// # Errors
    /// `invalid` with every fault of the query.
    pub fn tree_sizes(&self) -> UseCaseResult<(i64, i64)> {
        let mut query = QueryReader::parse(&self.query);
        let sizes = ["from", "to"].map(|name| {
            let given = query.single(name, EXPECTED_TREE_SIZE, parse_tree_size);
            if given.is_none() && query.values(name).is_empty() {
                query
                    .faults
                    .push(fault(name, "required", EXPECTED_TREE_SIZE));
            }
            given.unwrap_or_default()
        });
        let [from, to] = sizes;
        query.finish((from, to))
    }

    /// The optional object whose proof is requested.
    ///
    /// # Errors
    /// `invalid` with every fault of the query.
    pub fn certificate_object(&self) -> UseCaseResult<Option<Uuid>> {
        let mut query = QueryReader::parse(&self.query);
        let object = query.single("object", EXPECTED_ID, parse_id);
        query.finish(object)
    }

    /// Filters and page of the audit.
    ///
    /// # Errors
    /// `invalid` with every fault of the query.
    pub fn audit_filter(&self) -> UseCaseResult<(AuditFilter, PageQuery)> {
        let mut query = QueryReader::parse(&self.query);
        let operation = |word: &str| {
            word.parse::<Operation>()
                .ok()
                .map(|known| known.as_str().to_owned())
        };
        let filter = AuditFilter {
            chronology: query.single("chronology", EXPECTED_ID, parse_id),
            object: query.single("object", EXPECTED_ID, parse_id),
            practitioner: query.single("practitioner", EXPECTED_ID, parse_id),
            operation: query.single("operation", "an operation such as timeline.read", operation),
            from: query.single("from", EXPECTED_INSTANT, parse_instant),
            until: query.single("until", EXPECTED_INSTANT, parse_instant),
        };
        let page = query.page_query();
        query.finish((filter, page))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn pointers(problem: &Problem) -> Vec<String> {
        problem
            .named_faults()
            .iter()
            .map(|fault| format!("{} {}", fault.pointer, fault.code))
            .collect()
    }

    #[rstest]
    #[case("limit=0", "/query/limit wrong_format")]
    #[case("limit=501", "/query/limit wrong_format")]
    #[case("limit=ten", "/query/limit wrong_format")]
    #[case("limit=5&limit=6", "/query/limit repeated")]
    #[case("cursor=", "/query/cursor wrong_format")]
    fn rejects_invalid_page_parameters(#[case] text: &str, #[case] expected: &str) {
        let mut query = QueryReader::parse(text);
        let page = query.page_query();
        let Err(super::super::HandlerError::InvalidRequest(problem)) = query.finish(page) else {
            panic!("{text} was accepted")
        };
        assert_eq!(pointers(&problem), [expected]);
    }

    #[test]
    fn names_each_invalid_value_of_a_repeated_parameter() {
        let mut query = QueryReader::parse(
            "significance=risk&significance=grave&limit=5&significance=&significance=both",
        );
        let accepted = query.repeated("significance", INVALID_SIGNIFICANCE, |word| {
            word.parse::<Significance>().ok()
        });
        assert_eq!(accepted, [Significance::Risk, Significance::Both]);
        let Err(super::super::HandlerError::InvalidRequest(problem)) = query.finish(()) else {
            panic!("the query was accepted")
        };
        let expected = [
            "/query/significance/1 not_on_the_list",
            "/query/significance/2 not_on_the_list",
        ];
        assert_eq!(pointers(&problem), expected);
    }

    #[test]
    fn accepts_largest_page_size() {
        assert_eq!(
            QueryReader::parse("limit=500").page_query().limit,
            Some(500)
        );
    }

    #[test]
    fn names_unknown_parameters() {
        let known = BTreeSet::from(["limit".to_owned()]);
        let problem = reject_unknown("limit=5&colour=red&a%2Fb=1&colour=blue", &known).unwrap_err();
        assert_eq!(
            pointers(&problem),
            [
                "/query/a~1b unknown_parameter",
                "/query/colour unknown_parameter"
            ]
        );
        assert!(reject_unknown("", &known).is_ok());
    }

    #[test]
    fn parses_only_full_calendar_dates() {
        assert!(parse_day("2024-02-29").is_some());
        for text in ["2023-02-29", "2024-2-9", "20240229", "2024-02-29T00:00"] {
            assert!(parse_day(text).is_none(), "{text}");
        }
    }
}
