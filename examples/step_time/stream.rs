//! Portable random numbers: what PyTorch and JAX programs can draw as well, to the last bit.
//!
//! Word i of the stream NAME is splitmix64's output function of fnv1a64(NAME) + (i + 1) · γ; as a real
//! number u = ⌊word / 2¹¹⌋ · 2⁻⁵³.

use wirecost::tensor::{Init, Source, error::Result};

/// The words of the stream `name`.
pub fn words(name: &str) -> impl Iterator<Item = u64> + use<> {
    let start = name.bytes().fold(0xCBF2_9CE4_8422_2325, |h: u64, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01B3));
    (1u64..).map(move |i| {
        let z = start.wrapping_add(i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    })
}

/// Uniform in [0, 1).
pub fn uniform(name: &str) -> impl Iterator<Item = f64> + use<> {
    words(name).map(|word| (word >> 11) as f64 * 2f64.powi(-53))
}

/// An activation of mean 0 and variance 1, drawn as `[N, C, H, W]`, here as `[N, H, W, C]`.
pub fn activation(name: &str, [n, h, w, c]: [usize; 4]) -> Vec<f64> {
    let drawn = uniform(name).map(|u| (u - 0.5) * 12f64.sqrt()).take(n * h * w * c).collect::<Vec<_>>();
    let at = |i: usize| {
        let (channel, pixel, sample) = (i % c, i / c % (h * w), i / (c * h * w));
        drawn[(sample * c + channel) * h * w + pixel]
    };
    (0..drawn.len()).map(at).collect()
}

/// Parameters from the streams PREFIX/NAME, by the names that the peers give them.
pub struct Parameters<'a> {
    /// What stands before the name.
    pub prefix: &'a str,
}

impl Source for Parameters<'_> {
    fn values(&mut self, name: &str, shape: &[usize], _: Init) -> Result<Vec<f64>> {
        let peer = format!("{}/{}", self.prefix, peer_name(name));
        let fan_in: usize = if shape.len() == 3 { shape[0] * shape[1] } else { shape[..3].iter().product() };
        let n = shape.iter().product();
        let drawn: Vec<f64> = uniform(&peer).map(|u| (2.0 * u - 1.0) / (fan_in as f64).sqrt()).take(n).collect();
        Ok((0..n).map(|i| drawn[peer_index(shape, i)]).collect())
    }
}

/// Where entry `i` of a parameter `[k, k, C]` or `[k, k, Ci, Co]` stands in the peers' `[C, 1, k, k]` or
/// `[Co, Ci, k, k]`.
pub fn peer_index(shape: &[usize], i: usize) -> usize {
    let taps = shape[0] * shape[1];
    match *shape {
        [_, _, c] => i % c * taps + i / c,
        [_, _, inputs, outputs] => (i % outputs * inputs + i / outputs % inputs) * taps + i / outputs / inputs,
        _ => unreachable!("a convolution's weights"),
    }
}

/// `cell0.edge1.sep_conv_3x3.block2.dw.weight` is `cell0.edge1.op4.dw2` there.
pub fn peer_name(name: &str) -> String {
    let mut name = name.replace("stem.conv.weight", "stem.w").replace("conv.weight", "w");
    for operation in wirecost::operation::Operation::ALL {
        name = name.replace(operation.name(), &format!("op{}", operation.index()));
    }
    for block in ["1", "2"] {
        for part in ["dw", "pw"] {
            name = name.replace(&format!("block{block}.{part}.weight"), &format!("{part}{block}"));
        }
    }
    // An operation alone has no edge, and the peers give its parameters no further name.
    let name = name.replace("classifier.weight", "fc.w");
    name.split_once('.').filter(|(first, _)| first.starts_with("op")).map_or(name.clone(), |(_, rest)| rest.into())
}
