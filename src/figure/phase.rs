//! None's probability at the end of a search, over two settings at a time: what drives the width
//! preference of DSNAS and the dropped edges of DARTS.

use super::{
    Estimate, Figure, Group, Result, sheet,
    style::{Area, EMPTY, INK, QUIET, VERMILLION, bold, px, text},
};
use crate::{
    run::RunFolder,
    trend::{Setting, statistic},
};
use plotters::{
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};
use serde_json::Value;

pub(super) const CAPTION: &str = "p_α(none) at the end: in DSNAS on the intermediate edge, in bi-level DARTS averaged over all edges; ± its standard error over seeds. Below it the seeds in which none is the most probable operation there (DARTS: on every edge).";

/// Which searches a panel is about, and the keys of their settings along its axes.
struct Plan {
    title: &'static str,
    method: &'static str,
    across: [&'static str; 2],
    down: [&'static str; 2],
}

const PLANS: [Plan; 3] = [
    Plan {
        title: "DSNAS, intermediate edge",
        method: "dsnas",
        across: ["theta-lr", "learning rate of θ"],
        down: ["head-gain", "head gain"],
    },
    Plan {
        title: "DSNAS, intermediate edge",
        method: "dsnas",
        across: ["alpha-lr", "learning rate of α"],
        down: ["head-gain", "head gain"],
    },
    Plan {
        title: "DARTS, all edges",
        method: "darts",
        across: ["training-images", "images that train θ"],
        down: ["label-noise", "label noise"],
    },
];

/// A grid of settings; a field that no run fills is empty.
pub(super) struct Panel {
    title: String,
    names: [&'static str; 2],
    columns: Vec<f64>,
    rows: Vec<f64>,
    fields: Vec<Vec<Option<Field>>>,
}

/// p(none), and in how many of how many seeds none leads.
#[derive(Clone, Copy)]
struct Field {
    p: Estimate,
    led: usize,
    seeds: usize,
}

/// For each plan the largest grid of groups that differ in its two settings alone, if both vary.
pub(super) fn panels(groups: &[Group]) -> Vec<Panel> {
    PLANS.iter().filter_map(|plan| panel(plan, groups)).collect()
}

fn panel(plan: &Plan, groups: &[Group]) -> Option<Panel> {
    let keys = [plan.across[0], plan.down[0]];
    let rest = |group: &Group| {
        let mut config = group.first().manifest.config.clone();
        let map = config.as_object_mut();
        map.into_iter().for_each(|map| keys.iter().chain(&["seed"]).for_each(|key| drop(map.shift_remove(*key))));
        config
    };
    let at = |group: &Group, key: &str| group.first().manifest.config.get(key).and_then(Value::as_f64);
    let of_method = groups.iter().filter(|group| {
        Setting(group.first()).uses(plan.method)
            && keys.iter().all(|key| at(group, key).is_some())
            && field(group).is_some()
    });
    let mut families: Vec<(Value, Vec<&Group>)> = Vec::new();
    for group in of_method {
        let rest = rest(group);
        match families.iter_mut().find(|(known, _)| *known == rest) {
            Some((_, family)) => family.push(group),
            None => families.push((rest, vec![group])),
        }
    }
    let (_, family) = families.into_iter().rev().max_by_key(|(_, family)| family.len())?;
    let axis = |key: &str| {
        let mut values: Vec<f64> = family.iter().filter_map(|group| at(group, key)).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        values
    };
    let [columns, rows] = keys.map(axis);
    if columns.len() < 2 || rows.len() < 2 {
        return None;
    }
    let find = |row: f64, column: f64| {
        family.iter().find(|group| at(group, keys[0]) == Some(column) && at(group, keys[1]) == Some(row))
    };
    let fields = rows
        .iter()
        .map(|row| columns.iter().map(|column| find(*row, *column).and_then(|group| field(group))).collect());
    let fields = fields.collect();
    let others = ["theta-lr", "alpha-lr"].iter().filter(|key| !keys.contains(key) && plan.method == "dsnas");
    let others = others.filter_map(|key| Some(format!(", {key} {}", at(family[0], key)?))).collect::<String>();
    Some(Panel {
        title: format!("{}{others}", plan.title),
        names: [plan.across[1], plan.down[1]],
        columns,
        rows,
        fields,
    })
}

/// What the group shows on the edges in question; nothing where the cell has none of them.
fn field(group: &Group) -> Option<Field> {
    let all = Setting(group.first()).uses("darts");
    let cell = &group.first().manifest.cell;
    let edges: Vec<_> = (0..cell.edges.len()).filter(|&edge| all || cell.is_intermediate(edge)).collect();
    let none = statistic::none(group.first()).filter(|_| !edges.is_empty())?;
    let p = |run: &RunFolder| {
        let p = run.probabilities(run.epochs());
        edges.iter().map(|&edge| p[[edge, none]]).sum::<f64>() / edges.len() as f64
    };
    let leads = |run: &RunFolder| {
        let dropped = statistic::dropped(run, run.epochs());
        edges.iter().all(|edge| dropped.contains(edge))
    };
    let led = group.runs.iter().filter(|run| leads(run)).count();
    Some(Field { p: group.estimate(p), led, seeds: group.runs.len() })
}

const FIELD: [i32; 2] = [px(78), px(52)];
const LEFT: i32 = px(74);
const TOP: i32 = px(30);
const BELOW: i32 = px(52);

pub(super) fn draw(figure: &Figure) -> Result<Vec<u8>> {
    let panels = panels(&figure.groups);
    let width = |panel: &Panel| LEFT + FIELD[0] * panel.columns.len() as i32 + px(24);
    let height = panels.iter().map(|panel| TOP + FIELD[1] * panel.rows.len() as i32 + BELOW).max().unwrap_or(0);
    let full = panels.iter().map(width).sum::<i32>() / px(1);
    sheet::draw(figure, [full.max(680), height / px(1)], |area| {
        let mut left = 0;
        for (panel, letter) in panels.iter().zip('a'..) {
            let slot = area.clone().shrink((left, 0), (width(panel), height));
            draw_panel(&slot, &format!("({letter}) {}", panel.title), panel)?;
            left += width(panel);
        }
        Ok(())
    })
}

fn draw_panel(slot: &Area, title: &str, panel: &Panel) -> Result<()> {
    slot.draw_text(title, &bold(14, INK), (LEFT, px(6)))?;
    let centred = |h| Pos::new(h, VPos::Center);
    // The greatest value on top, as on an axis.
    let y = |row: usize| TOP + FIELD[1] * (panel.rows.len() - 1 - row) as i32;
    let x = |column: usize| LEFT + FIELD[0] * column as i32;
    for (row, fields) in panel.fields.iter().enumerate() {
        for (column, field) in fields.iter().enumerate() {
            let (left, top) = (x(column), y(row));
            let end = (left + FIELD[0] - px(1), top + FIELD[1] - px(1));
            let fill = field.map_or(EMPTY, |field| shade(field.p.mean));
            slot.draw(&Rectangle::new([(left, top), end], fill.filled()))?;
            let Some(Field { p, led, seeds }) = *field else { continue };
            let ink = if p.mean > 0.6 { WHITE } else { INK };
            let spread = if seeds > 1 { format!(" ±{:.2}", p.error) } else { String::new() };
            for (line, at) in [(format!("{:.2}{spread}", p.mean), -1), (format!("{led} of {seeds}"), 1)] {
                let style = text(13, ink).pos(centred(HPos::Center));
                slot.draw_text(&line, &style, (left + FIELD[0] / 2, top + FIELD[1] / 2 + at * px(9)))?;
            }
        }
        let style = text(14, INK).pos(centred(HPos::Right));
        slot.draw_text(&panel.rows[row].to_string(), &style, (LEFT - px(8), y(row) + FIELD[1] / 2))?;
    }
    let below = TOP + FIELD[1] * panel.rows.len() as i32;
    for (column, value) in panel.columns.iter().enumerate() {
        let style = text(14, INK).pos(centred(HPos::Center));
        slot.draw_text(&value.to_string(), &style, (x(column) + FIELD[0] / 2, below + px(12)))?;
    }
    let middle = |n: usize, size: i32| size * n as i32 / 2;
    let style = text(14, QUIET).pos(centred(HPos::Center));
    slot.draw_text(panel.names[0], &style, (LEFT + middle(panel.columns.len(), FIELD[0]), below + px(34)))?;
    let turned = style.transform(plotters::style::FontTransform::Rotate270);
    slot.draw_text(panel.names[1], &turned, (px(10), TOP + middle(panel.rows.len(), FIELD[1])))?;
    Ok(())
}

/// White at 0 to vermillion at 1.
fn shade(p: f64) -> RGBColor {
    let mix = |channel: u8| (255.0 + p * (f64::from(channel) - 255.0)).round() as u8;
    RGBColor(mix(VERMILLION.0), mix(VERMILLION.1), mix(VERMILLION.2))
}
