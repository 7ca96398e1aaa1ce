//! Recomputes every number of a case on the tape, and compares it with what the file expects.

use super::{Case, layout};
use crate::{
    architecture::Choice,
    cost::{Trace, operation_costs},
    network::{Losses, Network, Output, Ready, one_hot_rows},
    tensor::{Backend, Element, Init, Pass, Scope, Source, Var, error::Result},
};
use ndarray::{Array2, Array3, ArrayD, IxDyn};

/// A case's network after one forward and one backward pass.
pub struct Evaluation {
    /// L, H, C per sample.
    pub losses: Losses,
    /// Y, `[N, K]`.
    pub logits: Array2<f64>,
    /// Σ_k (p_k − y_k) b_k per sample: what a bias takes from the cost (zero without one).
    pub bias_terms: Vec<f64>,
    /// Z, `[cells, edges, operations]`.
    pub z: Array3<f64>,
    /// C of each operation, as the backward pass leaves it, `[cells, edges, operations]`.
    pub operation_costs: Array3<f64>,
    /// Values and gradients inside.
    pub trace: Trace,
    /// `grad.*`: x, parameters, α, in the file's layout.
    pub gradients: Vec<(String, ArrayD<f64>)>,
}

/// One expected tensor beside ours.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The tensor.
    pub name: String,
    /// max |ours − expected| ÷ (1 + max |expected|).
    pub difference: f64,
}

impl Evaluation {
    /// Builds the network on `device` with elements of type `E`, and runs it with every value inside
    /// watched.
    pub fn new<E: Element, D: Backend<E>>(case: &Case, device: &D) -> Result<Self> {
        Self::by_pass(case, device, Pass::probing())
    }

    /// The same as searches run it: operations fused, nothing inside watched, an empty trace.
    pub fn as_searched<E: Element, D: Backend<E>>(case: &Case, device: &D) -> Result<Self> {
        Self::by_pass(case, device, Pass::recording())
    }

    fn by_pass<E: Element, D: Backend<E>>(case: &Case, device: &D, mut pass: Pass<E, D>) -> Result<Self> {
        let settings = &case.settings;
        let mut network = case.network::<E, D>(device, &mut Ready(case.parameters.clone()))?;
        let input = settings.input;
        let host = |values: &[f64]| values.iter().copied().map(E::of).collect::<Vec<_>>();
        let x = Var::new(device, &input.shape(), &host(&case.x))?;
        let mut alphas = Vec::new();
        let mut choices = Vec::new();
        for (t, z) in case.arch.iter().enumerate() {
            choices.push(match &case.alpha {
                None => Choice::weighted(device, z)?,
                Some(alpha) => {
                    let alpha = Var::new(device, z.shape(), &host(&alpha[t].iter().copied().collect::<Vec<_>>()))?;
                    let choice = Choice::mixture(pass.on(&alpha).softmax()?);
                    alphas.push(alpha);
                    choice
                }
            });
        }
        let output: Output<E, D> = network.forward(&pass.on(&x), &choices.iter().collect::<Vec<_>>(), &mut pass)?;
        let logits: Vec<f64> = output.logits.to_host()?.into_iter().map(E::double).collect();
        let logits = Array2::from_shape_vec((input.n, settings.classes), logits).expect("logits [N, K]");
        output.logits.cross_entropy(&one_hot_rows(device, &case.labels, settings.classes)?)?.backward()?;

        let losses = Losses::new(logits.view(), &case.labels);
        let mut gradients = vec![gradient("x", &[input.n, input.c, input.h, input.w], &x)?];
        for parameter in network.parameters() {
            let shape = layout::file_shape(&parameter.name, parameter.value.shape());
            let (name, tensor) = gradient(&parameter.name, &shape, &parameter.value)?;
            gradients.push((format!("param.{name}"), tensor));
        }
        for (t, alpha) in alphas.iter().enumerate() {
            let tensor = ArrayD::from_shape_vec(IxDyn(alpha.shape()), arrived(alpha)?).expect("one for every logit");
            gradients.push((format!("alpha.cell{t}"), tensor));
        }
        gradients.iter_mut().for_each(|(name, _)| *name = format!("grad.{name}"));
        let cells = settings.cells;
        let z = Array3::from_shape_fn((cells, case.arch[0].nrows(), case.arch[0].ncols()), |(t, e, k)| {
            case.arch[t][[e, k]]
        });
        Ok(Evaluation {
            bias_terms: case.bias_terms(&losses),
            losses,
            logits,
            z,
            operation_costs: operation_costs(&output)?,
            trace: Trace::new(&pass)?,
            gradients,
        })
    }

