//! Everything that is sealed, wherever it stands, sealed anew with the newest key.

use crate::Result;
use crate::bind::params;
use crate::vault::Vault;
use crate::writer::Tx;
use trunkline_contract::TenantId;

/// Seals up to `most` values anew; gives how many there were.
pub(crate) fn batch(tx: &Tx<'_>, vault: &Vault, most: usize) -> Result<u64> {
    let mut done = 0;
    done += secrets(tx, vault, most)?;
    done += webhooks(tx, vault, most)?;
    done += signing_keys(tx, vault, most)?;
    Ok(done)
}

fn secrets(tx: &Tx<'_>, vault: &Vault, most: usize) -> Result<u64> {
    const SQL: &str = "SELECT tenant_id, name, sealed FROM secrets";
    const SET: &str = "UPDATE secrets SET sealed = ?3 WHERE tenant_id = ?1 AND name = ?2";
    let rows = tx.all(SQL, params![], |row| Ok((TenantId(row.uuid(0)?), row.text(1)?, row.blob(2)?)))?;
    let mut done = 0;
    for (tenant, name, sealed) in rows.into_iter().filter(|(.., sealed)| !vault.is_current(sealed)).take(most) {
        let place = crate::secrets::context(tenant, &name);
        let again = vault.seal(&vault.open(&sealed, &place)?, &place)?;
        done += tx.execute(SET, params![tenant, name, again])?;
    }
    Ok(done)
}

fn webhooks(tx: &Tx<'_>, vault: &Vault, most: usize) -> Result<u64> {
    const SQL: &str = "SELECT id, sealed FROM webhooks";
    const SET: &str = "UPDATE webhooks SET sealed = ?2 WHERE id = ?1";
    let rows = tx.all(SQL, params![], |row| Ok((row.uuid(0)?, row.blob(1)?)))?;
    let mut done = 0;
    for (id, sealed) in rows.into_iter().filter(|(_, sealed)| !vault.is_current(sealed)).take(most) {
        let place = crate::webhooks::context(trunkline_contract::WebhookId(id));
        let again = vault.seal(&vault.open(&sealed, &place)?, &place)?;
        done += tx.execute(SET, params![id, again])?;
    }
    Ok(done)
}

fn signing_keys(tx: &Tx<'_>, vault: &Vault, most: usize) -> Result<u64> {
    const SQL: &str = "SELECT kid, sealed FROM signing_keys";
    const SET: &str = "UPDATE signing_keys SET sealed = ?2 WHERE kid = ?1";
    let rows = tx.all(SQL, params![], |row| Ok((row.text(0)?, row.blob(1)?)))?;
    let mut done = 0;
    for (kid, sealed) in rows.into_iter().filter(|(_, sealed)| !vault.is_current(sealed)).take(most) {
        let place = crate::signing::context(&kid);
        let again = vault.seal(&vault.open(&sealed, &place)?, &place)?;
        done += tx.execute(SET, params![kid, again])?;
    }
    Ok(done)
}
