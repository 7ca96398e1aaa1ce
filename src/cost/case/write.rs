//! Writes a case, and any named tensors, as safetensors.

use super::{Case, Evaluation, FORMAT, header::Config, layout};
use crate::operation::Operation;
use ndarray::{Array2, ArrayD};
use safetensors::{Dtype, tensor::TensorView};
use std::{collections::HashMap, io, path::Path};

impl Case {
    /// Saves the case, with what was computed for it as the expectations; a file that exists is left
    /// alone and is an error.
    pub fn write(&self, path: &Path, evaluation: &Evaluation) -> io::Result<()> {
        let one_hot = self.alpha.is_none();
        let name = |row: ndarray::ArrayView1<f64>| {
            let sampled = row.iter().position(|z| *z != 0.0).unwrap_or_default();
            Operation::ALL[sampled].name()
        };
        let edge_ops: Option<Vec<Vec<_>>> =
            one_hot.then(|| self.arch.iter().map(|z| z.outer_iter().map(name).collect()).collect());
        let metadata = [
            ("format", FORMAT.to_string()),
            ("name", self.name.clone()),
            ("note", self.note.clone()),
            ("config", serde_json::to_string(&Config::of(&self.settings))?),
            ("ops", serde_json::to_string(&Operation::ALL)?),
            ("edges", serde_json::to_string(self.settings.topology.edges())?),
            ("arch_kind", if one_hot { "onehot" } else { "mixture" }.into()),
            ("edge_ops", serde_json::to_string(&edge_ops)?),
            ("norm_order", serde_json::to_string(evaluation.trace.norms())?),
        ];

        let input = self.settings.input;
        let mut tensors = vec![
            ("input.x".into(), layout::to_file("x", &[input.n, input.c, input.h, input.w], &self.x)),
            (
                "input.labels".into(),
                self.labels.iter().map(|label| *label as f64).collect::<ndarray::Array1<_>>().into_dyn(),
            ),
        ];
        let per_cell = |prefix: &str, all: &[Array2<f64>]| -> Vec<(String, ArrayD<f64>)> {
            all.iter().enumerate().map(|(t, z)| (format!("{prefix}{t}"), z.clone().into_dyn())).collect()
        };
        tensors.extend(per_cell("arch.cell", &self.arch));
        tensors.extend(per_cell("arch.alpha.cell", self.alpha.as_deref().unwrap_or_default()));
        for (name, shape) in self.parameter_shapes().map_err(|problem| io::Error::other(problem.to_string()))? {
            let values = self.parameters.get(&name).ok_or_else(|| io::Error::other(format!("{name} is missing")))?;
            let tensor = layout::to_file(&name, &layout::file_shape(&name, &shape), values);
            tensors.push((format!("param.{name}"), tensor));
        }
        tensors.extend(evaluation.tensors(self));
        let metadata = metadata.into_iter().map(|(key, text)| (key.to_string(), text)).collect();
        to_safetensors(path, &tensors, Some(metadata))
    }
}

/// Writes F64 tensors, `input.labels` as I64, to a file that must not exist yet.
pub fn to_safetensors(
    path: &Path,
    tensors: &[(String, ArrayD<f64>)],
    metadata: Option<HashMap<String, String>>,
) -> io::Result<()> {
    let bytes = |name: &str, tensor: &ArrayD<f64>| match name {
        "input.labels" => (Dtype::I64, tensor.iter().flat_map(|v| (*v as i64).to_le_bytes()).collect::<Vec<u8>>()),
        _ => (Dtype::F64, tensor.iter().flat_map(|v| v.to_le_bytes()).collect()),
    };
    let stored: Vec<_> = tensors.iter().map(|(name, tensor)| (name, tensor.shape(), bytes(name, tensor))).collect();
    let views = stored
        .iter()
        .map(|(name, shape, (dtype, data))| Ok((*name, TensorView::new(*dtype, shape.to_vec(), data)?)))
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
        .map_err(io::Error::other)?;
    let bytes = safetensors::serialize(views, metadata).map_err(io::Error::other)?;
    let mut file = std::fs::File::create_new(path)?;
    io::Write::write_all(&mut file, &bytes)
}
