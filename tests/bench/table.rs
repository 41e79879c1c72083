//! Figures in columns.

/// A head and rows as lines, each column as wide as its widest cell. Cells that begin with a digit stand at the right.
pub(crate) fn aligned<const COLUMNS: usize>(head: [&str; COLUMNS], rows: &[[String; COLUMNS]]) -> String {
    let mut widths = head.map(|cell| cell.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &[String]| {
        let pad = |(cell, width): (&String, usize)| match cell.starts_with(|first: char| first.is_ascii_digit()) {
            true => format!("{cell:>width$}"),
            false => format!("{cell:<width$}"),
        };
        cells.iter().zip(widths).map(pad).collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let rule = widths.map(|width| "-".repeat(width));
    let head = head.map(str::to_owned);
    [&head, &rule].into_iter().chain(rows).map(|row| line(row)).collect::<Vec<_>>().join("\n")
}

/// The middle one of some figures; of none, zero.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
