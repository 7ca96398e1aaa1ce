//! Data: the digits are the digits; splits and batches are exact and seeded; bad data is refused.

use ndarray::{Array4, Axis};
use std::collections::BTreeSet;
use wirecost::data::{Error, Images, batches, digits, split, synthetic};

fn counts(images: &Images) -> Vec<usize> {
    (0..images.classes).map(|class| images.labels.iter().filter(|&&label| label == class).count()).collect()
}

/// Each image as a comparable thing.
fn set_of(images: &Images) -> BTreeSet<Vec<u32>> {
    images.pixels.axis_iter(Axis(0)).map(|image| image.iter().map(|x| x.to_bits()).collect()).collect()
}

#[test]
fn digits_are_the_published_ones() {
    let digits = digits();
    assert_eq!(digits.pixels.dim(), (1797, 8, 8, 1));
    assert_eq!(counts(&digits), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    assert_eq!(digits.sha256(), "6c4b1c30a919f59d9222786c72d91ae7c516bee01b3feca0fda58cac7a6dbe21");
    // Every pixel is (g − mean) / std of a grey level g in 0..=16, with the published mean and deviation.
    let (mean, std) = (4.884_164_579_855_314, 6.016_787_548_675_19);
    for &x in &digits.pixels {
        let grey = f64::from(x) * std + mean;
        assert!((grey - grey.round()).abs() <= 32.0 * f64::from(f32::EPSILON) && (-0.5..16.5).contains(&grey));
    }
    let first: Vec<f64> = digits.pixels.iter().take(8).map(|&x| (f64::from(x) * std + mean).round()).collect();
    assert_eq!((first, digits.labels[0]), (vec![0.0, 0.0, 5.0, 13.0, 9.0, 1.0, 0.0, 0.0], 0));
}

#[test]
fn standardised_per_channel() {
    let images = synthetic(1, 30, [5, 4, 3], 3).unwrap();
    for channel in images.pixels.axis_iter(Axis(3)) {
        let n = channel.len() as f64;
        let mean = channel.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
        let variance = channel.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / n;
        // Rounding each pixel, of magnitude below 8, to f32.
        let bound = 8.0 * f64::from(f32::EPSILON);
        assert!(mean.abs() <= bound && (variance - 1.0).abs() <= 2.0 * bound, "{mean} {variance}");
    }
    let flat = Images::new("flat", 1, Array4::from_elem((2, 3, 3, 1), 7.0), vec![0, 0]).unwrap().standardised();
    assert!(flat.pixels.iter().all(|&x| x == 0.0));
}

#[test]
fn synthetic_images_tell_their_class() {
    let images = synthetic(3, 40, [4, 4, 1], 4).unwrap();
    assert_eq!(counts(&images), [10; 4]);
    assert_eq!(images, synthetic(3, 40, [4, 4, 1], 4).unwrap());
    assert_ne!(images.sha256(), synthetic(4, 40, [4, 4, 1], 4).unwrap().sha256());
    // Images of a class are closer to each other than to those of another.
    let distance = |a: usize, b: usize| {
        let of = |i| images.pixels.index_axis(Axis(0), i);
        (&of(a) - &of(b)).mapv(|x| x * x).sum()
    };
    let near: f32 = (1..10).map(|i| distance(0, 4 * i)).sum();
    let far: f32 = (1..10).map(|i| distance(0, 4 * i + 1)).sum();
    assert!(near < far, "{near} {far}");
}

#[test]
fn splits_are_disjoint_and_exhaustive() {
    let images = synthetic(5, 60, [3, 3, 1], 3).unwrap();
    let parts = split(&images, 11, [30, 20, 10]).unwrap();
    assert_eq!(parts.each_ref().map(Images::len), [30, 20, 10]);
    let union: BTreeSet<_> = parts.iter().flat_map(set_of).collect();
    assert_eq!(union, set_of(&images), "60 different images, all there");
    assert_eq!(union.len(), 60);
    assert_eq!(parts, split(&images, 11, [30, 20, 10]).unwrap());
    assert_ne!(parts, split(&images, 12, [30, 20, 10]).unwrap());
    assert_eq!(split(&images, 11, [30]).unwrap()[0], parts[0], "the first set does not depend on the others");
}

#[test]
fn batches_cover_an_epoch_and_are_seeded() {
    let epoch = |seed, set, epoch| batches(seed, set, epoch, 10, 4).collect::<Vec<_>>();
    let first = epoch(7, "training", 0);
    assert_eq!(first.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 2]);
    assert_eq!(first.concat().into_iter().collect::<BTreeSet<_>>(), (0..10).collect());
    assert_eq!(first, epoch(7, "training", 0));
    for other in [epoch(8, "training", 0), epoch(7, "search", 0), epoch(7, "training", 1)] {
        assert_ne!(first, other);
    }
    assert_eq!(batches(7, "training", 0, 1440, 96).len(), 15);
}

#[test]
fn a_batch_is_the_images_asked_for() {
    let images = synthetic(5, 6, [2, 3, 2], 3).unwrap();
    let (pixels, labels) = images.batch(&[4, 1]);
    assert_eq!((pixels.dim(), labels), ((2, 2, 3, 2), vec![1, 1]));
    assert_eq!(pixels.index_axis(Axis(0), 0), images.pixels.index_axis(Axis(0), 4));
}

#[test]
fn label_noise_changes_exactly_its_share() {
    let images = synthetic(5, 200, [2, 2, 1], 10).unwrap();
    let noisy = images.with_label_noise(0.3, 9).unwrap();
    let changed = images.labels.iter().zip(&noisy.labels).filter(|(a, b)| a != b).count();
    assert_eq!((changed, &noisy.pixels), (60, &images.pixels));
    assert_eq!(noisy, images.with_label_noise(0.3, 9).unwrap());
    assert_eq!(images.with_label_noise(0.0, 9).unwrap(), images);
    assert!(images.with_label_noise(1.5, 9).unwrap_err().to_string().contains("label noise"));
    assert!(images.with_label_noise(f64::NAN, 9).is_err());
}

#[test]
fn bad_data_is_refused_in_one_line() {
    let pixels = || Array4::<f32>::zeros((2, 3, 3, 1));
    let mut nan = pixels();
    nan[[1, 0, 2, 0]] = f32::NAN;
    let cases = [
        (Images::new("x", 2, Array4::zeros((0, 3, 3, 1)), vec![]), "data x: images: expected at least 1"),
        (Images::new("x", 2, pixels(), vec![0]), "data x: labels: expected 2"),
        (Images::new("x", 2, pixels(), vec![0, 2]), "data x: labels[1]: expected less than 2, found 2"),
        (Images::new("x", 2, nan, vec![0, 1]), "data x: pixels of image 1: expected finite numbers, found NaN"),
        (synthetic(1, 0, [2, 2, 1], 2), "data synthetic: images"),
        (synthetic(1, 2, [2, 2, 1], 0), "data synthetic: classes"),
    ];
    for (result, message) in cases {
        let text = result.unwrap_err().to_string();
        assert!(text.starts_with(message) && !text.contains('\n'), "{text}");
    }
    let images = Images::new("x", 2, pixels(), vec![0, 1]).unwrap();
    assert!(matches!(split(&images, 1, [2, 1]), Err(Error::Setting { .. })));
    assert!(matches!(split(&images, 1, [2, 0]), Err(Error::Empty { .. })));
}
