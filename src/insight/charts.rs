//! What the confidence is worth, as two pictures: how often it is right when it says so, and what it costs to answer more.
//!
//! SVG written by hand: no script, no font of its own, readable in any browser.

use std::fmt::Write;

use super::calibrate::upper_bound;
use super::eval::{Detail, QuestionDetail};

/// Size of the drawing area, in pixels.
const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 300.0;
/// Room for numbers and words around it.
const MARGIN: f64 = 60.0;

/// Bins of the reliability diagram.
const BINS: usize = 10;

/// One cited answer: its confidence and whether it is right.
type Shown = (f64, bool);

fn shown(details: &[Detail]) -> (Vec<Shown>, usize) {
    let questions: Vec<&QuestionDetail> = details.iter().filter_map(Detail::question).collect();
    let mut cited: Vec<Shown> = questions.iter().filter(|one| !one.cited.is_empty()).map(|one| (one.confidence, !one.wrong)).collect();
    cited.sort_by(|a, b| b.0.total_cmp(&a.0));
    (cited, questions.len())
}

/// Points of the risk-coverage curve: answering the surest ones only, the share of all questions answered and the share of those answers
/// that are wrong. One point per confidence that occurs.
fn risk_coverage(details: &[Detail]) -> Vec<(f64, f64)> {
    let (cited, questions) = shown(details);
    let mut points = Vec::new();
    let mut wrong = 0usize;
    for (at, one) in cited.iter().enumerate() {
        wrong += usize::from(!one.1);
        if cited.get(at + 1).is_none_or(|next| next.0 < one.0) {
            points.push(((at + 1) as f64 / questions as f64, wrong as f64 / (at + 1) as f64));
        }
    }
    points
}

/// Bins of the reliability diagram: mean confidence, share of right answers, answers. Empty bins are left out.
fn reliability(cited: &[Shown]) -> Vec<(f64, f64, usize)> {
    let bin = |confidence: f64| ((confidence * BINS as f64) as usize).min(BINS - 1);
    let row = |number: usize| {
        let own: Vec<&Shown> = cited.iter().filter(|one| bin(one.0) == number).collect();
        let mean = own.iter().map(|one| one.0).sum::<f64>() / own.len() as f64;
        let right = own.iter().filter(|one| one.1).count() as f64 / own.len() as f64;
        (!own.is_empty()).then_some((mean, right, own.len()))
    };
    (0..BINS).filter_map(row).collect()
}

/// Expected calibration error: the mean distance between confidence and share of right answers, over the bins, by their size.
pub(super) fn calibration_error(cited: &[Shown]) -> f64 {
    let bins = reliability(cited);
    let answers: usize = bins.iter().map(|bin| bin.2).sum();
    bins.iter().map(|bin| (bin.0 - bin.1).abs() * bin.2 as f64 / answers as f64).sum()
}

