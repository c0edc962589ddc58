//! Who is calling: access tokens, issuers and their keys.
