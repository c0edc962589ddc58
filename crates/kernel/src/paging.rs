//! Keyset pagination. An opaque, encrypted cursor holds the position at which the next page begins.

use contract::{Page, PageQuery};
use domain::Instant;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::Keyset;
use uuid::Uuid;

use crate::unit_of_work::UnitOfWork;
use crate::{Kernel, ServiceError, ServiceResult};

/// The number of items on a page when the client gives no limit.
const DEFAULT_LIMIT: u16 = 50;
/// The most items on a page.
const MAX_LIMIT: u16 = 500;

/// The content of a cursor: the list that it belongs to, and the key of the last item on the page
/// before.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor<K> {
    list: String,
    after: K,
}

/// The position at which a page begins, and its length.
pub struct PageBounds {
    /// The key of the last item on the page before; none for the first page.
    pub after: Option<Keyset>,
    /// The number of items on the page.
    pub limit: i64,
}

impl Kernel {
    /// Parses the page limits and the cursor of a request.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] for a limit out of range; [`ServiceError::Cursor`] for an invalid
    /// cursor.
    pub fn parse_page_query(
        &self,
        uow: &UnitOfWork<'_, '_>,
        list: &str,
        query: &PageQuery,
    ) -> ServiceResult<PageBounds> {
        let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
        if limit == 0 || limit > MAX_LIMIT {
            return Err(ServiceError::invalid(
                "/limit",
                "out_of_range",
                "must be from 1 to 500",
            ));
        }
        let after: Option<(i64, Uuid)> = query
            .cursor
            .as_deref()
            .map(|cursor| self.decode_cursor(uow, list, cursor))
            .transpose()?;
        Ok(PageBounds {
            after: after.map(|(at, id)| Keyset::new(Instant::from_micros(at), id)),
            limit: i64::from(limit),
        })
    }

    /// Decrypts a cursor and checks that it belongs to `list`.
    ///
    /// # Errors
    /// [`ServiceError::Cursor`] for a cursor that cannot be decrypted or belongs to another list.
    pub fn decode_cursor<K: DeserializeOwned>(
        &self,
        uow: &UnitOfWork<'_, '_>,
        list: &str,
        cursor: &str,
    ) -> ServiceResult<K> {
        let bytes = self.vault().open_cursor(uow.actor().partnership, cursor)?;
        let cursor: Cursor<K> = serde_json::from_slice(&bytes).map_err(|_| ServiceError::Cursor)?;
        if cursor.list == list {
            Ok(cursor.after)
        } else {
            Err(ServiceError::Cursor)
        }
    }

    /// Encrypts a cursor for a page of `list` that begins after `after`.
    pub fn encode_cursor<K: Serialize>(
        &self,
        uow: &UnitOfWork<'_, '_>,
        list: &str,
        after: K,
    ) -> ServiceResult<String> {
        let cursor = Cursor {
            list: list.to_owned(),
            after,
        };
        let bytes = crate::sealing::to_json_bytes(&cursor)?;
        Ok(self.vault().seal_cursor(uow.actor().partnership, &bytes)?)
    }

    /// Truncates `limit + 1` rows to a page. A row beyond the limit means that there is a next
    /// page, whose cursor is returned.
    pub fn split_page<R>(
        &self,
        uow: &UnitOfWork<'_, '_>,
        list: &str,
        bounds: &PageBounds,
        mut rows: Vec<R>,
        key: impl Fn(&R) -> (Instant, Uuid),
    ) -> ServiceResult<(Vec<R>, Option<String>)> {
        let limit = usize::try_from(bounds.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = match rows.last().filter(|_| more).map(key) {
            Some((at, id)) => Some(self.encode_cursor(uow, list, (at.as_micros(), id))?),
            None => None,
        };
        Ok((rows, next))
    }

    /// Truncates rows to a page and converts each row.
    pub fn build_page<R, T>(
        &self,
        uow: &UnitOfWork<'_, '_>,
        list: &str,
        bounds: &PageBounds,
        rows: Vec<R>,
        key: impl Fn(&R) -> (Instant, Uuid),
        show: impl FnMut(R) -> ServiceResult<T>,
    ) -> ServiceResult<Page<T>> {
        let (rows, next) = self.split_page(uow, list, bounds, rows, key)?;
        let items = rows
            .into_iter()
            .map(show)
            .collect::<ServiceResult<Vec<T>>>()?;
        Ok(Page { items, next })
    }
}
