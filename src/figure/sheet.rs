//! The frame around every figure: heading, subject, body, command; and its PNG.

use super::{
    Figure, Result,
    style::{Area, INK, QUIET, SCALE, bold, px, text},
};
use plotters::{prelude::*, style::TextStyle};
use std::io::Write as _;

const MARGIN: i32 = px(18);
const HEAD: i32 = px(68);
const LINE: i32 = px(17);

/// Draws a figure whose body has `width` × `height` pixels.
pub(super) fn draw(
    figure: &Figure,
    [width, height]: [i32; 2],
    body: impl FnOnce(&Area) -> Result<()>,
) -> Result<Vec<u8>> {
    let full = px(width) + 2 * MARGIN;
    let small = text(13, QUIET);
    let (subject, command) = {
        // Only to measure text before the final height is known.
        let mut buffer = vec![0; 3];
        let area = BitMapBackend::with_buffer(&mut buffer, (1, 1)).into_drawing_area();
        let wrapped = |words: &str| wrap(&area, words, &small, px(width));
        (wrapped(&subject(figure))?, wrapped(&source(figure))?)
    };
    let head = HEAD + LINE * (subject.len() as i32 - 1);
    let size = [full, head + px(height) + MARGIN + LINE * command.len() as i32 + MARGIN].map(|n| n as u32);
    let mut pixels = vec![255; (3 * size[0] * size[1]) as usize];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, (size[0], size[1])).into_drawing_area();
        area.draw_text(
            &format!("{} · {}", figure.entry.heading(), figure.entry.title),
            &bold(20, INK),
            (MARGIN, px(12)),
        )?;
        for (index, line) in subject.iter().enumerate() {
            area.draw_text(line, &small, (MARGIN, px(40) + LINE * index as i32))?;
        }
        let below = head + px(height);
        for (index, line) in command.iter().enumerate() {
            area.draw_text(line, &small, (MARGIN, below + MARGIN + LINE * index as i32))?;
        }
        body(&area.margin(head, size[1] as i32 - below, MARGIN, MARGIN))?;
        area.present()?;
    }
    encode(figure, &average(&pixels, size), size.map(|n| n / SCALE))
}

/// Which runs are shown.
fn subject(figure: &Figure) -> String {
    let version = format!("wirecost {}", env!("CARGO_PKG_VERSION"));
    let Some(first) = figure.groups.first() else { return version };
    let manifest = &first.first().manifest;
    let (settings, runs) = (figure.groups.len(), figure.runs().count());
    let which = match settings {
        1 => format!("{} · {}", manifest.title, first.seeds()),
        _ => format!("{settings} settings, {runs} runs · data {}", manifest.data.name),
    };
    format!("{which} · {version}")
}

/// The command that makes the figure's runs, or the diagram.
fn source(figure: &Figure) -> String {
    match &figure.groups[..] {
        [] => format!("$ wirecost report --figure {}", figure.entry.key()),
        [group] if group.runs.len() == 1 => format!("$ {}", group.first().manifest.command),
        [group] => format!("$ {}, {}", group.first().setting(), group.seeds().replacen("seed", "--seed", 1)),
        _ => "The commands are in the manifests of the runs.".into(),
    }
}

/// Splits `words` into lines of at most `width` device pixels.
pub(super) fn wrap(area: &Area, words: &str, style: &TextStyle, width: i32) -> Result<Vec<String>> {
    let mut lines = vec![String::new()];
    for word in words.split_whitespace() {
        let last = lines.last_mut().expect("one line at least");
        let longer = if last.is_empty() { word.into() } else { format!("{last} {word}") };
        if last.is_empty() || area.estimate_text_size(&longer, style)?.0 as i32 <= width {
            *last = longer;
        } else {
            lines.push(word.into());
        }
    }
    Ok(lines)
}

/// Averages [`SCALE`]² device pixels.
fn average(pixels: &[u8], [width, height]: [u32; 2]) -> Vec<u8> {
    let [width, height, scale] = [width, height, SCALE].map(|n| n as usize);
    let mut out = Vec::with_capacity(pixels.len() / (scale * scale));
    for y in 0..height / scale {
        for x in 0..width / scale {
            for channel in 0..3 {
                let at = |i: usize| {
                    u32::from(pixels[3 * ((scale * y + i / scale) * width + scale * x + i % scale) + channel])
                };
                let sum: u32 = (0..scale * scale).map(at).sum();
                out.push(((sum + SCALE * SCALE / 2) / (SCALE * SCALE)) as u8);
            }
        }
    }
    out
}

fn encode(figure: &Figure, pixels: &[u8], [width, height]: [u32; 2]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    // Flat colours and letters: filters make such a file a fifth longer.
    encoder.set_filter(png::Filter::NoFilter);
    encoder.add_itxt_chunk("Title".into(), format!("{}: {}", figure.entry.heading(), figure.entry.title))?;
    encoder.add_itxt_chunk("Source".into(), source(figure))?;
    let mut writer = encoder.write_header()?;
    let mut stream = writer.stream_writer()?;
    stream.write_all(pixels).map_err(png::EncodingError::from)?;
    stream.finish()?;
    drop(writer);
    Ok(out)
}
