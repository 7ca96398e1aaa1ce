//! Reads and checks a case file.

use super::{Case, CaseError, FORMAT, header::Config, layout};
use crate::operation::Operation;
use ndarray::{Array2, ArrayD, Ix2, IxDyn};
use safetensors::{Dtype, SafeTensors};
use serde::de::DeserializeOwned;
use std::{collections::HashMap, path::Path};

/// An error before the file's name is known.
type Problem = (String, String);

impl Case {
    /// Reads a file; nothing in it is trusted.
    pub fn read(path: &Path) -> Result<Self, CaseError> {
        let named = |(field, problem): Problem| CaseError { file: path.display().to_string(), field, problem };
        let bytes = std::fs::read(path).map_err(|problem| named(("file".into(), problem.to_string())))?;
        Self::from_bytes(&bytes).map_err(named)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Problem> {
        let broken = |problem: safetensors::SafeTensorError| {
            ("file".to_string(), format!("not a whole safetensors file ({problem}); copy it again"))
        };
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(broken)?;
        let file = SafeTensors::deserialize(bytes).map_err(broken)?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let text = |key: &str| {
            metadata.get(key).ok_or_else(|| (format!("metadata {key}"), format!("missing; the format is {FORMAT}")))
        };
        if text("format")? != FORMAT {
            return Err(("metadata format".into(), format!("'{}'; expected {FORMAT}", text("format")?)));
        }
        let operations: Vec<String> = json("ops", text("ops")?)?;
        if let Some(name) = operations.iter().find(|name| name.parse::<Operation>().is_err()) {
            return Err(("metadata ops".into(), name.parse::<Operation>().unwrap_err()));
        }
        if operations != Operation::ALL.map(Operation::name) {
            let expected = Operation::ALL.map(Operation::name).join(", ");
            return Err(("metadata ops".into(), format!("expected in this order: {expected}")));
        }
        let config: Config = json("config", text("config")?)?;
        let settings = config
            .settings(json("edges", text("edges")?)?)
            .map_err(|(field, problem)| (format!("config {field}"), problem))?;
        let tensors = Tensors::read(&file)?;

        let shape = [settings.topology.edges().len(), Operation::ALL.len()];
        let per_cell = |prefix: &str| {
            let of = |t| tensors.expect(&format!("{prefix}{t}"), &shape).map(matrix);
            (0..settings.cells).map(of).collect::<Result<Vec<_>, _>>()
        };
        let arch = per_cell("arch.cell")?;
        let alpha = match text("arch_kind")?.as_str() {
            "onehot" => None,
            "mixture" => Some(per_cell("arch.alpha.cell")?),
            other => return Err(("metadata arch_kind".into(), format!("'{other}'; expected onehot or mixture"))),
        };
        let edge_ops: Option<Vec<Vec<String>>> = json("edge_ops", metadata.get("edge_ops").map_or("null", |s| s))?;
        check_names(edge_ops.iter().flatten().flatten())?;

        let input = settings.input;
        let x = layout::from_file("x", tensors.expect("input.x", &[input.n, input.c, input.h, input.w])?);
        let labels = labels(tensors.expect("input.labels", &[input.n])?, settings.classes)?;
        let mut case = Case {
            name: text("name")?.clone(),
            note: metadata.get("note").cloned().unwrap_or_default(),
            settings,
            arch,
            alpha,
            parameters: HashMap::new(),
            x,
            labels,
            expected: Default::default(),
        };
        for (name, shape) in case.parameter_shapes().map_err(|problem| ("config".into(), problem.to_string()))? {
            let tensor = tensors.expect(&format!("param.{name}"), &layout::file_shape(&name, &shape))?;
            case.parameters.insert(name.clone(), layout::from_file(&name, tensor));
        }
        let expected = |name: &String| name.starts_with("expect.") || name.starts_with("grad.");
        case.expected = tensors.0.into_iter().filter(|(name, _)| expected(name)).collect();
        Ok(case)
    }
}

/// Every tensor of the file, as f64.
struct Tensors(HashMap<String, ArrayD<f64>>);

impl Tensors {
    fn read(file: &SafeTensors) -> Result<Self, Problem> {
        let mut all = HashMap::new();
        for (name, view) in file.tensors() {
            let values: Vec<f64> = match view.dtype() {
                Dtype::F64 => view.data().as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect(),
                Dtype::I64 => view.data().as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes) as f64).collect(),
                other => return Err((name, format!("element type {other:?}; expected F64, or I64 for labels"))),
            };
            if values.iter().any(|value| !value.is_finite()) {
                return Err((name, "contains NaN or infinity; expected finite numbers".into()));
            }
            let tensor = ArrayD::from_shape_vec(IxDyn(view.shape()), values);
            all.insert(name.clone(), tensor.map_err(|problem| (name, problem.to_string()))?);
        }
        Ok(Tensors(all))
    }

    fn expect(&self, name: &str, shape: &[usize]) -> Result<&ArrayD<f64>, Problem> {
        match self.0.get(name) {
            None => Err((name.into(), format!("missing; expected shape {shape:?}"))),
            Some(tensor) if tensor.shape() != shape => {
                Err((name.into(), format!("shape {:?}; expected {shape:?}", tensor.shape())))
            }
            Some(tensor) => Ok(tensor),
        }
    }
}

fn matrix(tensor: &ArrayD<f64>) -> Array2<f64> {
    tensor.clone().into_dimensionality::<Ix2>().expect("a matrix")
}

fn labels(tensor: &ArrayD<f64>, classes: usize) -> Result<Vec<usize>, Problem> {
    let label = |(sample, label): (usize, &f64)| {
        let known = (0..classes).find(|class| *class as f64 == *label);
        known.ok_or_else(|| {
            let problem = format!("sample {sample} has label {label}; expected 0 to {}", classes - 1);
            ("input.labels".into(), problem)
        })
    };
    tensor.iter().enumerate().map(label).collect()
}

fn check_names<'a>(mut names: impl Iterator<Item = &'a String>) -> Result<(), Problem> {
    match names.find_map(|name| name.parse::<Operation>().err()) {
        Some(problem) => Err(("metadata edge_ops".into(), problem)),
        None => Ok(()),
    }
}

fn json<T: DeserializeOwned>(key: &str, text: &str) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|problem| (format!("metadata {key}"), problem.to_string()))
}
