//! # wirecost
//!
//! Checks every claim of *Understanding the wiring evolution in differentiable neural architecture
//! search* (Xie et al., AISTATS 2021) on this machine, and shows why it holds or fails.
//!
//! The paper explains how DARTS, SNAS, DSNAS and ProxylessNAS wire a cell by the **cost** of an edge,
//! `C(X) = ⟨∂L/∂X, X⟩`: the derivative of the loss `L` when the edge's output `X` is scaled. The
//! modules read from the bottom up, and each imports only from those above it in this table:
//!
//! | module | what it is |
//! | --- | --- |
//! | [`tensor`] | values of run-time shape on dfdx's tape and devices, and the kernels |
//! | [`normalisation`] | batch, layer, instance, group norm: which entries share their statistics |
//! | [`operation`] | the eight operations of a search space and their three stacking orders |
//! | [`cell`] | a cell's graph as data |
//! | [`architecture`] | α, samples, mixtures, and the rules that derive a cell |
//! | [`network`] | stem, stacked cells, head, loss |
//! | [`cost`] | C per edge, operation, node, path, cell and sample; oracle cases |
//! | [`run`] | a run folder: manifest, metrics, costs, α history, checkpoint |
//! | [`trend`] | what each figure shows, as a statistic of run folders |
//! | [`search`] | DARTS, SNAS, DSNAS, ProxylessNAS, random |
//! | [`figure`], [`report`] | the paper's figures from run folders, and the page that shows them |
//! | [`cli`] | one file a subcommand |
//!
//! Beside that line stand [`data`] and [`theorem`] (closed forms in plain `ndarray`), which know
//! nothing of tensors, and [`claim`], the registry of what is checked. [`seed`] is where every random
//! number comes from.

pub mod architecture;
pub mod cell;
pub mod claim;
pub mod cli;
pub mod cost;
pub mod data;
pub mod figure;
pub mod network;
pub mod normalisation;
pub mod operation;
pub mod report;
pub mod run;
pub mod search;
pub mod seed;
pub mod tensor;
pub mod theorem;
pub mod trend;
