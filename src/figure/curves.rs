//! Figures 11–13: C, L and H over epochs on one set.

use super::{Figure, Result, axes, sheet, style::px};

pub(super) fn draw(figure: &Figure, set: &str) -> Result<Vec<u8>> {
    let group = figure.group();
    sheet::draw(figure, [920, 400], |area| {
        let (legend, panel) = area.split_vertically(px(30));
        axes::draw_legend(&legend, group)?;
        let curves = [
            group.curve(set, |m| Some(m.loss)),
            group.curve(set, |m| Some(m.entropy)),
            group.curve(set, |m| Some(m.cost)),
        ];
        axes::draw(&panel, &format!("{set} set"), group.epochs(), &curves)
    })
}