/// The risk-coverage curve as an SVG file.
pub fn risk_coverage_svg(details: &[Detail]) -> String {
    let points = risk_coverage(details);
    let top = points.iter().map(|point| point.1).fold(0.1, f64::max).min(1.0);
    let mut body = String::new();
    let line: Vec<String> = points.iter().map(|point| place(point.0, point.1 / top)).collect();
    let _ = writeln!(body, r##"<polyline points="{}" fill="none" stroke="#1f6feb" stroke-width="2"/>"##, line.join(" "));
    frame(
        "Wrong answers by share of questions answered",
        "share of questions answered, surest first",
        "share of these that are wrong",
        1.0,
        top,
        &body,
    )
}

/// The reliability diagram as an SVG file. The bars reach from the lower to the upper 95 % bound of each bin.
pub fn reliability_svg(details: &[Detail]) -> String {
    let mut body = String::new();
    let _ = writeln!(body, r##"<polyline points="{} {}" stroke="#888" stroke-dasharray="4 4"/>"##, place(0.0, 0.0), place(1.0, 1.0));
    for (mean, right, answers) in reliability(&shown(details).0) {
        let hits = (right * answers as f64).round() as usize;
        let (high, low) = (upper_bound(hits, answers, 0.025), 1.0 - upper_bound(answers - hits, answers, 0.025));
        let _ = writeln!(
            body,
            r##"<polyline points="{} {}" stroke="#1f6feb" stroke-opacity="0.4" stroke-width="6"/>"##,
            place(mean, low),
            place(mean, high)
        );
        let (x, y) = pixel(mean, right);
        let _ = writeln!(
            body,
            r##"<circle cx="{x:.1}" cy="{y:.1}" r="4" fill="#1f6feb"><title>{answers} answers: confidence {mean:.2}, right {right:.2}</title></circle>"##
        );
    }
    frame("How often answers are right, by confidence", "confidence", "share of answers that are right", 1.0, 1.0, &body)
}

/// Where a share of both axes lies.
fn pixel(x: f64, y: f64) -> (f64, f64) {
    (MARGIN + x * WIDTH, MARGIN + (1.0 - y) * HEIGHT)
}

fn place(x: f64, y: f64) -> String {
    let (x, y) = pixel(x, y);
    format!("{x:.1},{y:.1}")
}

fn frame(title: &str, below: &str, beside: &str, right: f64, top: f64, body: &str) -> String {
    let (full_width, full_height) = (WIDTH + 2.0 * MARGIN, HEIGHT + 2.0 * MARGIN);
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {full_width} {full_height}" font-family="sans-serif" font-size="12" fill="#444">
<rect width="100%" height="100%" fill="#fff"/>
<text x="{}" y="30" font-size="15" text-anchor="middle">{title}</text>
"##,
        full_width / 2.0
    );
    for step in 0..=5 {
        let share = f64::from(step) / 5.0;
        let ((x, bottom), (left, y)) = (pixel(share, 0.0), pixel(0.0, share));
        let _ = write!(
            svg,
            r##"<polyline points="{} {}" stroke="#ddd"/><polyline points="{} {}" stroke="#ddd"/>
<text x="{x:.1}" y="{:.1}" text-anchor="middle">{:.0} %</text><text x="{:.1}" y="{:.1}" text-anchor="end">{:.0} %</text>
"##,
            place(share, 0.0),
            place(share, 1.0),
            place(0.0, share),
            place(1.0, share),
            bottom + 18.0,
            100.0 * share * right,
            left - 8.0,
            y + 4.0,
            100.0 * share * top
        );
    }
    let _ = write!(
        svg,
        r##"<text x="{}" y="{}" text-anchor="middle">{below}</text>
<text transform="translate(16 {}) rotate(-90)" text-anchor="middle">{beside}</text>
{body}</svg>
"##,
        full_width / 2.0,
        full_height - 16.0,
        full_height / 2.0
    );
    svg
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Decision;

    fn detail(confidence: f64, cited: bool, wrong: bool) -> Detail {
        Detail::Question(Box::new(QuestionDetail {
            confidence,
            cited: if cited { vec!["fees".into()] } else { Vec::new() },
            wrong,
            ..QuestionDetail::blank("q", Decision::Answer)
        }))
    }

    #[test]
    fn the_surest_answers_come_first_and_refusals_only_count_as_questions() {
        let details = [detail(0.9, true, false), detail(0.5, true, true), detail(0.7, true, false), detail(0.1, false, false)];
        assert_eq!(risk_coverage(&details), [(0.25, 0.0), (0.5, 0.0), (0.75, 1.0 / 3.0)]);
        let same = [detail(0.9, true, false), detail(0.9, true, true)];
        assert_eq!(risk_coverage(&same), [(1.0, 0.5)], "equal confidence cannot be told apart");
    }

    #[test]
    fn confidence_that_is_as_good_as_its_word_has_no_error() {
        let honest: Vec<Shown> = (0..10).map(|at| (0.7, at < 7)).collect();
        assert!(calibration_error(&honest) < 1e-9);
        let boastful: Vec<Shown> = (0..10).map(|at| (0.95, at < 5)).collect();
        assert!((calibration_error(&boastful) - 0.45).abs() < 1e-9);
        assert_eq!(calibration_error(&[]), 0.0);
    }

    #[test]
    fn pictures_hold_a_mark_for_each_bin_and_stay_inside_the_frame() {
        let details = [detail(0.95, true, false), detail(0.55, true, true), detail(0.15, true, true)];
        let svg = reliability_svg(&details);
        assert_eq!(svg.matches("<circle").count(), 3);
        let curve = risk_coverage_svg(&details);
        assert!(curve.starts_with("<svg") && curve.trim_end().ends_with("</svg>") && !curve.contains("NaN") && !svg.contains("NaN"));
    }
}
