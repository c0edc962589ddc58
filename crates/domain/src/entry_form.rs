//! The fields of an entry, in one list for all its forms.

/// Defines the struct of one form of an entry, or converts one form to another.
///
/// The forms are `request` (what an agency submits), `stored` (what is sealed), `response` (an entry
/// of a fragment) and `account` (an entry on a timeline). They have the fields that this macro
/// lists, in this order; fields that only one form has precede them. `when` and `handling` have
/// types of their own in each form.
///
/// Where forms differ in an attribute, it is conditional: `cfg_attr($request(), …)` applies to the
/// request alone, because `$request` stands for `all` there, which is always true, and for `any`
/// elsewhere, which without operands is never true. The stored form has no such attribute: its JSON
/// is hashed to recognise a submission that is sent again, and must not change.
///
/// ```
/// # use domain::{EntryDetails, EntryId, Handling, WhenOut};
/// domain::entry_form! {
///     response
///     /// An entry with its identifier.
///     #[derive(serde::Serialize, utoipa::ToSchema)]
///     pub struct Identified {
///         /// The identifier.
///         pub id: EntryId,
///     }
///     with { when: WhenOut, handling: Handling }
/// }
///
/// fn identify(id: EntryId, entry: EntryDetails) -> Identified {
///     domain::entry_form!(Identified from entry {
///         id,
///         when: WhenOut::from(&entry.when),
///         children: entry.children,
///         handling: entry.handling,
///     })
/// }
/// ```
#[macro_export]
macro_rules! entry_form {
    ($name:ident from $entry:ident { $($field:ident $(: $value:expr)?),+ $(,)? }) => {
        $name {
            $($field $(: $value)?,)+
            reference: $entry.reference,
            what: $entry.what,
            category: $entry.category,
            source: $entry.source,
            adults: $entry.adults,
            significance: $entry.significance,
            action_taken: $entry.action_taken,
            no_action_reason: $entry.no_action_reason,
            impact: $entry.impact,
            child_voice: $entry.child_voice,
            family_account: $entry.family_account,
            outcome: $entry.outcome,
            document_reference: $entry.document_reference,
            rag: $entry.rag,
            seen: $entry.seen,
            key_incident: $entry.key_incident,
            family_history: $entry.family_history,
        }
    };
    (request $($form:tt)+) => { $crate::entry_form! { @define [all all any] $($form)+ } };
    (stored $($form:tt)+) => { $crate::entry_form! { @define [any any any] $($form)+ } };
    (response $($form:tt)+) => { $crate::entry_form! { @define [all any any] $($form)+ } };
    (account $($form:tt)+) => { $crate::entry_form! { @define [all any all] $($form)+ } };
    (
        @define [$wire:ident $request:ident $account:ident]
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[$own_meta:meta])* pub $own:ident: $own_type:ty,)*
        }
        with { when: $when:ty, handling: $handling:ty }
    ) => {
        $(#[$meta])*
        pub struct $name {
            $($(#[$own_meta])* pub $own: $own_type,)*
            /// The agency's own record reference. An entry sent again with the same reference is an update,
            /// never a second entry.
            #[cfg_attr($wire(), serde(default, skip_serializing_if = "Option::is_none"))]
            #[cfg_attr($request(), validate(length(min = 1, max = 120)))]
            #[cfg_attr($request(), schema(min_length = 1, max_length = 120, example = "HV-2024-00117"))]
            #[cfg_attr($account(), schema(max_length = 100))]
            pub reference: Option<String>,
            /// When the event happened.
            pub when: $when,
            /// What happened, in short and factual words; 1 to 4,000 characters.
            #[cfg_attr($wire(), schema(value_type = String))]
            #[cfg_attr($request(), schema(min_length = 1, max_length = 4000))]
            pub what: $crate::Sensitive<String>,
            /// The category code, from the partnership's list.
            pub category: $crate::Category,
            /// The source: role and record system.
            pub source: $crate::Source,
            #[cfg_attr(not($request()), doc = " The children concerned.")]
            #[cfg_attr($request(), doc = " The identifiers of the children concerned; may be left out when `all_children` is true.")]
            #[cfg_attr($request(), serde(default), validate(length(max = 50)), schema(max_items = 50))]
            pub children: Vec<$crate::PersonId>,
            /// The adults concerned; at most 50.
            #[cfg_attr($request(), serde(default), validate(length(max = 50)), schema(max_items = 50))]
            #[cfg_attr($account(), serde(default, skip_serializing_if = "Vec::is_empty"))]
            pub adults: Vec<$crate::AdultConcerned>,
            /// The significance: strength, risk, neutral or both.
            pub significance: $crate::Significance,
            /// The action taken; either this or `no_action_reason` is given. Up to 4,000 characters.
            #[cfg_attr($wire(), serde(default, skip_serializing_if = "Option::is_none"))]
            #[cfg_attr($wire(), schema(value_type = Option<String>))]
            #[cfg_attr($request(), schema(max_length = 4000))]
            pub action_taken: Option<$crate::Sensitive<String>>,
            /// The reason why no action was taken. Up to 2,000 characters.
            #[cfg_attr($wire(), serde(default, skip_serializing_if = "Option::is_none"))]
            #[cfg_attr($wire(), schema(value_type = Option<String>))]
            #[cfg_attr($request(), schema(max_length = 2000))]
            pub no_action_reason: Option<$crate::Sensitive<String>>,
            /// The impact on the child. Up to 4,000 characters.
            #[cfg_attr($wire(), serde(default, skip_serializing_if = "Option::is_none"))]
            #[cfg_attr($wire(), schema(value_type = Option<String>))]
            #[cfg_attr($request(), schema(max_length = 4000))]
            pub impact: Option<$crate::Sensitive<String>>,
            /// What the child said or showed: the child's voice.
            #[cfg_attr($wire(), serde(default, skip_serializing_if = "Option::is_none"))]
            pub child_voice: Option<$crate::ChildVoice>,
            /// The family's account, and whether the family disputes the event.
            #[cfg_attr($wire(), serde(default, skip_serializing_if = "Option::is_none"))]
            pub family_account: Option<$crate::FamilyAccount>,
            /// The outcome. Up to 2,000 characters.
            #[cfg_attr($wire(), serde(default, skip_serializing_if = "Option::is_none"))]
            #[cfg_attr($wire(), schema(value_type = Option<String>))]
            #[cfg_attr($request(), schema(max_length = 2000))]
            pub outcome: Option<$crate::Sensitive<String>>,
            /// The reference of a document in the agency's own system.
            #[cfg_attr($wire(), serde(default, skip_serializing_if = "Option::is_none"))]
            #[cfg_attr($request(), validate(length(max = 200)), schema(max_length = 200))]
            pub document_reference: Option<String>,
            /// The severity: red, amber or green.
            #[cfg_attr($wire(), serde(default, skip_serializing_if = "Option::is_none"))]
            pub rag: Option<$crate::Rag>,
            /// Whether the child was seen.
            #[cfg_attr($wire(), serde(default, skip_serializing_if = "Option::is_none"))]
            pub seen: Option<$crate::SeenStatus>,
            #[cfg_attr(not($request()), doc = " Who may see the entry.")]
            #[cfg_attr($request(), doc = " Who may see the entry. By default `normal` for a new entry. In a correction the default is")]
            #[cfg_attr($request(), doc = " the entry's present marking, so that a marking is lowered only explicitly.")]
            #[cfg_attr($request(), serde(default, skip_serializing_if = "Option::is_none"))]
            pub handling: $handling,
            /// Whether this is a key incident, which is exempt from the look-back period.
            #[cfg_attr($request(), serde(default))]
            pub key_incident: bool,
            /// Whether this is family history from before the eldest child's pregnancy.
            #[cfg_attr($request(), serde(default))]
            pub family_history: bool,
        }
    };
}
