//! The rows of a keystore's one table.

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
    /// The key, sealed; noise when there is a marker too.
    pub(super) sealed: Option<Vec<u8>>,
    /// That it was destroyed.
    pub(super) marker: Option<Vec<u8>>,
}

pub(super) fn find(tx: &mut Tx<'_>, key: KeyId) -> Result<Option<Row>, StoreError> {
    let query = dsl::keystore_keys
        .filter(dsl::kind.eq(key.kind().as_str()))
        .filter(dsl::id.eq(key.id()))
        .select((dsl::sealed, dsl::marker));
    tx.run(|c| query.get_result(c).optional())
}

/// Inserts the key's row unless there is one: then that one counts.
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

/// Writes noise over a key and sets its marker.
pub(super) fn overwrite(tx: &mut Tx<'_>, key: KeyId, noise: &[u8], marker: &[u8]) -> Result<(), StoreError> {
    let target = dsl::keystore_keys.filter(dsl::kind.eq(key.kind().as_str())).filter(dsl::id.eq(key.id()));
    let values = (dsl::sealed.eq(Some(noise)), dsl::marker.eq(Some(marker)));
    let changed = tx.run(|c| diesel::update(target).set(values).execute(c))?;
    crate::statements::one(changed)
}

/// Deletes a living key's row, if there is one.
pub(super) fn delete(tx: &mut Tx<'_>, key: KeyId) -> Result<(), StoreError> {
    let target = dsl::keystore_keys
        .filter(dsl::kind.eq(key.kind().as_str()))
        .filter(dsl::id.eq(key.id()))
        .filter(dsl::marker.is_null());
    tx.run(|c| diesel::delete(target).execute(c)).map(drop)
}

/// Takes the noise out of a destroyed key's row.
pub(super) fn take_out(tx: &mut Tx<'_>, key: KeyId) -> Result<(), StoreError> {
    let target = dsl::keystore_keys
        .filter(dsl::kind.eq(key.kind().as_str()))
        .filter(dsl::id.eq(key.id()))
        .filter(dsl::marker.is_not_null());
    tx.run(|c| diesel::update(target).set(dsl::sealed.eq(None::<Vec<u8>>)).execute(c))?;
    Ok(())
}

/// Takes out whatever stands beside a marker; says how many rows that were.
pub(super) fn take_out_all_gone(tx: &mut Tx<'_>) -> Result<usize, StoreError> {
    let target = dsl::keystore_keys.filter(dsl::marker.is_not_null()).filter(dsl::sealed.is_not_null());
    tx.run(|c| diesel::update(target).set(dsl::sealed.eq(None::<Vec<u8>>)).execute(c))
}

/// Whether there is any living key but the index root.
pub(super) fn has_other_keys(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let others =
        dsl::keystore_keys.filter(dsl::kind.ne(KeyKind::IndexRoot.as_str())).filter(dsl::sealed.is_not_null()).count();
    Ok(tx.run(|c| others.get_result::<i64>(c))? > 0)
}

/// The numbers of a kind's keys that are stored, in order; one whose destruction is unfinished is among them.
pub(super) fn living(tx: &mut Tx<'_>, kind: KeyKind) -> Result<Vec<i64>, StoreError> {
    let query = dsl::keystore_keys
        .filter(dsl::kind.eq(kind.as_str()))
        .filter(dsl::sealed.is_not_null())
        .filter(dsl::number.is_not_null())
        .order(dsl::number)
        .select(dsl::number.assume_not_null());
    tx.run(|c| query.load(c))
}

/// The numbers of a kind's destroyed keys, in order.
pub(super) fn gone(tx: &mut Tx<'_>, kind: KeyKind) -> Result<Vec<i64>, StoreError> {
    let query = dsl::keystore_keys
        .filter(dsl::kind.eq(kind.as_str()))
        .filter(dsl::marker.is_not_null())
        .filter(dsl::number.is_not_null())
        .order(dsl::number)
        .select(dsl::number.assume_not_null());
    tx.run(|c| query.load(c))
}
