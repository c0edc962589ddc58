//! Converts the errors of `validator` into faults with JSON pointers.

use service::Fault;
use validator::{ValidationErrors, ValidationErrorsKind};

use super::pointer::Pointer;

/// Every fault in the tree, sorted by pointer. Rust fields and JSON members have the same names.
pub(crate) fn validation_faults(errors: &ValidationErrors) -> Vec<Fault> {
    let mut found = Vec::new();
    collect_faults(&Pointer::root(), errors, &mut found);
    found.sort_by(|a, b| (&a.pointer, &a.code).cmp(&(&b.pointer, &b.code)));
    found
}

fn collect_faults(at: &Pointer<'_>, errors: &ValidationErrors, found: &mut Vec<Fault>) {
    for (name, kind) in errors.errors() {
        let whole = name == "__all__";
        let here = if whole { *at } else { at.member(name) };
        match kind {
            ValidationErrorsKind::Struct(inner) => collect_faults(&here, inner, found),
            ValidationErrorsKind::List(items) => {
                for (index, inner) in items {
                    collect_faults(&here.item(*index), inner, found);
                }
            }
            ValidationErrorsKind::Field(faults) => {
                found.extend(
                    faults.iter().map(|fault| {
                        Fault::new(here.to_string(), &fault.code, message(&fault.code))
                    }),
                );
            }
        }
    }
}

fn message(code: &str) -> &'static str {
    match code {
        "length" => "too short or too long",
        "range" => "too small or too large",
        _ => "not a value this can have",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use validator::Validate;

    #[derive(Validate)]
    struct Inner {
        #[validate(length(min = 2))]
        name: String,
    }

    #[derive(Validate)]
    struct Outer {
        #[validate(nested)]
        people: Vec<Inner>,
        #[validate(length(max = 1))]
        code: String,
    }

    #[test]
    fn nested_faults_have_sorted_pointers() {
        let inner = |name: &str| Inner {
            name: name.to_owned(),
        };
        let outer = Outer {
            people: vec![inner("ab"), inner("a")],
            code: "xy".to_owned(),
        };
        let found = validation_faults(&outer.validate().unwrap_err());
        let pointers: Vec<&str> = found.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/code", "/people/1/name"]);
    }
}
