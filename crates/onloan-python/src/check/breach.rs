//! What a probe reports.

use onloan::request::Request;

/// One breach of one rule, shown by one request. As a tuple: (rule, way, request, expected, seen, explain).
///
/// The *way* is a name for breaches that everybody knows and copes with; the catalogue of rules says what they weigh.
pub(crate) type Told = (
    &'static str,
    &'static str,
    Option<String>,
    String,
    String,
    String,
);

/// The breaches found so far.
#[derive(Default)]
pub(super) struct Breaches(pub(super) Vec<Told>);

impl Breaches {
    pub(super) fn add(
        &mut self,
        (rule, way): (&'static str, &'static str),
        request: impl Into<Option<Request>>,
        expected: impl Into<String>,
        seen: impl Into<String>,
        explain: impl Into<String>,
    ) {
        let request = request.into().map(|request| request.to_string());
        self.0.push((
            rule,
            way,
            request,
            expected.into(),
            seen.into(),
            explain.into(),
        ));
    }
}
