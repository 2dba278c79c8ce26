//! The schema: numbered SQL in the binary, applied in order, each in its own transaction.
//!
//! What was applied is kept with its checksum. A database that another version has changed is refused, because guessing
//! would damage it.

use crate::bind::params;
use crate::sqlite::Db;
use crate::{Result, StoreError};
use sha2::{Digest, Sha256};

/// One step of the schema.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Migration {
    pub(crate) version: u32,
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

macro_rules! migration {
    ($version:literal, $name:literal, $file:literal) => {
        Migration { version: $version, name: $name, sql: include_str!(concat!("../../../migrations/", $file)) }
    };
}

/// All steps, in order.
pub(crate) const MIGRATIONS: &[Migration] = &[
    migration!(1, "tenants_agents_numbers", "0001_tenants_agents_numbers.sql"),
    migration!(2, "calls_and_log", "0002_calls_and_log.sql"),
    migration!(3, "tokens_components", "0003_tokens_components.sql"),
    migration!(4, "documents", "0004_documents.sql"),
    migration!(5, "logins_default_agents", "0005_logins_default_agents.sql"),
    migration!(6, "agents_serving", "0006_agents_serving.sql"),
    migration!(7, "templates_tenants", "0007_templates_tenants.sql"),
    migration!(8, "people_secrets", "0008_people_secrets.sql"),
    migration!(9, "sessions_webhooks_costs", "0009_sessions_webhooks_costs.sql"),
    migration!(10, "components_of_tenants", "0010_components_of_tenants.sql"),
];

/// A migration that the binary knows, and when it was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Counts from 1.
    pub version: u32,
    /// What it is about.
    pub name: &'static str,
    /// Unix ms; none: not yet.
    pub applied_at_ms: Option<u64>,
}

struct Applied {
    version: u32,
    name: String,
    checksum: Vec<u8>,
    at_ms: u64,
}

fn checksum(migration: &Migration) -> Vec<u8> {
    Sha256::digest(migration.sql.as_bytes()).to_vec()
}

fn applied(db: &Db) -> Result<Vec<Applied>> {
    let exists = db.first("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'", params![], |_| Ok(()))?;
    if exists.is_none() {
        return Ok(Vec::new());
    }
    Ok(db.all("SELECT version, name, checksum, applied_at_ms FROM migrations ORDER BY version", params![], |row| {
        Ok(Applied { version: row.u32(0)?, name: row.text(1)?, checksum: row.blob(2)?, at_ms: row.u64(3)? })
    })?)
}

/// Compares the database with what the binary knows.
///
/// # Errors
/// The database is newer, or an applied migration was another one.
pub(crate) fn status(db: &Db, known: &[Migration]) -> Result<Vec<MigrationStatus>> {
    let applied = applied(db)?;
    let newest = known.last().map_or(0, |migration| migration.version);
    if let Some(found) = applied.last().map(|row| row.version).filter(|found| *found > newest) {
        return Err(StoreError::NewerDatabase { found, known: newest });
    }
    known
        .iter()
        .map(|migration| {
            let row = applied.iter().find(|row| row.version == migration.version);
            if let Some(row) = row.filter(|row| row.checksum != checksum(migration)) {
                return Err(StoreError::MigrationChanged { version: row.version, name: row.name.clone() });
            }
            Ok(MigrationStatus {
                version: migration.version,
                name: migration.name,
                applied_at_ms: row.map(|row| row.at_ms),
            })
        })
        .collect()
}

/// Applies what is missing.
///
/// # Errors
/// As `status`; or a migration failed, which is then undone as a whole.
pub(crate) fn migrate(db: &Db, known: &[Migration]) -> Result<()> {
    let status = status(db, known)?;
    db.script(
        "CREATE TABLE IF NOT EXISTS migrations (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, \
         checksum BLOB NOT NULL, applied_at_ms INTEGER NOT NULL) STRICT",
    )?;
    for (migration, _) in known.iter().zip(status).filter(|(_, status)| status.applied_at_ms.is_none()) {
        db.execute("BEGIN IMMEDIATE", params![])?;
        if let Err(error) = apply(db, migration) {
            if !db.is_autocommit() {
                db.execute("ROLLBACK", params![])?;
            }
            return Err(match error {
                StoreError::Internal(cause) => {
                    StoreError::MigrationFailed { version: migration.version, name: migration.name.to_owned(), cause }
                }
                other => other,
            });
        }
    }
    Ok(())
}

fn apply(db: &Db, migration: &Migration) -> Result<()> {
    db.script(migration.sql)?;
    db.execute(
        "INSERT INTO migrations VALUES (?1, ?2, ?3, CAST(unixepoch('subsec') * 1000 AS INTEGER))",
        params![migration.version, migration.name, checksum(migration)],
    )?;
    db.execute("COMMIT", params![])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn db(dir: &tempfile::TempDir) -> Db {
        Db::writer(&dir.path().join("t.db"), None).unwrap()
    }

    const ONE: Migration = Migration { version: 1, name: "one", sql: "CREATE TABLE one (a); -- the end" };
    const TWO: Migration = Migration { version: 2, name: "two", sql: "CREATE TABLE two (a);\n" };

    #[test]
    fn applying_twice_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let db = db(&dir);
        migrate(&db, MIGRATIONS).unwrap();
        let first = status(&db, MIGRATIONS).unwrap();
        assert!(first.iter().all(|status| status.applied_at_ms.is_some()));
        migrate(&db, MIGRATIONS).unwrap();
        assert_eq!(status(&db, MIGRATIONS).unwrap(), first);
    }

    #[test]
    fn versions_count_from_one() {
        for (at, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(migration.version as usize, at + 1);
        }
    }

    #[test]
    fn only_what_is_missing_is_applied() {
        let dir = tempfile::tempdir().unwrap();
        let db = db(&dir);
        migrate(&db, &[ONE]).unwrap();
        assert_eq!(status(&db, &[ONE, TWO]).unwrap()[1].applied_at_ms, None);
        migrate(&db, &[ONE, TWO]).unwrap();
        assert!(status(&db, &[ONE, TWO]).unwrap()[1].applied_at_ms.is_some());
    }

    #[test]
    fn a_newer_database_is_refused_in_one_sentence() {
        let dir = tempfile::tempdir().unwrap();
        let db = db(&dir);
        migrate(&db, &[ONE, TWO]).unwrap();
        let error = migrate(&db, &[ONE]).unwrap_err();
        assert_eq!(error, StoreError::NewerDatabase { found: 2, known: 1 });
        assert_eq!(
            error.to_string(),
            "the database is at version 2, this binary knows versions up to 1: run a newer Trunkline"
        );
    }

    #[test]
    fn a_changed_migration_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let db = db(&dir);
        migrate(&db, &[ONE]).unwrap();
        let changed = Migration { sql: "CREATE TABLE one (a, b)", ..ONE };
        assert!(matches!(migrate(&db, &[changed, TWO]), Err(StoreError::MigrationChanged { version: 1, .. })));
        assert!(status(&db, &[ONE, TWO]).unwrap()[1].applied_at_ms.is_none());
    }

    #[test]
    fn a_failed_migration_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let db = db(&dir);
        let broken = Migration { version: 2, name: "two", sql: "CREATE TABLE two (a); CREATE TABLE one (a);" };
        assert!(matches!(migrate(&db, &[ONE, broken]), Err(StoreError::MigrationFailed { version: 2, .. })));
        migrate(&db, &[ONE, TWO]).unwrap();
    }
}
