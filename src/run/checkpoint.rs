//! What a run needs to go on where it stopped.

use super::{CHECKPOINT, Error, Manifest, Result, atomic};
use ndarray::{ArrayD, IxDyn};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    path::Path,
};

/// The one key of the file's metadata; more would have no fixed order.
const KEY: &str = "wirecost checkpoint";

/// A point between two steps. Random streams are named by epoch and step, so they need no state.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// Epochs that are over.
    pub epoch: usize,
    /// Steps done in the epoch after them.
    pub step: usize,
    /// The running sums of that epoch; null where it has not begun.
    pub sums: serde_json::Value,
    /// θ, α and the optimisers' states by name, as F64, which holds f32 exactly.
    pub tensors: BTreeMap<String, ArrayD<f64>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    /// SHA-256 of the manifest, which tells whose checkpoint this is.
    run: String,
    epoch: usize,
    step: usize,
    sums: serde_json::Value,
}

impl Checkpoint {
    /// Writes the checkpoint of the run `manifest` into its folder `dir`, whole or not at all.
    pub(super) fn write(&self, dir: &Path, manifest: &Manifest) -> Result<()> {
        let path = dir.join(CHECKPOINT);
        let bytes = self.bytes(manifest).map_err(|e| Error::write(&path, e))?;
        atomic::write(&path, &bytes)
    }

    fn bytes(&self, manifest: &Manifest) -> io::Result<Vec<u8>> {
        let header = Header { run: digest(manifest), epoch: self.epoch, step: self.step, sums: self.sums.clone() };
        let little_endian = |tensor: &ArrayD<f64>| tensor.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
        let stored: Vec<_> = self.tensors.iter().map(|(name, t)| (name, t.shape(), little_endian(t))).collect();
        let view = |(name, shape, data)| Ok((name, TensorView::new(Dtype::F64, <[usize]>::to_vec(shape), data)?));
        let views = stored.iter().map(|(name, shape, data)| view((*name, *shape, data)));
        let views = views.collect::<std::result::Result<Vec<_>, safetensors::SafeTensorError>>();
        let metadata = HashMap::from([(KEY.to_string(), serde_json::to_string(&header)?)]);
        safetensors::serialize(views.map_err(io::Error::other)?, Some(metadata)).map_err(io::Error::other)
    }

    /// Reads the checkpoint in the folder `dir` of the run `manifest`; `None` if there is none.
    ///
    /// # Errors
    /// If the file is not whole, or of another run.
    pub fn read(dir: &Path, manifest: &Manifest) -> Result<Option<Self>> {
        let path = dir.join(CHECKPOINT);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::read(&path, e)),
        };
        Self::from_bytes(&bytes, manifest).map(Some).map_err(|reason| Error::Checkpoint { path, reason })
    }

    fn from_bytes(bytes: &[u8], manifest: &Manifest) -> std::result::Result<Self, String> {
        let broken = |e: safetensors::SafeTensorError| format!("not a whole safetensors file ({e})");
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(broken)?;
        let file = SafeTensors::deserialize(bytes).map_err(broken)?;
        let text = metadata.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
        let text = text.ok_or(format!("metadata '{KEY}': missing, so this is no checkpoint"))?;
        let header: Header = serde_json::from_str(text).map_err(|e| format!("metadata '{KEY}': {e}"))?;
        if header.run != digest(manifest) {
            return Err("the checkpoint of another run".into());
        }
        let mut tensors = BTreeMap::new();
        for (name, view) in file.tensors() {
            if view.dtype() != Dtype::F64 {
                return Err(format!("{name}: element type {:?}; expected F64", view.dtype()));
            }
            let values = view.data().as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
            let tensor = ArrayD::from_shape_vec(IxDyn(view.shape()), values).map_err(|e| format!("{name}: {e}"))?;
            tensors.insert(name, tensor);
        }
        Ok(Checkpoint { epoch: header.epoch, step: header.step, sums: header.sums, tensors })
    }
}

fn digest(manifest: &Manifest) -> String {
    let text = serde_json::to_vec(manifest).expect("a manifest is plain values");
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
