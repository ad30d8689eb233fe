//! Fields against the request, and against the answer to `FULL_RO`: E-20, E-21, E-23 to E-27, E-42.

use onloan::format::Format;
use onloan::layout::{MAX_NDIM, Order};
use onloan::request::Request;

use super::answer::{Answer, quoted, shown};
use super::breach::Breaches;
use super::poisoned::{Field, Filled};

/// Which arrays are there.
pub(super) fn e20(answer: &Answer, filled: &Filled, found: &mut Breaches) {
    // Of more axes than there may be the arrays are not looked at.
    let Some(ndim) = filled.ndim.filter(|ndim| *ndim <= MAX_NDIM as i32) else {
        return;
    };
    let request = answer.request;
    let mut array =
        |field: Field, numbers: Option<&[isize]>, flag: Request, flag_name: &str, way| {
            let name = field.name();
            if answer.survivors.contains(&field) {
                return;
            }
            if request.wants(flag) && ndim > 0 && numbers.is_none() {
                found.add(
                    ("E-20", way),
                    request,
                    format!("{name} is there, as {flag_name} was asked for"),
                    "NULL",
                    format!("ndim is {ndim}"),
                );
            } else if !request.wants(flag) && numbers.is_some() {
                found.add(
                    ("E-20", "not asked"),
                    request,
                    format!("{name} is NULL, as {flag_name} was not asked for"),
                    shown(numbers),
                    "",
                );
            }
        };
    let c_order = filled.suboffsets.is_none();
    array(Field::Shape, filled.shape.as_deref(), Request::ND, "ND", "");
    array(
        Field::Strides,
        filled.strides.as_deref(),
        Request::STRIDES,
        "STRIDES",
        if c_order { "no strides" } else { "" },
    );
    if filled.suboffsets.is_some() && !request.wants(Request::INDIRECT) {
        found.add(
            ("E-22", ""),
            request,
            "suboffsets are NULL, or the request is refused",
            shown(filled.suboffsets.as_deref()),
            "a consumer that did not ask for INDIRECT does not follow pointers",
        );
    }
}

/// Whether the format is there, and which.
pub(super) fn e21(answer: &Answer, filled: &Filled, full: &Filled, found: &mut Breaches) {
    let request = answer.request;
    if answer.survivors.contains(&Field::Format) {
        return;
    }
    let format = filled.format.as_deref();
    match (request.wants(Request::FORMAT), request.wants(Request::ND)) {
        (false, _) if format.is_some() => found.add(
            ("E-21", "not asked"),
            request,
            "format is NULL, as FORMAT was not asked for",
            quoted(format),
            "",
        ),
        (true, true) if format.is_none() => found.add(
            ("E-21", ""),
            request,
            "format is there, as FORMAT was asked for",
            "NULL",
            "NULL stands for \"B\"",
        ),
        (true, true) if format != full.format.as_deref() && full.format.is_some() => found.add(
            ("E-42", ""),
            request,
            format!("format {}, as for FULL_RO", quoted(full.format.as_deref())),
            quoted(format),
            "two consumers are told different things of the same memory",
        ),
        (true, false)
            if format.is_some() && format != Some(b"B") && format != full.format.as_deref() =>
        {
            let fits = format
                .and_then(|format| Format::parse_bytes(format).ok())
                .zip(
                    filled
                        .itemsize
                        .and_then(|itemsize| usize::try_from(itemsize).ok()),
                )
                .is_some_and(|(format, itemsize)| format.fit(itemsize).is_ok());
            found.add(
                (if fits { "E-42" } else { "E-21" }, ""),
                request,
                format!("a refusal, \"B\" or {}", quoted(full.format.as_deref())),
                quoted(format),
                "FORMAT without ND is no legal request",
            );
        }
        _ => {}
    }
}

