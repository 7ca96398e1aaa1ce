//! Batches as a step sees them: images of a set that stays on a device, cut and reflected.

use ndarray::{Array4, Axis, s};
use proptest::prelude::*;
use rand::RngExt;
use std::collections::BTreeSet;
use wirecost::{
    data::{Augmentation, Images, synthetic},
    search::resident::Resident,
    seed::stream,
    tensor::{Backend, Cpu, Cut, Element},
};

/// The cuts of these images, drawn in their order from the stream "augment" of `seed`.
fn drawn(augmentation: Augmentation, images: &[usize], seed: u64) -> Vec<Cut> {
    let mut stream = stream(seed, "augment");
    let mut cut = |&image: &usize| {
        let (at, reflected) = augmentation.draw(&mut stream);
        Cut { image, at, reflected }
    };
    images.iter().map(&mut cut).collect()
}

fn assembled(images: &Images, cuts: &[Cut]) -> (Array4<f32>, Vec<usize>) {
    let (batch, labels) = Resident::<f32, Cpu>::new(&Cpu::default(), images.clone()).unwrap().batch(cuts).unwrap();
    let [n, h, w, c] = *batch.shape() else { panic!("{:?}", batch.shape()) };
    (Array4::from_shape_vec((n, h, w, c), batch.to_host().unwrap()).unwrap(), labels)
}

#[test]
fn an_augmented_image_is_a_shifted_or_reflected_one() {
    let pixels = Array4::from_shape_fn((200, 4, 5, 2), |(n, y, x, c)| (1 + n * 40 + y * 10 + x * 2 + c) as f32);
    let images = Images::new("ramp", 1, pixels, vec![0; 200]).unwrap();
    let (crop, mut seen) = (1, BTreeSet::new());
    let cuts = drawn(Augmentation { crop, flip: true }, &Vec::from_iter(0..200), 3);
    let (changed, _) = assembled(&images, &cuts);
    for (before, after) in images.pixels.axis_iter(Axis(0)).zip(changed.axis_iter(Axis(0))) {
        let cut = |dy: usize, dx: usize, reflected: bool| {
            after.indexed_iter().all(|((y, x, c), &value)| {
                let x = if reflected { 4 - x } else { x };
                let source = (y + dy).checked_sub(crop).zip((x + dx).checked_sub(crop));
                value == source.and_then(|(y, x)| before.get([y, x, c])).copied().unwrap_or(0.0)
            })
        };
        let all = (0..3).flat_map(|dy| (0..3).flat_map(move |dx| [(dy, dx, false), (dy, dx, true)]));
        let found: Vec<_> = all.filter(|(dy, dx, reflected)| cut(*dy, *dx, *reflected)).collect();
        assert_eq!(found.len(), 1, "{after}");
        seen.insert(found[0]);
    }
    assert_eq!(seen.len(), 18, "all places, both ways");
    assert_eq!(drawn(Augmentation { crop, flip: true }, &Vec::from_iter(0..200), 3), cuts);
}

/// The images at `indices`, one after the other padded, cut out at a place that is drawn, and reflected if heads
/// are up.
fn one_by_one(images: &Images, indices: &[usize], crop: usize, flip: bool, seed: u64) -> Array4<f32> {
    let (mut stream, [h, w, _]) = (stream(seed, "augment"), images.image);
    let mut batch = images.select(indices).pixels;
    let wide = images.select(indices).padded(crop).pixels;
    for (mut image, wide) in batch.axis_iter_mut(Axis(0)).zip(wide.axis_iter(Axis(0))) {
        if crop > 0 {
            let (top, left) = (stream.random_range(0..=2 * crop), stream.random_range(0..=2 * crop));
            image.assign(&wide.slice(s![top..top + h, left..left + w, ..]));
        }
        if flip && stream.random::<bool>() {
            let reflected = image.slice(s![.., ..;-1, ..]).to_owned();
            image.assign(&reflected);
        }
    }
    batch
}

fn agrees<E: Element>(images: &Images, cuts: &[Cut], want: &Array4<f32>) -> Result<(), TestCaseError>
where
    Cpu: Backend<E>,
{
    let set = Resident::<E, Cpu>::new(&Cpu::default(), images.clone()).unwrap();
    let (batch, labels) = set.batch(cuts).unwrap();
    prop_assert_eq!(batch.shape(), want.shape());
    prop_assert_eq!(batch.to_host().unwrap(), want.iter().map(|x| E::of(f64::from(*x))).collect::<Vec<_>>());
    prop_assert_eq!(labels, cuts.iter().map(|cut| images.labels[cut.image]).collect::<Vec<_>>());
    Ok(())
}

proptest! {
    #[test]
    fn a_batch_is_its_images_padded_cut_and_reflected(
        (h, w, c) in (1..=9usize, 1..=9usize, 1..=4usize),
        indices in prop::collection::vec(0..6usize, 1..=20),
        (crop, flip, seed) in (0..=4usize, any::<bool>(), any::<u64>()),
    ) {
        let images = synthetic(seed, 6, [h, w, c], 3).unwrap();
        // Black is not 0.
        let images = Images { black: (0..c).map(|c| 0.1 + c as f32).collect(), ..images };
        let cuts = drawn(Augmentation { crop, flip }, &indices, seed);
        let want = one_by_one(&images, &indices, crop, flip, seed);
        agrees::<f32>(&images, &cuts, &want)?;
        agrees::<f64>(&images, &cuts, &want)?;
    }
}

#[test]
fn without_augmentation_nothing_is_drawn() {
    let mut used = stream(3, "augment");
    assert_eq!(Augmentation { crop: 0, flip: false }.draw(&mut used), ([0, 0], false));
    assert_eq!(used.random::<u64>(), stream(3, "augment").random::<u64>());
}

#[test]
#[should_panic(expected = "index out of bounds")]
fn a_position_beyond_the_set_is_refused() {
    assembled(&synthetic(5, 6, [2, 3, 2], 3).unwrap(), &[Cut::whole(6)]);
}
