//! Fashion-MNIST: 28×28 grey levels of ten kinds of clothes, 60 000 images to train on and 10 000 to
//! test with, in four IDX files.
//!
//! Source: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking
//! Machine Learning Algorithms", 2017, <https://github.com/zalandoresearch/fashion-mnist>, MIT.

use super::{
    Dataset, Error, Images, Result,
    files::{Expected, Listing, content},
    idx,
};
use ndarray::{Axis, Ix3};
use std::path::Path;

/// Black pixels on each side, so that images are 32×32 as CIFAR-10's.
const MARGIN: usize = 2;

const FILES: Listing = Listing {
    name: "fashion-mnist",
    files: &[
        Expected {
            name: "train-images-idx3-ubyte",
            bytes: 47_040_016,
            sha256: Some("c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
        },
        Expected {
            name: "train-labels-idx1-ubyte",
            bytes: 60_008,
            sha256: Some("bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
        },
        Expected {
            name: "t10k-images-idx3-ubyte",
            bytes: 7_840_016,
            sha256: Some("5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
        },
        Expected {
            name: "t10k-labels-idx1-ubyte",
            bytes: 10_008,
            sha256: Some("0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
        },
    ],
    folders: &["data/fashion-mnist", "~/.local/share/datasets/fashion-mnist", "/usr/share/datasets/fashion-mnist"],
    remedy: "apt install dataset-fashion-mnist, or get them (.gz or not) from \
             https://github.com/zalandoresearch/fashion-mnist and say where with --data-dir",
};

/// The training and the test set, `[N, 32, 32, 1]`, normalised by the training set's mean and standard
/// deviation over the 28×28 pixels and then padded with black.
///
/// # Errors
/// If a file is missing, or is not the published one.
pub fn fashion_mnist(folder: Option<&Path>) -> Result<Dataset> {
    let folder = FILES.folder(folder)?;
    let [images, labels, test_images, test_labels] = FILES.files else { unreachable!("four files") };
    let [training, test] = [set(&folder, images, labels)?, set(&folder, test_images, test_labels)?];
    let moments = training.moments();
    let [training, test] = [training, test].map(|images| images.normalised(&moments).padded(MARGIN));
    Ok(Dataset { training, test: Some(test) })
}

fn set(folder: &Path, images: &Expected, labels: &Expected) -> Result<Images> {
    let array = |file, dimensions| {
        let (path, bytes) = content(folder, file)?;
        idx::array(&bytes, dimensions).map_err(|problem| Error::file(&path, problem))
    };
    let pixels = array(images, 3)?.into_dimensionality::<Ix3>().expect("three dimensions").insert_axis(Axis(3));
    let labels = array(labels, 1)?.into_iter().map(usize::from).collect();
    Images::new(FILES.name, 10, pixels.mapv(f32::from), labels)
}
