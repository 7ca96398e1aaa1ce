//! Data from files: IDX and CIFAR-10's records as their publishers describe them, and one clear line for
//! what is missing or broken.

use std::{collections::BTreeSet, fs, path::Path, process::Command};
use wirecost::data::{Images, cifar10, held_out, idx, split, synthetic};

/// An IDX file of unsigned bytes.
fn idx_file(shape: &[u32], elements: &[u8]) -> Vec<u8> {
    let sizes = shape.iter().flat_map(|size| size.to_be_bytes());
    [0, 0, 8, shape.len() as u8].into_iter().chain(sizes).chain(elements.iter().copied()).collect()
}

#[test]
fn an_idx_file_is_read_row_major() {
    let elements: Vec<u8> = (0..24).collect();
    let array = idx::array(&idx_file(&[2, 3, 4], &elements), 3).unwrap();
    assert_eq!((array.shape(), array[[1, 2, 3]], array[[1, 0, 1]]), (&[2, 3, 4][..], 23, 13));
}

#[test]
fn an_idx_file_with_a_byte_missing_or_too_many_is_refused() {
    let whole = idx_file(&[2, 3], &[1; 6]);
    let message = |content: &[u8], dimensions| idx::array(content, dimensions).unwrap_err();
    assert!(message(&whole[..whole.len() - 1], 2).contains("each element of [2, 3] after the header, found 5 bytes"));
    assert!(message(&[&whole[..], &[0]].concat(), 2).contains("found 7 bytes"));
    assert!(message(&whole, 1).contains("starts with [0, 0, 8, 1], found [0, 0, 8, 2]"));
    assert!(message(&whole[..7], 2).contains("header"));
    assert!(message(&[], 1).contains("header"));
    // Sizes whose product is more than a machine can count.
    assert!(message(&idx_file(&[u32::MAX; 3], &[]), 3).contains("found 0 bytes"));
}

#[test]
fn cifar_records_are_a_label_and_three_planes() {
    let record =
        |label: u8, plane: fn(usize) -> u8| -> Vec<u8> { [label].into_iter().chain((0..3072).map(plane)).collect() };
    let content = [record(3, |n| (n / 1024) as u8), record(9, |n| (n % 32) as u8)].concat();
    let images = cifar10::images(&content).unwrap();
    assert_eq!((images.pixels.dim(), &images.labels[..], images.classes), ((2, 32, 32, 3), &[3, 9][..], 10));
    for ((n, _, x, c), &value) in images.pixels.indexed_iter() {
        assert_eq!(value, if n == 0 { c as f32 } else { x as f32 });
    }
    let message = |content: &[u8]| cifar10::images(content).unwrap_err().to_string();
    assert!(message(&content[..content.len() - 1]).contains("records of 3073 bytes, found 3072 bytes after the last"));
    assert!(message(&record(10, |_| 0)).contains("record 0: label: expected less than 10, found 10"));
    assert!(message(&[]).contains("expected at least 1"));
}

#[test]
fn one_set_s_moments_normalise_another_and_black_stays_black() {
    let [a, b] = [1, 2].map(|seed| {
        let images = synthetic(seed, 12, [4, 4, 2], 3).unwrap();
        Images::new("grey", 3, images.pixels.mapv(|x| x * 3.0 + 7.0), images.labels).unwrap()
    });
    let (moments, raw) = (a.moments(), b.pixels.clone());
    let [a, b] = [a, b].map(|images| images.normalised(&moments));
    assert_eq!(a.black, b.black);
    // The same map for both, so it is affine: black is where a grey level of 0 goes.
    for (c, black) in b.black.iter().enumerate() {
        let of = |n: usize| (f64::from(raw[[n, 0, 0, c]]), f64::from(b.pixels[[n, 0, 0, c]]));
        let ((x0, y0), (x1, y1)) = (of(0), of(1));
        let line = y0 - x0 * (y1 - y0) / (x1 - x0);
        // Values below 32 rounded to f32, divided by a difference of grey levels.
        let bound = 64.0 * f64::from(f32::EPSILON) * (1.0 + x0.abs() * 2.0 / (x1 - x0).abs());
        assert!((line - f64::from(*black)).abs() <= bound, "{line} {black}");
    }
    let padded = b.clone().padded(2);
    assert_eq!((padded.image, padded.pixels[[0, 1, 3, 1]]), ([8, 8, 2], b.black[1]));
    assert_eq!(padded.pixels.slice(ndarray::s![.., 2..6, 2..6, ..]), b.pixels);
}

#[test]
fn the_held_out_images_are_in_no_other_set() {
    let images = synthetic(5, 60, [3, 3, 1], 3).unwrap();
    let set = |images: &Images| -> BTreeSet<Vec<u32>> {
        images.pixels.outer_iter().map(|image| image.iter().map(|x| x.to_bits()).collect()).collect()
    };
    let [training, search] = split(&images, 11, [30, 20]).unwrap();
    let test = held_out(&images, 11, 50, 10).unwrap();
    assert_eq!(set(&test), &(&set(&images) - &set(&training)) - &set(&search));
    assert!(held_out(&images, 11, 51, 10).unwrap_err().to_string().contains("at most 60 images together"));
}

fn refused(flags: &[&str], folder: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wirecost"));
    command.args(["search", "--method", "dsnas", "--out", "nowhere"]).args(flags).arg("--data-dir").arg(folder);
    let output = command.output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), message.lines().count()), (Some(2), 1), "{message}");
    message
}

#[test]
fn missing_and_broken_files_are_told_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let (path, name) = (folder.path(), folder.path().to_str().unwrap());
    for (data, file, source) in [
        ("fashion-mnist", "train-images-idx3-ubyte", "apt install dataset-fashion-mnist"),
        ("cifar-10", "data_batch_1.bin", "https://www.cs.toronto.edu/~kriz/cifar.html"),
    ] {
        let message = refused(&["--data", data], path);
        assert!([data, file, source, name].iter().all(|part| message.contains(part)), "{message}");
    }
    // As long as the published ones but for a byte, and then as long.
    let lengths = [47_040_016, 60_008, 7_840_016, 10_008];
    let names = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"]
        .map(|n| format!("{n}-ubyte"));
    for (name, length) in names.iter().zip(lengths) {
        fs::File::create(path.join(name)).unwrap().set_len(length).unwrap();
    }
    let first = || fs::File::options().write(true).open(path.join(&names[0])).unwrap();
    first().set_len(lengths[0] - 1).unwrap();
    let message = refused(&["--data", "fashion-mnist"], path);
    assert!(message.contains(&names[0]) && message.contains("expected 47040016 bytes of content, found 47040015"));
    first().set_len(lengths[0]).unwrap();
    assert!(refused(&["--data", "fashion-mnist"], path).contains("expected content with SHA-256"));
    fs::remove_file(path.join(&names[0])).unwrap();
    fs::write(path.join(format!("{}.gz", names[0])), [0x1f, 0x8b, 8]).unwrap();
    assert!(refused(&["--data", "fashion-mnist"], path).contains("ubyte.gz: cannot be read whole"));
    assert!(refused(&["--data", "digits", "--flip", "true"], path).contains("a reflected digit is none"));
    assert!(refused(&["--data", "letters"], path).contains("known: digits, fashion-mnist, cifar-10, synthetic"));
}
