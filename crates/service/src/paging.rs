//! Keyset pages: an opaque, encrypted cursor holds where the next page begins.

use domain::Instant;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use store::Keyset;
use uuid::Uuid;

use crate::session::Scene;
use crate::{Answer, Page, PageQuery, Service, ServiceError};

/// Items on a page unless asked otherwise.
const DEFAULT_LIMIT: u16 = 50;
/// Items on a page at most.
const MAX_LIMIT: u16 = 500;

/// A cursor's content: which list it belongs to and after which item to go on.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor<K> {
    list: String,
    after: K,
}

/// Where a page begins and how long it is.
pub(crate) struct Slice {
    pub(crate) after: Option<Keyset>,
    pub(crate) limit: i64,
}

impl Service {
    /// Where the page asked for begins.
    pub(crate) fn slice(&self, scene: &Scene<'_, '_>, list: &str, query: &PageQuery) -> Answer<Slice> {
        let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
        if limit == 0 || limit > MAX_LIMIT {
            return Err(ServiceError::fault("/limit", "out_of_range", "limit is from 1 to 500"));
        }
        let after: Option<(i64, Uuid)> =
            query.cursor.as_deref().map(|cursor| self.read_cursor(scene, list, cursor)).transpose()?;
        Ok(Slice { after: after.map(|(at, id)| Keyset::of(Instant::from_micros(at), id)), limit: i64::from(limit) })
    }

    /// What a cursor of ours says.
    pub(crate) fn read_cursor<K: DeserializeOwned>(
        &self,
        scene: &Scene<'_, '_>,
        list: &str,
        cursor: &str,
    ) -> Answer<K> {
        let bytes = self.vault().open_cursor(scene.actor().partnership, cursor)?;
        let cursor: Cursor<K> = serde_json::from_slice(&bytes).map_err(|_| ServiceError::Cursor)?;
        if cursor.list == list { Ok(cursor.after) } else { Err(ServiceError::Cursor) }
    }

    /// A cursor of ours.
    pub(crate) fn write_cursor<K: Serialize>(&self, scene: &Scene<'_, '_>, list: &str, after: K) -> Answer<String> {
        let cursor = Cursor { list: list.to_owned(), after };
        let bytes = crate::sealing::to_bytes(&cursor)?;
        Ok(self.vault().seal_cursor(scene.actor().partnership, &bytes)?)
    }

    /// Cuts `limit + 1` rows to a page: one more than asked for means that there is a next one.
    pub(crate) fn cut<R>(
        &self,
        scene: &Scene<'_, '_>,
        list: &str,
        slice: &Slice,
        mut rows: Vec<R>,
        key: impl Fn(&R) -> (Instant, Uuid),
    ) -> Answer<(Vec<R>, Option<String>)> {
        let limit = usize::try_from(slice.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = match rows.last().filter(|_| more).map(key) {
            Some((at, id)) => Some(self.write_cursor(scene, list, (at.as_micros(), id))?),
            None => None,
        };
        Ok((rows, next))
    }

    /// Cuts rows to a page and shows each.
    pub(crate) fn page<R, T>(
        &self,
        scene: &Scene<'_, '_>,
        list: &str,
        slice: &Slice,
        rows: Vec<R>,
        key: impl Fn(&R) -> (Instant, Uuid),
        show: impl FnMut(R) -> Answer<T>,
    ) -> Answer<Page<T>> {
        let (rows, next) = self.cut(scene, list, slice, rows, key)?;
        let items = rows.into_iter().map(show).collect::<Answer<Vec<T>>>()?;
        Ok(Page { items, next })
    }
}
