//! Theorem 2 on the logits alone: the sign of C, and what it depends on.

use crate::{
    claim::{
        Check, Claim, Judge,
        judgement::Judgement,
        observe::{
            Subject,
            logits::{LogitsCase, LogitsObservation},
        },
        rounding::head::closed_form_error,
        witness::Witness,
    },
    theorem::head,
};
use serde_json::json;

const BOUND: &str = "2 γ_{2s+K+1} Σ_n (p_n + y_n)|Y_n|, s = 4 K + 4 ⌈R⌉ + 9 roundings in the softmax of logits R apart";

pub fn claims() -> Vec<Claim> {
    let logits = |id, source, statement, judge| Claim::new(id, source, statement, BOUND, Check::Logits(judge));
    vec![
        logits("eq12-logits", "eq. 12", "⟨∂L/∂Y, Y⟩ = Σ_n p_n Y_n − Y_{n_b} = L − H", l_minus_h)
            .proved("Theorem2.logit_cost_is_L_minus_H")
            .cross_checked(),
        logits("eq12-misprint", "eq. 12, fourth line", "C = Σ_n [−Y_{n_b} + p_n Y_n]", printed)
            .misprint("C = −Y_{n_b} + Σ_n p_n Y_n: the first term stands outside the sum, or it counts K times")
            .proved("Theorem2.eq12_misprint")
            .witness(misprint),
        logits(
            "thm2-correct-nonpositive",
            "sect. 6, negative at high accuracy",
            "a correctly classified sample has C ≤ 0",
            |o| {
                if o.is_correct() { vec![Judgement::at_most_zero(o.cost(), o.error())] } else { Vec::new() }
            },
        )
        .proved("Theorem2Sign.cost_nonpos_when_correct"),
        logits(
            "thm2-wrong-positive",
            "sect. 6, positive at low accuracy",
            "a wrongly classified sample has C > 0",
            |o| {
                if o.is_correct() { Vec::new() } else { vec![Judgement::at_most_zero(-o.cost(), o.error())] }
            },
        )
        .proved("CalibrationGap.three_classes_wrong_may_be_negative")
        .refuted(
            "C > 0 exactly if Y_{n_b} < Σ_n p_n Y_n (thm2-exact-sign); true of every wrong sample \
for two classes only",
        )
        .witness(wrong_negative),
        logits(
            "thm2-wrong-positive-two-classes",
            "sect. 6",
            "with two classes a wrongly classified sample has C > 0",
            |o| {
                let two = o.case.y.len() == 2 && !o.is_correct();
                if two { vec![Judgement::at_most_zero(-o.cost(), o.error())] } else { Vec::new() }
            },
        )
        .proved("CalibrationGap.two_classes_wrong_is_positive"),
        logits(
            "thm2-exact-sign",
            "sect. 6",
            "C = Σ_n p_n Y_n − Y_{n_b}: positive exactly if the label's logit is below the mean \
under p",
            exact_sign,
        )
        .proved("Theorem2.logit_cost_is_L_minus_H"),
        logits(
            "thm2-chebyshev",
            "sect. 6, positive at initialisation",
            "averaged over all labels, C = Σ p_n Y_n − mean Y ≥ 0",
            |o| vec![Judgement::at_most_zero(-over_labels(o), 2.0 * o.error())],
        )
        .read(
            "the rigorous argument (Chebyshev's sum inequality, p increasing in Y): classifier rows \
exchangeable at initialisation ⇒ E[C] ≥ 0, without normality",
        )
        .proved("Theorem2Sign.softmax_mean_ge"),
        logits("thm2-equal-logits", "sect. 6", "if all logits are equal, C = 0 for every label", |o| {
            let equal = o.case.y.iter().all(|y| *y == o.case.y[0]);
            if equal { vec![Judgement::zero(o.cost(), o.error())] } else { Vec::new() }
        })
        .proved("Theorem2Sign.cost_zero_when_correct"),
        logits(
            "thm2-calibration-gap",
            "Theorem 2",
            "labels drawn from the network's own p have E[C] = 0, at whatever accuracy",
            calibrated,
        )
        .proved("CalibrationGap.calibrated_cost_is_0")
        .read(
            "C is a calibration gap: positive where the network is over-confident on the data that \
it is taken on",
        ),
        logits(
            "thm2-accuracy",
            "Theorem 2",
            "C is a function of whether the prediction is right, negatively related to accuracy",
            |o| {
                let twice = scaled(o, 2.0);
                vec![Judgement::equal(twice.cost(), o.cost(), twice.error() + o.error())]
            },
        )
        .proved("LogitScale.wrong_gap_dips_and_changes_sign")
        .refuted("doubling the logits changes C and no prediction")
        .witness(doubled),
        logits(
            "thm2-confident-wrong",
            "sect. 6",
            "C of a wrongly classified sample grows with the logits' scale",
            |o| {
                let (gain, bound) = gain(o);
                if o.is_correct() {
                    Vec::new()
                } else {
                    vec![Judgement::at_most_zero(-gain, bound).when(below_mean(o))]
                }
            },
        )
        .proved("LogitScale.gap_increases_with_scale")
        .when("Y_{n_b} ≤ mean Y: then dC/ds = E_p[Y] − Y_{n_b} + s Var_p(Y) ≥ 0")
        .witness(wrong_falls),
        logits(
            "thm2-confident-correct",
            "sect. 6",
            "C of a correctly classified sample falls as the logits grow",
            |o| {
                let (gain, bound) = gain(o);
                if o.is_correct() { vec![Judgement::at_most_zero(gain, bound)] } else { Vec::new() }
            },
        )
        .proved("LogitScale.correct_gap_is_not_monotone")
        .refuted("it falls from 0 and rises to 0 again, as the probability of the label goes to 1")
        .witness(correct_rises),
        logits("thm2-scale-slope", "sect. 6", "for the logits sY, dC/ds = E_p[Y] − Y_{n_b} + s Var_p(Y)", slope)
            .proved("LogitScale.gap_scale_derivative"),
        logits("thm2-bias-logits", "eq. 12", "with a bias, ⟨∂L/∂Y, Y − b⟩ = L − H − Σ_n (p_n − y_n) b_n", biased)
            .proved("Theorem2.bias_in_logits"),
        logits(
            "thm2-proportional",
            "sect. 6",
            "C of a correct sample is at most Σ_n [−Y_{n_b} + p_n Y_{n_b}] = 0",
            |o| {
                let literal = o.case.y[o.case.label] * (1.0 - o.case.y.len() as f64);
                if o.is_correct() { vec![Judgement::zero(literal, o.error())] } else { Vec::new() }
            },
        )
        .refuted(
            "Σ_n [−Y + p_n Y] = (1 − K) Y: with −Y outside the sum it is 0, and the inequality is \
right",
        )
        .proved("Theorem2.proportional_misprint")
        .witness(literal_sum),
    ]
}

