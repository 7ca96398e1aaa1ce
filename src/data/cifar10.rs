//! CIFAR-10: 32×32 colour images of ten kinds of things, 50 000 to train on and 10 000 to test with,
//! in the six files of its binary version.
//!
//! Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009,
//! <https://www.cs.toronto.edu/~kriz/cifar.html>. Its publisher gives no checksum of the single files, so
//! their lengths and the range of their labels are what is verified.

use super::{
    Dataset, Error, Images, Result,
    files::{Expected, Listing, content},
};
use ndarray::{Array4, ArrayView3};
use std::path::Path;

const CLASSES: usize = 10;
const SIDE: usize = 32;
const CHANNELS: usize = 3;
/// A label, then the red, the green and the blue plane, each row-major.
const RECORD: usize = 1 + CHANNELS * SIDE * SIDE;

const fn file(name: &'static str) -> Expected {
    Expected { name, bytes: 10_000 * RECORD, sha256: None }
}

const FILES: Listing = Listing {
    name: "cifar-10",
    files: &[
        file("data_batch_1.bin"),
        file("data_batch_2.bin"),
        file("data_batch_3.bin"),
        file("data_batch_4.bin"),
        file("data_batch_5.bin"),
        file("test_batch.bin"),
    ],
    folders: &["data/cifar-10-batches-bin", "data/cifar-10", "~/.local/share/datasets/cifar-10-batches-bin"],
    remedy: "get cifar-10-binary.tar.gz from https://www.cs.toronto.edu/~kriz/cifar.html, unpack it and say where \
             with --data-dir",
};

/// The training and the test set, `[N, 32, 32, 3]`, normalised per channel by the training set's mean
/// and standard deviation.
///
/// # Errors
/// If a file is missing, of another length, or has a label that is no class.
pub fn cifar10(folder: Option<&Path>) -> Result<Dataset> {
    let folder = FILES.folder(folder)?;
    let (test, training) = FILES.files.split_last().expect("six files");
    let [training, test] = [set(&folder, training)?, set(&folder, std::slice::from_ref(test))?];
    let moments = training.moments();
    Ok(Dataset { training: training.normalised(&moments), test: Some(test.normalised(&moments)) })
}

fn set(folder: &Path, files: &[Expected]) -> Result<Images> {
    let mut records = Vec::new();
    for file in files {
        let (path, bytes) = content(folder, file)?;
        check(&bytes).map_err(|problem| Error::file(&path, problem))?;
        records.extend(bytes);
    }
    images(&records)
}

/// The images in the content of one or several files.
///
/// # Errors
/// If it is not whole records, or a label is no class.
pub fn images(content: &[u8]) -> Result<Images> {
    check(content).map_err(|problem| Error::file(Path::new(FILES.name), problem))?;
    let (records, _) = content.as_chunks::<RECORD>();
    let mut pixels = Array4::zeros((records.len(), SIDE, SIDE, CHANNELS));
    for (mut image, record) in pixels.outer_iter_mut().zip(records) {
        let planes = ArrayView3::from_shape((CHANNELS, SIDE, SIDE), &record[1..]).expect("a record's length");
        image.assign(&planes.permuted_axes([1, 2, 0]).mapv(f32::from));
    }
    let labels = records.iter().map(|record| usize::from(record[0])).collect();
    Images::new(FILES.name, CLASSES, pixels, labels)
}

fn check(content: &[u8]) -> std::result::Result<(), String> {
    let (records, rest) = content.as_chunks::<RECORD>();
    if !rest.is_empty() {
        return Err(format!("expected records of {RECORD} bytes, found {} bytes after the last", rest.len()));
    }
    match records.iter().position(|record| usize::from(record[0]) >= CLASSES) {
        Some(n) => Err(format!("record {n}: label: expected less than {CLASSES}, found {}", records[n][0])),
        None => Ok(()),
    }
}
