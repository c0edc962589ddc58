//! The table of all problem codes. The slugs are stable, because programs rely on them.

/// One kind of problem.
#[derive(Debug, PartialEq, Eq)]
pub struct ProblemCode {
    /// Stable identifier; the last segment of `type`.
    pub slug: &'static str,
    /// HTTP status.
    pub status: u16,
    /// Short summary.
    pub title: &'static str,
    /// What the caller should do next.
    pub guidance: &'static str,
}

/// Defines the codes and their list together, so that the list is always complete.
macro_rules! codes {
    ($($name:ident = $slug:literal, $status:literal, $title:literal, $guidance:literal;)+) => {
        $(
            #[doc = concat!("`", $slug, "`: ", $title, ".")]
            pub static $name: ProblemCode = ProblemCode { slug: $slug, status: $status, title: $title, guidance: $guidance };
        )+

        /// Every code, in the order of the table.
        pub static CODES: &[&ProblemCode] = &[$(&$name),+];
    };
}

#[rustfmt::skip]
codes! {
    MALFORMED             = "malformed",               400, "The request is malformed",                          "Send one well-formed JSON value in UTF-8, without duplicate members or trailing data, nested at most 32 levels deep.";
    KEY_MISSING           = "idempotency_key_missing", 400, "No idempotency key",                                "Send an Idempotency-Key header with a new value for each action, and with the same value for a retry.";
    KEY_INVALID           = "idempotency_key_invalid", 400, "The idempotency key is invalid",                    "Use 1 to 255 visible ASCII characters, such as a UUID.";
    IF_MATCH_INVALID      = "if_match_invalid",        400, "The If-Match header is invalid",                    "Send the ETag of the version you read, with its quotes. Lists of tags and * are not accepted.";
    UNAUTHENTICATED       = "unauthenticated",         401, "Not signed in",                                     "Send a current access token as Authorization: Bearer. A record system's token also needs the client certificate it is bound to.";
    NOT_FOUND             = "not_found",               404, "Not found",                                         "It does not exist, or you may not see it. Check the address and the agency your token speaks for.";
    METHOD_NOT_ALLOWED    = "method_not_allowed",      405, "Method not allowed",                                "Use one of the methods in the Allow header.";
    TIMEOUT               = "request_timeout",         408, "The request took too long to arrive",               "Send it again, with the same idempotency key so that it has one effect.";
    WRONG_STATE           = "wrong_state",             409, "Not possible in the current state",                 "Read the resource again: its current state does not allow this action.";
    OWN_RETURN_FIRST      = "own_return_first",        409, "Your agency must submit its return first",          "Submit your agency's return or a nil return to get access to the timeline.";
    ALREADY_YOURS         = "already_yours",           409, "You already have access",                           "No emergency access is needed: you are its owner, its manager or on its team.";
    NO_CASE               = "no_case",                 409, "You have no case about this person",                "Ask the agency that recorded them, or change the record once you own, manage or work on a chronology about them.";
    SECOND_PERSON         = "second_person",           409, "A second person is required",                       "Another person with the same permission has to confirm it.";
    OWN_ACCESS            = "own_access",              409, "You cannot review your own emergency access",       "Leave the review to the data protection officer or to a team manager of the agency that owns the chronology.";
    REVIEWS_OUTSTANDING   = "reviews_outstanding",     409, "Too many of your emergency accesses await review",  "Ask the data protection officer or a team manager of the agency that owns the chronology to review your earlier emergency accesses, or ask a colleague to open this one.";
    IN_FLIGHT             = "in_flight",               409, "The first request is still being processed",        "Wait a moment and send the same request again to learn its outcome.";
    ALREADY_EXISTS        = "already_exists",          409, "It already exists",                                 "Use the existing one, or choose another name or reference.";
    EXPIRED               = "expired",                 410, "It has expired",                                    "The content is no longer available. Its tombstone is under /v1/tombstones.";
    STALE                 = "stale",                   412, "The resource has changed",                          "Read it again, apply your change to the current version and send its ETag.";
    TOO_LARGE             = "payload_too_large",       413, "The body is too large",                             "Send fewer entries at once: at most 2 MiB and 500 entries.";
    MEDIA_TYPE            = "unsupported_media_type",  415, "Unsupported media type",                            "Send Content-Type: application/json, without compression.";
    INVALID               = "invalid",                 422, "The input is invalid",                              "Correct every fault listed in errors and send the request again. Nothing was stored.";
    KEY_REUSED            = "idempotency_key_reused",  422, "This idempotency key was used before",              "The key belongs to a request with another body or address. Use a new key for a new request.";
    PRECONDITION_REQUIRED = "precondition_required",   428, "If-Match is required",                              "Read the resource first and send its ETag as If-Match, so that no change of others is lost.";
    RATE_LIMITED          = "rate_limited",            429, "Too many requests",                                 "Wait for the time in Retry-After. The RateLimit header shows the remaining quota.";
    ADDRESS_REFUSALS      = "address_refusals",        429, "Too many texts were refused because of an address", "Nothing was stored. Write about this family again after Retry-After, without addresses, or ask the social worker who runs the chronology.";
    TOO_MANY_NEW          = "too_many_new_callers",    429, "Too many new callers from your agency",             "Ask your safeguarding lead to register you, or try again tomorrow.";
    TOO_MANY_AT_ONCE      = "too_many_at_once",        429, "Too many concurrent requests",                      "Wait for the responses to your earlier requests, then try again after Retry-After with the same idempotency key.";
    HEAD_TOO_LARGE        = "head_too_large",          431, "The request head is too large",                     "Send fewer and shorter headers, and a shorter URL.";
    INTERNAL              = "internal",                500, "Internal error",                                    "Try again; if the error persists, report the requestId to the operator. Nothing was changed.";
    UNAVAILABLE           = "unavailable",             503, "Temporarily unavailable",                           "Nothing was shown or changed. Try again after Retry-After, with the same idempotency key.";
    OVERLOADED            = "overloaded",              503, "Overloaded",                                        "Try again after Retry-After, with the same idempotency key.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn slugs_are_distinct_and_none_is_forbidden() {
        let slugs: BTreeSet<_> = CODES.iter().map(|code| code.slug).collect();
        assert_eq!(slugs.len(), CODES.len());
        assert!(
            CODES
                .iter()
                .all(|code| code.status != 403 && (400..600).contains(&code.status))
        );
        let is_slug = |slug: &str| slug.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        assert!(CODES.iter().all(|code| is_slug(code.slug)
            && code.guidance.ends_with('.')
            && !code.title.ends_with('.')));
    }
}
