//! The eight operations of the search space, and the order in which ReLU, convolution and
//! normalisation are stacked inside them.
//!
//! | # | operation | composition |
//! | --- | --- | --- |
//! | 0 | none | 0 |
//! | 1 | skip_connect | the identity: no ReLU, no norm (eq. 11) |
//! | 2, 3 | max_pool_3x3, avg_pool_3x3 | pool → norm |
//! | 4, 7 | sep_conv_3x3, sep_conv_5x5 | (ReLU → depthwise → pointwise → norm) twice |
//! | 5, 6 | dil_conv_3x3, dil_conv_5x5 | ReLU → depthwise, dilation 2 → pointwise → norm |

mod layer;
mod unit;

pub use layer::Layer;
pub use unit::{Filter, Unit};

use crate::tensor::op::PoolKind;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// An operation that an edge can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    None,
    SkipConnect,
    #[serde(rename = "max_pool_3x3")]
    MaxPool3x3,
    #[serde(rename = "avg_pool_3x3")]
    AvgPool3x3,
    #[serde(rename = "sep_conv_3x3")]
    SepConv3x3,
    #[serde(rename = "dil_conv_3x3")]
    DilConv3x3,
    #[serde(rename = "dil_conv_5x5")]
    DilConv5x5,
    #[serde(rename = "sep_conv_5x5")]
    SepConv5x5,
}

impl Operation {
    /// All of them, in the order of every table and of α's columns.
    pub const ALL: [Operation; 8] = [
        Operation::None,
        Operation::SkipConnect,
        Operation::MaxPool3x3,
        Operation::AvgPool3x3,
        Operation::SepConv3x3,
        Operation::DilConv3x3,
        Operation::DilConv5x5,
        Operation::SepConv5x5,
    ];

    /// The column.
    pub fn index(self) -> usize {
        self as usize
    }

    /// The name used everywhere.
    pub fn name(self) -> &'static str {
        match self {
            Operation::None => "none",
            Operation::SkipConnect => "skip_connect",
            Operation::MaxPool3x3 => "max_pool_3x3",
            Operation::AvgPool3x3 => "avg_pool_3x3",
            Operation::SepConv3x3 => "sep_conv_3x3",
            Operation::DilConv3x3 => "dil_conv_3x3",
            Operation::DilConv5x5 => "dil_conv_5x5",
            Operation::SepConv5x5 => "sep_conv_5x5",
        }
    }

    /// What it is made of.
    pub fn composition(self) -> Composition {
        let separable = |kernel, dilation, units| Composition::Separable { kernel, dilation, units };
        match self {
            Operation::None => Composition::Zero,
            Operation::SkipConnect => Composition::Identity,
            Operation::MaxPool3x3 => Composition::Pool(PoolKind::Max),
            Operation::AvgPool3x3 => Composition::Pool(PoolKind::Average),
            Operation::SepConv3x3 => separable(3, 1, 2),
            Operation::DilConv3x3 => separable(3, 2, 1),
            Operation::DilConv5x5 => separable(5, 2, 1),
            Operation::SepConv5x5 => separable(5, 1, 2),
        }
    }
}

/// What an operation is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Composition {
    /// 0 whatever the input.
    Zero,
    /// The input.
    Identity,
    /// A 3×3 pooling, then a norm.
    Pool(PoolKind),
    /// `units` times ReLU, a separable k×k convolution and a norm, in the [`Order`].
    Separable {
        /// k of the depthwise part.
        kernel: usize,
        /// Its dilation.
        dilation: usize,
        /// How often.
        units: usize,
    },
}

/// A part of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// max(x, 0).
    Relu,
    /// The convolution.
    Convolution,
    /// The normalisation.
    Norm,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Operation {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|operation| operation.name() == name)
            .ok_or_else(|| format!("unknown operation '{name}'; known: {}", Self::ALL.map(Operation::name).join(", ")))
    }
}

/// The order of ReLU, convolution and normalisation (section 8.2). Pooling is followed by a norm in
/// each of them, without a ReLU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// norm(conv(relu(x))): the paper's default (Fig. 8).
    ReluConvNorm,
    /// norm(relu(conv(x))) (Fig. 20).
    ConvReluNorm,
    /// relu(norm(conv(x))) (Fig. 21).
    ConvNormRelu,
}

impl Order {
    /// All three.
    pub const ALL: [Order; 3] = [Order::ReluConvNorm, Order::ConvReluNorm, Order::ConvNormRelu];

    /// The name used everywhere.
    pub fn name(self) -> &'static str {
        match self {
            Order::ReluConvNorm => "relu_conv_norm",
            Order::ConvReluNorm => "conv_relu_norm",
            Order::ConvNormRelu => "conv_norm_relu",
        }
    }

    /// The parts of a unit, the first to see the input first.
    pub fn stages(self) -> [Stage; 3] {
        match self {
            Order::ReluConvNorm => [Stage::Relu, Stage::Convolution, Stage::Norm],
            Order::ConvReluNorm => [Stage::Convolution, Stage::Relu, Stage::Norm],
            Order::ConvNormRelu => [Stage::Convolution, Stage::Norm, Stage::Relu],
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Order {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|order| order.name() == name)
            .ok_or_else(|| format!("unknown order '{name}'; known: {}", Self::ALL.map(Order::name).join(", ")))
    }
}
