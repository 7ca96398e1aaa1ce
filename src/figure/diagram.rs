//! Figures 7, 8 and 10: the cell, the operations and the head, from the data that build them.

use super::{
    Figure, Result, graph, sheet,
    style::{Area, BLUE, GREEN, INK, ORANGE, QUIET, SKY, VERMILLION, bold, px, short, text},
};
use crate::{
    cell::{INPUTS, Role, Topology},
    operation::{Composition, Operation, Order, Stage},
    run::CellSummary,
    search::{Config, Method},
    tensor::op::PoolKind,
};
use plotters::{
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

const PURPLE: RGBColor = RGBColor(204, 121, 167);

/// Figure 7: nodes and edges of the minimal cell.
pub(super) fn cell(figure: &Figure) -> Result<Vec<u8>> {
    let topology = Topology::minimal();
    let summary = CellSummary {
        cells: 1,
        nodes: topology.nodes(),
        inputs: INPUTS,
        edges: topology.edges().to_vec(),
        output: topology.output().to_vec(),
    };
    let edge = |edge: usize| {
        let colour = if topology.role(edge) == Role::Input { BLUE } else { VERMILLION };
        graph::Edge { label: format!("edge {edge}"), colour, dropped: false }
    };
    let edges: Vec<_> = (0..topology.edges().len()).map(edge).collect();
    sheet::draw(figure, [720, 380], |area| {
        let (picture, legend) = area.split_vertically(px(320));
        graph::draw(&picture.margin(px(4), px(4), px(60), px(60)), &summary, &edges)?;
        let names = [
            ("input edges", BLUE),
            ("intermediate edge", VERMILLION),
            ("output edges: skip connections, concatenated", QUIET),
        ];
        let names = names.map(|(name, colour)| (name.to_string(), colour.stroke_width(px(2) as u32)));
        super::lines::legend(&legend, &names)
    })
}

/// Figure 8: the parts of each operation, in the paper's order, and a unit in each of the three orders.
pub(super) fn operations(figure: &Figure) -> Result<Vec<u8>> {
    let rows = Operation::ALL.len() + Order::ALL.len();
    sheet::draw(figure, [960, 44 * rows as i32 + 70], |area| {
        let row = |at: usize| px(30) + px(44) * at as i32;
        let edge = Topology::minimal().edges()[4];
        let order = Order::ReluConvNorm;
        area.draw_text(
            &format!("{}, from node {} to node {}", words(order), edge[0], edge[1]),
            &bold(15, INK),
            (0, px(2)),
        )?;
        for (at, operation) in Operation::ALL.into_iter().enumerate() {
            let name = format!("{at} {}", short(operation.name()));
            chain(area, row(at), &name, &format!("X{}", edge[0]), &parts(operation, order), &format!("X{}", edge[1]))?;
        }
        let below = row(Operation::ALL.len()) + px(10);
        area.draw_text(
            "a unit of sep 3×3 in the paper's order (Fig. 8) and in those of Figures 20 and 21",
            &bold(15, INK),
            (0, below),
        )?;
        for (at, order) in Order::ALL.into_iter().enumerate() {
            let y = below + px(28) + px(44) * at as i32;
            chain(area, y, &words(order), "X", &unit(order, 3, 1), "out")?;
        }
        Ok(())
    })
}

/// Figure 10: global average pooling, the classifier, the loss, with their shapes.
pub(super) fn head(figure: &Figure) -> Result<Vec<u8>> {
    let config = Config::new(Method::Dsnas);
    let (image, classes) = ([8, 8, 1], 10);
    let settings = config.network(image, classes).expect("the protocol's settings make sense");
    let (h, w, c) = (settings.input.h, settings.input.w, settings.channels * settings.topology.output().len());
    let n = settings.input.n;
    let linear = if settings.bias { "linear, with bias" } else { "linear, without bias" };
    let boxes = [
        ("concatenate".to_string(), SKY),
        ("global average pooling".to_string(), GREEN),
        (linear.to_string(), BLUE),
        ("softmax, cross-entropy".to_string(), VERMILLION),
    ];
    let values = [
        ("last cell".to_string(), format!("{} nodes", settings.topology.output().len())),
        ("X4".into(), format!("{n} × {h} × {w} × {c}")),
        ("Xp".into(), format!("{n} × {c}")),
        ("Y".into(), format!("{n} × {}", settings.classes)),
        ("L".into(), "C = L − H".into()),
    ];
    sheet::draw(figure, [1040, 90], |area| {
        let (mut x, y) = (0, px(14));
        for (index, (name, shape)) in values.iter().enumerate() {
            let width =
                [name, shape].iter().map(|line| wide(area, line)).try_fold(0, |most, w| w.map(|w| most.max(w)))?;
            let centre = x + width / 2;
            let style = |style: plotters::style::TextStyle<'static>| style.pos(Pos::new(HPos::Center, VPos::Center));
            area.draw_text(name, &style(bold(15, INK)), (centre, y + px(15)))?;
            area.draw_text(shape, &style(text(13, QUIET)), (centre, y + px(46)))?;
            x += width + px(4);
            if let Some((label, colour)) = boxes.get(index) {
                x = arrow(area, x, y + px(15))?;
                x = part(area, x, y, label, *colour)?;
                x = arrow(area, x, y + px(15))? + px(4);
            }
        }
        Ok(())
    })
}

/// "ReLU-Conv-Norm".
fn words(order: Order) -> String {
    order
        .stages()
        .map(|stage| match stage {
            Stage::Relu => "ReLU",
            Stage::Convolution => "Conv",
            Stage::Norm => "BN",
        })
        .join("-")
}

fn unit(order: Order, kernel: usize, dilation: usize) -> Vec<(String, RGBColor)> {
    let dilated = if dilation > 1 { format!(", dilation {dilation}") } else { String::new() };
    let stage = |stage| match stage {
        Stage::Relu => vec![("ReLU".to_string(), ORANGE)],
        Stage::Convolution => {
            vec![(format!("depthwise {kernel}×{kernel}{dilated}"), BLUE), ("pointwise 1×1".to_string(), BLUE)]
        }
        Stage::Norm => vec![("BN".to_string(), PURPLE)],
    };
    order.stages().into_iter().flat_map(stage).collect()
}

fn parts(operation: Operation, order: Order) -> Vec<(String, RGBColor)> {
    match operation.composition() {
        Composition::Zero => vec![("0".into(), QUIET)],
        Composition::Identity => vec![],
        Composition::Pool(kind) => {
            let kind = if kind == PoolKind::Max { "max" } else { "average" };
            vec![(format!("{kind} pooling 3×3"), GREEN), ("BN".into(), PURPLE)]
        }
        Composition::Separable { kernel, dilation, units } => {
            (0..units).flat_map(|_| unit(order, kernel, dilation)).collect()
        }
    }
}

/// One row: a name, then boxes with arrows between them.
fn chain(area: &Area, y: i32, name: &str, from: &str, parts: &[(String, RGBColor)], to: &str) -> Result<()> {
    let at = |h| Pos::new(h, VPos::Center);
    let middle = y + px(15);
    area.draw_text(name, &text(14, INK).pos(at(HPos::Left)), (0, middle))?;
    let mut x = px(126);
    area.draw_text(from, &bold(14, INK).pos(at(HPos::Left)), (x, middle))?;
    x = arrow(area, x + wide(area, from)? + px(4), middle)?;
    for (label, colour) in parts {
        x = part(area, x, y, label, *colour)?;
        x = arrow(area, x, middle)?;
    }
    Ok(area.draw_text(to, &bold(14, INK).pos(at(HPos::Left)), (x + px(4), middle))?)
}

/// A box with `label`, from `x` on; where it ends.
fn part(area: &Area, x: i32, y: i32, label: &str, colour: RGBColor) -> Result<i32> {
    let end = x + wide(area, label)? + px(16);
    let corners = [(x, y), (end, y + px(30))];
    area.draw(&Rectangle::new(corners, colour.mix(0.18).filled()))?;
    area.draw(&Rectangle::new(corners, colour.stroke_width(px(1) as u32)))?;
    let style = text(14, INK).pos(Pos::new(HPos::Center, VPos::Center));
    area.draw_text(label, &style, ((x + end) / 2, y + px(16)))?;
    Ok(end)
}

/// A short arrow from `x` on; where it ends.
fn arrow(area: &Area, x: i32, y: i32) -> Result<i32> {
    let end = x + px(18);
    area.draw(&PathElement::new(vec![(x + px(2), y), (end - px(6), y)], INK.stroke_width(px(1) as u32)))?;
    let head = vec![(end - px(1), y), (end - px(7), y - px(3)), (end - px(7), y + px(3))];
    area.draw(&Polygon::new(head, INK.filled()))?;
    Ok(end)
}

fn wide(area: &Area, label: &str) -> Result<i32> {
    Ok(area.estimate_text_size(label, &text(14, INK))?.0 as i32)
}
