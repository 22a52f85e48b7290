//! Tables as files of any length: read and sent page by page, so that memory doesn't grow with them.

use std::collections::VecDeque;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use http::{HeaderValue, header};
use problem::Problem;

/// A table that is read page by page.
pub(super) trait Pages: Send + 'static {
    /// The next page, written down; `None` after the last.
    fn next(&mut self) -> impl Future<Output = Result<Option<Bytes>, Problem>> + Send;
}

/// What kind of file it is, and how it is called.
#[derive(Clone, Copy)]
pub(super) struct File {
    pub(super) kind: &'static str,
    pub(super) name: &'static str,
    /// What comes before the first page.
    pub(super) head: Option<&'static [&'static str]>,
}

/// The answer. The first page is read before it begins: what is wrong is still told by its status. An answer that breaks
/// off isn't whole.
pub(super) async fn download(file: File, mut pages: impl Pages) -> Result<Response, Problem> {
    let mut ready = VecDeque::new();
    if let Some(columns) = file.head {
        let head = csv_lines([columns.iter().copied()]).map_err(|error| Problem::from_unexpected(&error))?;
        ready.push_back(Bytes::from(head));
    }
    ready.extend(pages.next().await?);
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{}\"", file.name));
    let mut response = Body::from_stream(sent(file.name, pages, ready)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.kind));
    if let Ok(disposition) = disposition {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

fn sent(
    name: &'static str,
    pages: impl Pages,
    ready: VecDeque<Bytes>,
) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
    stream::try_unfold((name, pages, ready), async |(name, mut pages, mut ready)| {
        if let Some(page) = ready.pop_front() {
            return Ok(Some((page, (name, pages, ready))));
        }
        let page = pages.next().await.map_err(|problem| {
            tracing::warn!(file = name, problem = problem.detail(), "a download breaks off");
            std::io::Error::other("the download breaks off")
        })?;
        Ok(page.map(|page| (page, (name, pages, ready))))
    })
}

/// Lines of CSV as RFC 4180 has them.
pub(super) fn csv_lines<L, C>(lines: impl IntoIterator<Item = L>) -> Result<Vec<u8>, csv::Error>
where
    L: IntoIterator<Item = C>,
    C: Into<String>,
{
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for line in lines {
        writer.write_record(line.into_iter().map(|cell| defused(cell.into())))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// What a formula begins with; the wide letters are typed in East Asia, and taken for the others.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// What a spreadsheet would take for a formula, made a text: names of things come from customers.
fn defused(mut cell: String) -> String {
    if cell.trim_start().starts_with(FORMULA) || cell.starts_with(['\t', '\r', '\n']) {
        cell.insert(0, '\'');
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text as it is read again, of the one line that there is.
    fn cell_of(text: &str) -> String {
        let file = csv_lines([["name", text, "end"]]).unwrap();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&*file);
        let lines: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(
            (lines.len(), lines[0].len(), &lines[0][0], &lines[0][2]),
            (1, 3, "name", "end"),
            "{text:?}"
        );
        lines[0][1].to_owned()
    }

    #[test]
    fn what_a_spreadsheet_would_run_is_a_text_and_stays_in_its_cell() {
        for formula in [
            "=cmd|'/c calc'!A1",
            "+1",
            "-1+cmd",
            "@SUM(1)",
            "\t=1",
            "\r=1",
            "\n=1",
            "  =HYPERLINK(\"https://evil.test\")",
            "＝1",
            "＋1",
            "－1",
            "＠SUM(1)",
        ] {
            assert_eq!(cell_of(formula), format!("'{formula}"));
        }
        // What would be a formula if it left its cell, and what is none.
        for text in ["a\",\r\n=1", "a\n=1", "a,=1", "Acme GmbH", "a=b", "'quoted'", "", "ann@example.org"] {
            assert_eq!(cell_of(text), text);
        }
    }
}
