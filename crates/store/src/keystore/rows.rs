//! The rows of a keystore's only table.

use diesel::prelude::*;
use vault::{AuditEpoch, Epoch, KeyId, KeyKind};

use crate::connection::on_either;
use crate::{StoreError, Tx};

diesel::table! {
    keystore_keys (kind, id) {
        kind -> Text,
        id -> Text,
        number -> Nullable<BigInt>,
        sealed -> Nullable<Binary>,
        marker -> Nullable<Binary>,
    }
}
use keystore_keys::dsl;

/// What is stored for one key.
#[derive(Queryable)]
pub(super) struct Row {
    /// The sealed key, or random bytes when there is a marker too.
    pub(super) sealed: Option<Vec<u8>>,
    /// The marker of its destruction.
    pub(super) marker: Option<Vec<u8>>,
}

pub(super) fn find(tx: &mut Tx<'_>, key: KeyId) -> Result<Option<Row>, StoreError> {
    let query = dsl::keystore_keys
        .filter(dsl::kind.eq(key.kind().as_str()))
        .filter(dsl::id.eq(key.id()))
        .select((dsl::sealed, dsl::marker));
    tx.run(|c| query.get_result(c).optional())
}

/// Inserts the key's row, unless there is one already, which is then kept.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    key: KeyId,
    sealed: Option<&[u8]>,
    marker: Option<&[u8]>,
) -> Result<(), StoreError> {
    let number = match key {
        KeyId::Epoch(Epoch(number)) | KeyId::Audit(AuditEpoch(number)) => Some(number),
        _ => None,
    };
    let row = (
        dsl::kind.eq(key.kind().as_str()),
        dsl::id.eq(key.id()),
        dsl::number.eq(number),
        dsl::sealed.eq(sealed),
        dsl::marker.eq(marker),
    );
    tx.run(|connection| {
        on_either!(connection, |c| diesel::insert_into(dsl::keystore_keys)
            .values(row)
            .on_conflict_do_nothing()
            .execute(c))
    })?;
    Ok(())
}

/// Overwrites a key with random bytes and sets its marker.
pub(super) fn overwrite(
    tx: &mut Tx<'_>,
    key: KeyId,
    noise: &[u8],
    marker: &[u8],
) -> Result<(), StoreError> {
    let target = dsl::keystore_keys
        .filter(dsl::kind.eq(key.kind().as_str()))
        .filter(dsl::id.eq(key.id()));
    let values = (dsl::sealed.eq(Some(noise)), dsl::marker.eq(Some(marker)));
    let changed = tx.run(|c| diesel::update(target).set(values).execute(c))?;
    crate::connection::statements::require_one(changed)
}

/// Deletes the row of a key that is not destroyed, if there is one.
pub(super) fn delete(tx: &mut Tx<'_>, key: KeyId) -> Result<(), StoreError> {
    let target = dsl::keystore_keys
        .filter(dsl::kind.eq(key.kind().as_str()))
        .filter(dsl::id.eq(key.id()))
        .filter(dsl::marker.is_null());
    tx.run(|c| diesel::delete(target).execute(c)).map(drop)
}

/// Removes the random bytes from a destroyed key's row.
pub(super) fn erase_noise(tx: &mut Tx<'_>, key: KeyId) -> Result<(), StoreError> {
    let target = dsl::keystore_keys
        .filter(dsl::kind.eq(key.kind().as_str()))
        .filter(dsl::id.eq(key.id()))
        .filter(dsl::marker.is_not_null());
    tx.run(|c| {
        diesel::update(target)
            .set(dsl::sealed.eq(None::<Vec<u8>>))
            .execute(c)
    })?;
    Ok(())
}

/// Removes the random bytes from every destroyed key's row; returns how many rows were changed.
pub(super) fn erase_all_noise(tx: &mut Tx<'_>) -> Result<usize, StoreError> {
    let target = dsl::keystore_keys
        .filter(dsl::marker.is_not_null())
        .filter(dsl::sealed.is_not_null());
    tx.run(|c| {
        diesel::update(target)
            .set(dsl::sealed.eq(None::<Vec<u8>>))
            .execute(c)
    })
}

/// Whether any key besides the index root is stored.
pub(super) fn has_other_keys(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let others = dsl::keystore_keys
        .filter(dsl::kind.ne(KeyKind::IndexRoot.as_str()))
        .filter(dsl::sealed.is_not_null())
        .count();
    Ok(tx.run(|c| others.get_result::<i64>(c))? > 0)
}

/// The numbers of the stored keys of a kind, in order, including keys whose destruction is
/// unfinished.
pub(super) fn list_stored(tx: &mut Tx<'_>, kind: KeyKind) -> Result<Vec<i64>, StoreError> {
    let query = dsl::keystore_keys
        .filter(dsl::kind.eq(kind.as_str()))
        .filter(dsl::sealed.is_not_null())
        .filter(dsl::number.is_not_null())
        .order(dsl::number)
        .select(dsl::number.assume_not_null());
    tx.run(|c| query.load(c))
}

/// The numbers of the destroyed keys of a kind, in order.
pub(super) fn list_destroyed(tx: &mut Tx<'_>, kind: KeyKind) -> Result<Vec<i64>, StoreError> {
    let query = dsl::keystore_keys
        .filter(dsl::kind.eq(kind.as_str()))
        .filter(dsl::marker.is_not_null())
        .filter(dsl::number.is_not_null())
        .order(dsl::number)
        .select(dsl::number.assume_not_null());
    tx.run(|c| query.load(c))
}
