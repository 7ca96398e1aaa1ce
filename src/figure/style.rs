//! Colours, sizes and text that all figures share.
//!
//! Sizes are given by [`px`], in pixels of the finished PNG.

use super::Estimate;
use plotters::{
    coord::Shift,
    prelude::*,
    style::{FontStyle, TextStyle, register_font, text_anchor::Pos},
};
use std::sync::Once;

/// Where a figure is drawn: device pixels, [`SCALE`] for each pixel of the PNG.
pub(super) type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

/// Figures are drawn this much larger and averaged down, which smooths every edge.
pub(super) const SCALE: u32 = 3;

pub(super) const INK: RGBColor = RGBColor(25, 25, 25);
pub(super) const QUIET: RGBColor = RGBColor(95, 95, 95);
pub(super) const GRID: RGBColor = RGBColor(222, 222, 222);
pub(super) const EMPTY: RGBColor = RGBColor(205, 205, 205);

// Okabe and Ito's palette, which people with any colour vision can tell apart; wine for its yellow,
// which is too pale for a line on white.
const BLACK: RGBColor = RGBColor(0, 0, 0);
pub(super) const ORANGE: RGBColor = RGBColor(230, 159, 0);
pub(super) const SKY: RGBColor = RGBColor(86, 180, 233);
pub(super) const GREEN: RGBColor = RGBColor(0, 158, 115);
pub(super) const BLUE: RGBColor = RGBColor(0, 114, 178);
pub(super) const VERMILLION: RGBColor = RGBColor(213, 94, 0);
const PURPLE: RGBColor = RGBColor(204, 121, 167);
const WINE: RGBColor = RGBColor(136, 34, 85);

/// The colour of an operation, by its index; 0 is none.
pub(super) fn colour(operation: usize) -> RGBColor {
    [BLACK, ORANGE, SKY, BLUE, GREEN, WINE, PURPLE, VERMILLION][operation % 8]
}

/// From vermillion (+1) over white (0) to blue (−1).
pub(super) fn diverging(value: f64) -> RGBColor {
    let end = if value < 0.0 { BLUE } else { VERMILLION };
    let t = value.abs().min(1.0);
    let mix = |channel: u8| (255.0 + t * (f64::from(channel) - 255.0)).round() as u8;
    RGBColor(mix(end.0), mix(end.1), mix(end.2))
}

/// `size` pixels of the PNG, in device pixels.
pub(super) const fn px(size: i32) -> i32 {
    size * SCALE as i32
}

/// Text of `size` pixels, anchored at its upper left corner.
pub(super) fn text(size: i32, colour: RGBColor) -> TextStyle<'static> {
    styled(size, colour, FontStyle::Normal)
}

/// The same in bold.
pub(super) fn bold(size: i32, colour: RGBColor) -> TextStyle<'static> {
    styled(size, colour, FontStyle::Bold)
}

fn styled(size: i32, colour: RGBColor, style: FontStyle) -> TextStyle<'static> {
    const FONT: &str = "DejaVu Sans";
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        // The files are part of the crate: a test draws with both.
        let _ = register_font(FONT, FontStyle::Normal, include_bytes!("font/DejaVuSans-subset.ttf"));
        let _ = register_font(FONT, FontStyle::Bold, include_bytes!("font/DejaVuSans-Bold-subset.ttf"));
    });
    (FONT, px(size), style).into_font().color(&colour).pos(Pos::default())
}

/// A line through `points`, which are also the single point's dot. plotters thins a wide line at some
/// joints, so each segment is drawn by itself, and a disc on each joint.
pub(super) fn stroke<X: Copy, Y: Copy>(points: &[(X, Y)], style: ShapeStyle) -> (Segments<X, Y>, Joints<X, Y>) {
    let radius = if points.len() == 1 { px(4) } else { style.stroke_width as i32 / 2 };
    let segments = points.windows(2).map(|pair| PathElement::new(pair, style)).collect();
    (segments, points.iter().map(|&at| Circle::new(at, radius, style.filled())).collect())
}

/// The area within one standard error of the means, behind their line.
pub(super) fn band<X: Copy>(points: &[(X, Estimate)], colour: RGBAColor) -> Polygon<(X, f64)> {
    let upper = points.iter().map(|(x, y)| (*x, y.mean + y.error));
    let lower = points.iter().rev().map(|(x, y)| (*x, y.mean - y.error));
    Polygon::new(upper.chain(lower).collect::<Vec<_>>(), colour.mix(0.22).filled())
}

type Segments<X, Y> = Vec<PathElement<(X, Y)>>;
type Joints<X, Y> = Vec<Circle<(X, Y), i32>>;

/// The operation's name, short enough for a label: `sep_conv_3x3` becomes "sep 3×3".
pub(super) fn short(operation: &str) -> String {
    operation
        .replace("_conv_", " ")
        .replace("_pool_", " ")
        .replace("_connect", "")
        .replace("3x3", "3×3")
        .replace("5x5", "5×5")
}