/// Whether `readonly` is the same for all.
pub(super) fn e23_e26(answer: &Answer, filled: &Filled, full: &Filled, found: &mut Breaches) {
    let (Some(readonly), Some(of_full)) = (filled.readonly, full.readonly) else {
        return;
    };
    let request = answer.request;
    if readonly != 0 && readonly != 1 {
        found.add(
            ("E-26", ""),
            request,
            "readonly is 0 or 1",
            readonly.to_string(),
            "PyBuffer_FillInfo and some consumers compare with 1",
        );
    }
    if request.wants(Request::WRITABLE) {
        if readonly != 0 && of_full == 0 {
            found.add(
                ("E-23", ""),
                request,
                "readonly 0, as WRITABLE was asked for",
                readonly.to_string(),
                "",
            );
        }
    } else if (readonly != 0) != (of_full != 0) {
        found.add(
            ("E-23", ""),
            request,
            format!("readonly {of_full}, as for FULL_RO"),
            readonly.to_string(),
            "whether memory may be written does not depend on who asks",
        );
    }
}

/// What does not depend on the request.
pub(super) fn e24_e25(answer: &Answer, filled: &Filled, full: &Filled, found: &mut Breaches) {
    let request = answer.request;
    if let (Some(len), Some(of_full)) = (filled.len, full.len)
        && len != of_full
    {
        found.add(
            ("E-24", ""),
            request,
            format!("len {of_full}, as for FULL_RO"),
            len.to_string(),
            "the number of bytes does not depend on who asks",
        );
    }
    if let (Some(itemsize), Some(of_full)) = (filled.itemsize, full.itemsize)
        && itemsize != of_full
    {
        found.add(
            ("E-25", ""),
            request,
            format!("itemsize {of_full}, as for FULL_RO"),
            itemsize.to_string(),
            "itemsize is that of the true format, also where format is NULL",
        );
    }
    if let (Some(ndim), Some(of_full)) = (filled.ndim, full.ndim)
        && ndim != of_full
    {
        let way = match (request.wants(Request::ND), ndim) {
            (true, _) => "",
            (false, 0) => "ndim 0",
            (false, 1) => "ndim 1",
            (false, _) => "ndim",
        };
        found.add(
            ("E-24", way),
            request,
            format!("ndim {of_full}, as for FULL_RO"),
            ndim.to_string(),
            if way.is_empty() {
                "the number of axes does not depend on who asks"
            } else {
                "whoever does not ask for the shape takes the memory as bytes in a row, and looks at len alone"
            },
        );
    }
}

/// `obj` is of the same kind for all.
pub(super) fn e24_obj(answer: &Answer, full: &Answer, found: &mut Breaches) {
    if answer.granted() && answer.owner != full.owner {
        let told = |owner: super::poisoned::Owner| match owner.name() {
            "self" => "the exporter",
            "other" => "another object",
            "null" => "NULL",
            _ => "not written",
        };
        found.add(
            ("E-24", ""),
            answer.request,
            format!("obj is {}, as for FULL_RO", told(full.owner)),
            told(answer.owner),
            "who owns the memory does not depend on who asks",
        );
    }
}

/// Strides of axes with one item.
pub(super) fn e27(answer: &Answer, filled: &Filled, found: &mut Breaches) {
    let request = answer.request;
    let orders = [
        (Request::C_CONTIGUOUS, Order::C, "C"),
        (Request::F_CONTIGUOUS, Order::F, "Fortran"),
    ];
    let asked: Vec<_> = orders
        .into_iter()
        .filter(|(flag, ..)| request.wants(*flag))
        .collect();
    let [(_, order, name)] = asked.as_slice() else {
        return;
    };
    let (Some(strides), Some(layout)) = (&filled.strides, filled.layout()) else {
        return;
    };
    if layout.nbytes() == 0 || !layout.is_contiguous_in(*order) {
        return;
    }
    let canonical = layout.canonical(*order);
    if canonical.strides() != strides.as_slice() {
        found.add(
            ("E-27", ""),
            request,
            format!("strides {} of {name} order", shown(Some(canonical.strides()))),
            shown(Some(strides)),
            "axes with one item have another stride; some consumers compare strides without looking at the shape",
        );
    }
}
