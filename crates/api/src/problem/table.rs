//! Every problem there is, in one table. The words are stable: programs go by them.

/// One kind of problem.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Code {
    /// Stable word; the last part of `type`.
    pub(crate) word: &'static str,
    /// HTTP status.
    pub(crate) status: u16,
    /// What happened, in a few words.
    pub(crate) title: &'static str,
    /// What to do next.
    pub(crate) next: &'static str,
}

/// Names the codes and lists them in one breath, so that none can be left off the list.
macro_rules! codes {
    ($($name:ident = $word:literal, $status:literal, $title:literal, $next:literal;)+) => {
        $(pub(crate) static $name: Code = Code { word: $word, status: $status, title: $title, next: $next };)+

        /// Every code, in the order of the table.
        pub(crate) static CODES: &[&Code] = &[$(&$name),+];
    };
}

#[rustfmt::skip]
codes! {
    MALFORMED              = "malformed",               400, "The request could not be read",            "Send well-formed JSON in UTF-8: each member once, nothing after it, at most 32 levels deep.";
    KEY_MISSING            = "idempotency_key_missing", 400, "No idempotency key",                       "Send an Idempotency-Key header with a value of your own, new for each thing you want done and the same when you try it again.";
    KEY_INVALID            = "idempotency_key_invalid", 400, "The idempotency key cannot be used",       "Use 1 to 255 visible ASCII characters; a UUID is good.";
    IF_MATCH_INVALID       = "if_match_invalid",        400, "The If-Match header cannot be used",       "Send the ETag of the version you read, with its quotes. Lists of tags and * are not taken.";
    UNAUTHENTICATED        = "unauthenticated",         401, "Not signed in",                            "Send a current access token as Authorization: Bearer. A system's token also needs the client certificate it is bound to.";
    NOT_FOUND              = "not_found",               404, "Not found",                                "It does not exist, or it is not yours to see. Check the address and the agency your token speaks for.";
    METHOD_NOT_ALLOWED     = "method_not_allowed",      405, "This cannot be done here",                 "Use one of the methods in the Allow header.";
    TIMEOUT                = "request_timeout",         408, "The request took too long to arrive",      "Send it again; with the same idempotency key it has one effect.";
    WRONG_STATE            = "wrong_state",             409, "Not possible at this point",               "Read the resource again: its state does not allow this step now.";
    OWN_RETURN_FIRST       = "own_return_first",        409, "Your agency's own return comes first",     "Submit your agency's return or a nil return; then the timeline opens to you.";
    ALREADY_YOURS          = "already_yours",           409, "You can read it as it is",                   "There is no glass to break: you are its owner, its manager or on its team.";
    NO_CASE                = "no_case",                 409, "You have no case about this person",      "Ask whoever recorded them, or change the record once you own, manage or work on a chronology about them.";
    SECOND_PERSON          = "second_person",           409, "It takes a second person",               "Somebody else who may do this has to confirm it.";
    OWN_ACCESS             = "own_access",              409, "Nobody reviews their own emergency access", "Leave the review to the data protection officer or to a team manager of the agency that owns the chronology.";
    REVIEWS_OUTSTANDING    = "reviews_outstanding",     409, "Too many of your emergency accesses await review", "Ask the data protection officer or a team manager of the agency that owns the chronology to review your earlier emergency accesses, or ask a colleague to open this one.";
    IN_FLIGHT              = "in_flight",               409, "The first request is still being handled", "Wait a moment and send the same request again to learn its outcome.";
    ALREADY_EXISTS         = "already_exists",          409, "It is there already",                      "Use the existing one, or choose another name or reference.";
    EXPIRED                = "expired",                 410, "Its time is over",                         "The content is gone. What remains is under /v1/tombstones.";
    STALE                  = "stale",                   412, "Someone changed it in the meantime",       "Read it again, apply your change to the present version and send its ETag.";
    TOO_LARGE              = "payload_too_large",       413, "The body is too large",                    "Send fewer entries at once: at most 2 MiB and 500 entries.";
    MEDIA_TYPE             = "unsupported_media_type",  415, "Not JSON",                                 "Send Content-Type: application/json, without compression.";
    INVALID                = "invalid",                 422, "The input has faults",                     "Mend every fault named in errors and send it again. Nothing was stored.";
    KEY_REUSED             = "idempotency_key_reused",  422, "This idempotency key was used before",     "The key belongs to a request with another body or address. Use a new key for a new request.";
    PRECONDITION_REQUIRED  = "precondition_required",   428, "No If-Match",                              "Read the resource first and send its ETag as If-Match, so that nobody's change is lost.";
    RATE_LIMITED           = "rate_limited",            429, "Too many requests",                        "Wait as long as Retry-After says. The RateLimit header shows what is left.";
    ADDRESS_REFUSALS       = "address_refusals",        429, "Too many texts were refused for an address", "Nothing was stored. Write about this family again after Retry-After, without addresses, or ask the social worker who runs the chronology.";
    TOO_MANY_NEW           = "too_many_new_callers",    429, "Too many people of your agency are new",   "Ask your safeguarding lead to register you, or try again tomorrow.";
    TOO_MANY_AT_ONCE       = "too_many_at_once",        429, "Too much at the same time",               "Wait for the answers to what you have sent, then try again after Retry-After, with the same idempotency key.";
    HEAD_TOO_LARGE         = "head_too_large",          431, "The request's head is too large",         "Send fewer and shorter headers, and a shorter address.";
    INTERNAL               = "internal",                500, "A fault of ours",                          "Try again; if it stays, tell the operator the requestId. Nothing was changed.";
    UNAVAILABLE            = "unavailable",             503, "Not available at the moment",              "Nothing was shown or changed. Try again after Retry-After, with the same idempotency key.";
    OVERLOADED             = "overloaded",              503, "Too busy at the moment",                   "Try again after Retry-After, with the same idempotency key.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn words_are_distinct_and_no_answer_says_forbidden() {
        let words: BTreeSet<_> = CODES.iter().map(|code| code.word).collect();
        assert_eq!(words.len(), CODES.len());
        assert!(CODES.iter().all(|code| code.status != 403 && (400..600).contains(&code.status)));
        let shape = |word: &str| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        assert!(CODES.iter().all(|code| shape(code.word) && code.next.ends_with('.') && !code.title.ends_with('.')));
    }
}