fn l_minus_h(o: &LogitsObservation) -> Vec<Judgement> {
    let closed = closed_form_error(o.y(), o.case.label);
    vec![Judgement::equal(o.cost(), head::cost(o.y(), o.case.label), o.error() + closed)]
}

fn printed(o: &LogitsObservation) -> Vec<Judgement> {
    let k = o.case.y.len() as f64;
    vec![Judgement::equal(head::printed_cost(o.y(), o.case.label), o.cost(), k * o.error())]
}

fn exact_sign(o: &LogitsObservation) -> Vec<Judgement> {
    let mean = head::softmax(o.y()).dot(&o.y());
    vec![Judgement::equal(o.cost(), mean - o.case.y[o.case.label], 2.0 * o.error())]
}

/// Σ_l p_l C(l) = 0, where another label l changes C by Y_{n_b} − Y_l.
fn calibrated(o: &LogitsObservation) -> Vec<Judgement> {
    let (p, label) = (head::softmax(o.y()), o.case.y[o.case.label]);
    let mean: f64 = p.iter().zip(&o.case.y).map(|(p, y)| p * (o.cost() + label - y)).sum();
    vec![Judgement::zero(mean, 4.0 * o.error())]
}

/// The mean of C over all labels, with the tape's p: Σ_n (p_n − 1/K) Y_n.
fn over_labels(o: &LogitsObservation) -> f64 {
    let k = o.case.y.len() as f64;
    let label = |n| f64::from(u8::from(n == o.case.label));
    o.gradient.iter().zip(&o.case.y).enumerate().map(|(n, (g, y))| (g + label(n) - 1.0 / k) * y).sum()
}

