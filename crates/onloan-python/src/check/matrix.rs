//! All 72 requests, each with a struct full of zeros and one full of 0xA5, judged by every rule about single answers.

use onloan::request::Request;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::answer::{Answer, quoted, shown};
use super::breach::Breaches;
use super::poisoned::Owner;
use super::{fields, oracle, refusals, structure};

pub(super) const POISON: u8 = 0xA5;

/// A bit that no flag has.
const UNKNOWN: i32 = 0x4000;

/// Most telling first: what the memory is described by.
pub(super) const TELLING: [Request; 8] = [
    Request::FULL_RO,
    Request::RECORDS_RO,
    Request::INDIRECT,
    Request::STRIDES,
    Request::ND.with(Request::FORMAT),
    Request::ND,
    Request::SIMPLE,
    Request::FORMAT,
];

/// The answer that describes the memory best: that to `FULL_RO`, or to the most telling request that was granted.
fn full(answers: &[Answer]) -> Option<&Answer> {
    TELLING
        .iter()
        .map(|request| &answers[request.index()])
        .find(|answer| answer.granted())
        .or_else(|| answers.iter().find(|answer| answer.granted()))
}

/// Makes every request and judges what comes back.
///
/// `make()` gives the exporter for each request, `step(rule, request)` is called
/// before it. A dict: granted, how many
/// were; breaches, a list of (rule, way, request, expected, seen, explain); and if
/// any was granted what describes the memory: request, format, shape, itemsize,
/// len and readonly.
#[pyfunction]
#[pyo3(signature = (make, step, /))]
pub(crate) fn _check_matrix<'py>(
    make: &Bound<'py, PyAny>,
    step: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = make.py();
    let zeros = all(make, step, 0, "E-20")?;
    let answers = all(make, step, POISON, "E-04")?;
    let mut found = Breaches::default();
    let mut steady = true;
    for (zeros, poisoned) in zeros.iter().zip(&answers) {
        steady &= depends(make, zeros, poisoned, &mut found)?;
    }
    let granted = answers.iter().filter(|answer| answer.granted()).count();
    let facts = PyDict::new(py);
    facts.set_item("granted", granted)?;
    facts.set_item("steady", steady)?;
    let full = full(&answers);
    for answer in &answers {
        refusals::e05(answer, &mut found);
        refusals::e10(answer, full.is_none(), &mut found);
        refusals::e11(answer, &mut found);
        refusals::e65(answer, &mut found);
    }
    if let Some(full) = full {
        judge(full, &answers, steady, &mut found);
        unknown_bit(&make.call0()?, step, full, &mut found)?;
        describe(full, &facts)?;
    }
    facts.set_item("breaches", found.0)?;
    Ok(facts)
}

fn all(
    make: &Bound<'_, PyAny>,
    step: &Bound<'_, PyAny>,
    poison: u8,
    rule: &str,
) -> PyResult<Vec<Answer>> {
    Request::all()
        .map(|request| {
            let name = request.to_string();
            let object = make.call0()?;
            step.call1((rule, &name))?;
            Answer::ask(&object, request.flags(), poison, || {
                step.call1(("E-61", &name)).map(drop)
            })
        })
        .collect()
}

/// Asks once more with zeros where the answers differ, to see whether that is the poison's doing; false if the exporter's answers vary.
fn depends(
    make: &Bound<'_, PyAny>,
    zeros: &Answer,
    poisoned: &Answer,
    found: &mut Breaches,
) -> PyResult<bool> {
    if zeros.filled == poisoned.filled {
        return Ok(true);
    }
    let again = Answer::ask(&make.call0()?, zeros.request.flags(), 0, || Ok(()))?;
    Ok(refusals::e04_depends(zeros, &again, poisoned, found))
}

/// `steady` if the same request has the same answer each time; else there is no comparing answers.
fn judge(full: &Answer, answers: &[Answer], steady: bool, found: &mut Breaches) {
    let Some(of_full) = &full.filled else { return };
    let offer = of_full.offer();
    for answer in answers {
        if let Some(offer) = offer {
            oracle::e22_e23(answer, offer, found);
            oracle::e23_e28_e38(answer, offer, of_full.len == Some(0), answers, found);
        }
        refusals::e02(answer, found);
        refusals::e04(answer, found);
        fields::e24_obj(answer, full, found);
        let Some(filled) = &answer.filled else {
            continue;
        };
        fields::e20(answer, filled, found);
        fields::e21(answer, filled, of_full, found);
        fields::e23_e26(answer, filled, of_full, found);
        if steady {
            fields::e24_e25(answer, filled, of_full, found);
        }
        fields::e27(answer, filled, found);
        if steady {
            structure::e30(answer, filled, found);
        }
        structure::e31(answer, filled, found);
        structure::e32(answer, filled, found);
        structure::e33(answer, filled, found);
        structure::e36(answer, filled, found);
        structure::e37(answer, filled, found);
        structure::e25_e39(answer, filled, found);
        structure::e40_e41(answer, filled, found);
    }
}

fn unknown_bit(
    object: &Bound<'_, PyAny>,
    step: &Bound<'_, PyAny>,
    full: &Answer,
    found: &mut Breaches,
) -> PyResult<()> {
    let request = full.request;
    step.call1(("E-14", request.to_string()))?;
    let answer = Answer::ask(object, request.flags() | UNKNOWN, POISON, || Ok(()))?;
    if let (false, Some(raised)) = (answer.granted(), &answer.raised) {
        found.add(
            ("E-14", ""),
            request,
            "granted, with the unknown bit 0x4000 too",
            format!("refused: {}", raised.name),
            format!("it says: {}", raised.message),
        );
    }
    Ok(())
}

fn describe(full: &Answer, facts: &Bound<'_, PyDict>) -> PyResult<()> {
    let Some(filled) = &full.filled else {
        return Ok(());
    };
    facts.set_item("request", full.request.to_string())?;
    facts.set_item("format", quoted(filled.format.as_deref()))?;
    facts.set_item("shape", shown(filled.shape.as_deref()))?;
    facts.set_item("itemsize", filled.itemsize)?;
    facts.set_item("len", filled.len)?;
    facts.set_item("readonly", filled.readonly)?;
    facts.set_item("redirects", full.owner == Owner::Other)
}