    /// Every `expect.*` and `grad.*` tensor of the format, in its layout.
    pub fn tensors(&self, case: &Case) -> Vec<(String, ArrayD<f64>)> {
        let (topology, cells, z) = (&case.settings.topology, case.settings.cells, self.z.view());
        let vector = |values: Vec<f64>| ndarray::Array1::from(values).into_dyn();
        let [edge_cost, edge_scale] = self.trace.edge_costs(topology, z);
        let residuals = self.trace.norm_residuals(|name| case.settings.norm_of(name));
        let rows: Vec<f64> = residuals.iter().flat_map(|r| [r.measured, r.predicted, r.scale]).collect();
        let residuals = Array2::from_shape_vec((residuals.len(), 3), rows).expect("three columns");
        let expect = [
            ("logits", self.logits.clone().into_dyn()),
            ("loss_n", self.losses.loss.clone().into_dyn()),
            ("ent_n", self.losses.entropy.clone().into_dyn()),
            ("cost_n", self.losses.cost().into_dyn()),
            ("batch_LHC", vector(self.losses.means().to_vec())),
            ("bias_term_n", vector(self.bias_terms.clone())),
            ("edge_cost", edge_cost.into_dyn()),
            ("edge_scale", edge_scale.into_dyn()),
            ("op_cost", self.operation_costs.clone().into_dyn()),
            ("path_out", self.trace.output_path_costs(topology, z).into_dyn()),
            ("path_edge", self.trace.edge_path_costs(topology, z).into_dyn()),
            ("cellout_via", self.trace.cell_output_costs(cells).into_dyn()),
            ("norm_residual", residuals.into_dyn()),
        ];
        let expect = expect.into_iter().map(|(name, tensor)| (format!("expect.{name}"), tensor));
        expect.chain(self.gradients.iter().cloned()).collect()
    }

    /// Compares with every tensor that the case expects. One that we do not compute, or of another
    /// shape, differs infinitely.
    pub fn compare(&self, case: &Case) -> Vec<Comparison> {
        let ours: std::collections::HashMap<_, _> = self.tensors(case).into_iter().collect();
        let difference = |name: &String, expected: &ArrayD<f64>| {
            let Some(ours) = ours.get(name).filter(|ours| ours.shape() == expected.shape()) else {
                return f64::INFINITY;
            };
            let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
            let apart = largest(&mut ours.iter().zip(expected).map(|(a, b)| (a - b).abs()));
            apart / (1.0 + largest(&mut expected.iter().map(|x| x.abs())))
        };
        let compare = |(name, expected)| Comparison { difference: difference(name, expected), name: name.clone() };
        case.expected.iter().map(compare).collect()
    }
}

/// A leaf's gradient in the file's layout.
fn gradient<E: Element, D: Backend<E>>(name: &str, shape: &[usize], leaf: &Var<E, D>) -> Result<(String, ArrayD<f64>)> {
    Ok((name.into(), layout::to_file(name, shape, &arrived(leaf)?)))
}

/// A leaf's gradient, row-major; zeros if none arrived.
fn arrived<E: Element, D: Backend<E>>(leaf: &Var<E, D>) -> Result<Vec<f64>> {
    Ok(match leaf.take_gradient()? {
        Some(g) => g.into_iter().map(E::double).collect(),
        None => vec![0.0; leaf.shape().iter().product()],
    })
}

impl Case {
    /// The network with parameters from `source`.
    pub fn network<E: Element, D: Backend<E>>(&self, device: &D, source: &mut dyn Source) -> Result<Network<E, D>> {
        Network::new(&self.settings, |t, edge| self.present(t, edge), &mut Scope::new(device, source))
    }

    /// Σ_k (p_k − y_k) b_k of each sample, y one-hot; zero without a bias.
    fn bias_terms(&self, losses: &Losses) -> Vec<f64> {
        let bias = self.parameters.get("classifier.bias");
        let term = |(n, label): (usize, &usize)| {
            bias.map_or(0.0, |b| losses.probabilities.row(n).iter().zip(b).map(|(p, b)| p * b).sum::<f64>() - b[*label])
        };
        self.labels.iter().enumerate().map(term).collect()
    }

    /// Name and shape, in this crate's layout, of every parameter that the network has.
    pub fn parameter_shapes(&self) -> Result<Vec<(String, Vec<usize>)>> {
        struct Zeros;
        impl Source for Zeros {
            fn values(&mut self, _: &str, shape: &[usize], _: Init) -> Result<Vec<f64>> {
                Ok(vec![0.0; shape.iter().product()])
            }
        }
        let mut network = self.network::<f64, crate::tensor::Cpu>(&Default::default(), &mut Zeros)?;
        Ok(network.parameters().into_iter().map(|p| (p.name.clone(), p.value.shape().to_vec())).collect())
    }
}
