//! Pages of the timeline: by row, and never larger than a response may be.

use contract::TimelineQuery;
use domain::EntryId;
use kernel::{ServiceError, ServiceResult, UnitOfWork};
use store::ChronologyRow;
use timeline::Row;

use crate::timeline::Timelines;

/// Maximum number of rows per page on request. Without a limit the whole timeline is one page, as
/// far as it fits.
const MAX_ROWS: u16 = 500;

/// Maximum size of the rows of a page in bytes as serialised, except for a single longer row.
const MAX_PAGE_BYTES: usize = 3 * 1_024 * 1_024;

impl Timelines {
    /// Cuts the rows to the requested page; the cursor names the last row of the previous page.
    pub(super) fn paginate_rows(
        &self,
        uow: &UnitOfWork<'_, '_>,
        chronology: &ChronologyRow,
        query: &TimelineQuery,
        rows: Vec<Row>,
    ) -> ServiceResult<(Vec<Row>, Option<String>)> {
        let list = format!("timeline/{}", chronology.id);
        let after: Option<EntryId> = query
            .cursor
            .as_deref()
            .map(|cursor| self.kernel.decode_cursor(uow, &list, cursor))
            .transpose()?;
        let start = match after {
            None => 0,
            Some(after) => rows
                .iter()
                .position(|row| row.id == after)
                .map(|at| at + 1)
                .ok_or(ServiceError::Cursor)?,
        };
        let limit = match query.limit {
            None => usize::MAX,
            Some(limit) if (1..=MAX_ROWS).contains(&limit) => usize::from(limit),
            Some(_) => {
                return Err(ServiceError::invalid(
                    "/limit",
                    "out_of_range",
                    "must be from 1 to 500",
                ));
            }
        };
        let limit = limit.min(count_fitting_rows(rows.get(start..).unwrap_or_default())?);
        let more = rows.len().saturating_sub(start) > limit;
        let page: Vec<Row> = rows.into_iter().skip(start).take(limit).collect();
        let next = match page.last().filter(|_| more) {
            Some(last) => Some(self.kernel.encode_cursor(uow, &list, last.id)?),
            None => None,
        };
        Ok((page, next))
    }
}

/// The number of rows that fit on a page, at least one.
fn count_fitting_rows(rows: &[Row]) -> ServiceResult<usize> {
    let mut remaining = MAX_PAGE_BYTES;
    let mut count = 0;
    for row in rows {
        let length = ByteCounter::of(row)?;
        if length > remaining {
            break;
        }
        remaining -= length;
        count += 1;
    }
    Ok(count.max(1))
}

/// A writer that counts bytes and discards them.
struct ByteCounter(usize);

impl ByteCounter {
    /// The serialised length of a value in bytes.
    fn of(value: &impl serde::Serialize) -> ServiceResult<usize> {
        let mut length = Self(0);
        serde_json::to_writer(&mut length, value)
            .map_err(|_| ServiceError::Internal("serialise"))?;
        Ok(length.0)
    }
}

impl std::io::Write for ByteCounter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