/// What C gains when the logits are stretched by half.
fn gain(o: &LogitsObservation) -> (f64, f64) {
    let stretched = scaled(o, 1.5);
    (stretched.cost() - o.cost(), stretched.error() + o.error())
}

fn biased(o: &LogitsObservation) -> Vec<Judgement> {
    let without: Vec<f64> = o.case.y.iter().zip(&o.case.bias).map(|(y, b)| y - b).collect();
    let cost: f64 = o.gradient.iter().zip(&without).map(|(g, v)| g * v).sum();
    let bias = head::bias_term(o.y(), o.case.label, ndarray::ArrayView1::from(&o.case.bias));
    let [j] = l_minus_h(o)[..] else { unreachable!("one judgement") };
    let bound = j.bound + o.error_of(&without) + 2.0 * o.error_of(&o.case.bias);
    vec![Judgement::equal(cost, head::cost(o.y(), o.case.label) - bias, bound)]
}

/// C(sY) over a small interval around s = 1 against the closed slope; the interval's own error is at most
/// its square times the third derivative's scale, max|Y|³ up to a factor.
fn slope(o: &LogitsObservation) -> Vec<Judgement> {
    let (h, y) = (1e-4, o.y());
    let largest = y.iter().fold(0.0f64, |m, y| m.max(y.abs()));
    if largest > 10.0 {
        return Vec::new();
    }
    let ahead = scaled(o, 1.0 + h);
    let forward = (ahead.cost() - o.cost()) / h;
    // The second derivative of E_{sY}[sY] is at most 2 Var + |third moment|, of centred variables within 2 max|Y|.
    let curvature = 0.5 * h * (2.0 * (2.0 * largest).powi(2) + (2.0 * largest).powi(3)) * (1.0 + h).powi(2);
    vec![Judgement::equal(forward, head::cost_by_scale(y, o.case.label), curvature + (ahead.error() + o.error()) / h)]
}

fn below_mean(o: &LogitsObservation) -> bool {
    o.case.y[o.case.label] <= o.y().mean().unwrap_or(0.0)
}

fn observed(y: &[f64], label: usize) -> LogitsObservation {
    let case = LogitsCase { y: y.to_vec(), label, bias: vec![0.0; y.len()] };
    LogitsObservation::observe(&case).expect("finite logits")
}

fn scaled(o: &LogitsObservation, s: f64) -> LogitsObservation {
    observed(&o.scaled(s).to_vec(), o.case.label)
}

fn example(y: &[f64], label: usize, id: &str) -> Witness {
    let judge: Judge<LogitsObservation> = claims()
        .into_iter()
        .find(|claim| claim.id == id)
        .and_then(|claim| if let Check::Logits(judge) = claim.check { Some(judge) } else { None })
        .expect("a claim about logits");
    let case = LogitsCase { y: y.to_vec(), label, bias: vec![0.0; y.len()] };
    Witness::judged::<LogitsObservation>(&case, judge, |o| {
        json!({
            "Y": y, "label": label, "p": head::softmax(o.y()).to_vec(), "L": head::loss(o.y(), label), "H": head::entropy(o.y()),
            "C": o.cost(), "printed": head::printed_cost(o.y(), label), "C for 2Y": scaled(o, 2.0).cost(),
        })
    })
}

/// Y = (1, 1): C = 0, printed −1.
fn misprint() -> Witness {
    example(&[1.0, 1.0], 0, "eq12-misprint")
}

fn wrong_negative() -> Witness {
    example(&[0.3, 0.2, 0.0], 1, "thm2-wrong-positive")
}

fn doubled() -> Witness {
    example(&[1.0, 0.0], 1, "thm2-accuracy")
}

fn wrong_falls() -> Witness {
    example(&[0.3, 0.29, 0.0], 1, "thm2-confident-wrong")
}

fn correct_rises() -> Witness {
    example(&[4.0, 0.0], 0, "thm2-confident-correct")
}

fn literal_sum() -> Witness {
    example(&[1.0, 0.0], 0, "thm2-proportional")
}
