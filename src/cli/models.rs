//! `frontdesk models list | pull | verify`: the catalogue, downloads, checks.

use std::fmt::Write as _;

use clap::Subcommand;
use serde_json::json;

use crate::error::{ErrorKind, Result};
use crate::model::progress::{on_stderr, size};
use crate::model::{Catalog, FileCheck, FileState, ModelEntry, ModelFiles, ModelInfo, ModelStore};

/// Done.
const DONE: u8 = 0;
/// Something failed.
const FAILED: u8 = 2;

/// What to do with the models.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum ModelsCommand {
    /// Show the catalogue and what is in the cache
    List,
    /// Fetch models into the cache: those named, or the defaults
    Pull {
        /// Ids from `models list`
        #[arg(value_name = "ID")]
        ids: Vec<String>,
    },
    /// Read every cached file and compare it with the catalogue
    Verify,
}

/// Runs `command` and prints to standard output, as JSON if `json`; progress goes to standard error. Returns the exit code:
/// 0 done, 2 if a model could not be fetched or a file is not as it should be.
///
/// # Errors
/// `BadCatalog` for an unknown id, before anything is fetched.
pub async fn run(command: ModelsCommand, store: &ModelStore, catalog: &Catalog, json: bool) -> Result<u8> {
    match command {
        ModelsCommand::List => list(store, catalog, json),
        ModelsCommand::Pull { ids } => pull(&ids, store, catalog, json).await,
        ModelsCommand::Verify => verify(store, catalog, json).await,
    }
}

fn list(store: &ModelStore, catalog: &Catalog, json: bool) -> Result<u8> {
    let infos: Vec<_> = catalog.models().iter().map(|entry| store.info(entry)).collect();
    if json {
        print_json(&json!({"cache_dir": store.cache_dir(), "models": infos}))?;
    } else {
        print!("{}\nThe cache is {}.\n", list_table(&infos), store.cache_dir().display());
    }
    Ok(DONE)
}

fn list_table(infos: &[ModelInfo]) -> String {
    let width = infos.iter().map(|info| info.id.len()).max().unwrap_or(0).max(2);
    let mut table = format!("{:width$}  {:9}  {:>9}  {:10}  {:14}  FROM\n", "ID", "ROLE", "SIZE", "LICENCE", "STATE");
    for info in infos {
        let state = match (info.cached, info.default) {
            (true, _) => "in the cache",
            (false, true) => "default",
            (false, false) => "-",
        };
        let from = info.sources.join(", ");
        // Writing to a String cannot fail.
        let _ = writeln!(table, "{:width$}  {:9}  {:>9}  {:10}  {state:14}  {from}", info.id, info.role, size(info.bytes), info.licence);
        let _ = writeln!(table, "{:width$}  {}", "", info.description);
    }
    table
}

async fn pull(ids: &[String], store: &ModelStore, catalog: &Catalog, json: bool) -> Result<u8> {
    let entries: Vec<&ModelEntry> = match ids {
        [] => catalog.defaults().collect(),
        ids => ids.iter().map(|id| catalog.get(id)).collect::<Result<_>>()?,
    };
    let progress = on_stderr();
    let (mut pulled, mut failed) = (Vec::<ModelFiles>::new(), Vec::new());
    for entry in entries {
        match store.ensure(entry, progress.as_ref()).await {
            Ok(files) => pulled.push(files),
            // The other models are still wanted.
            Err(error) => failed.push(json!({"id": entry.id, "error": error.chain()})),
        }
    }
    let code = if failed.is_empty() { DONE } else { FAILED };
    if json {
        print_json(&json!({"pulled": pulled, "failed": failed}))?;
        return Ok(code);
    }
    for files in &pulled {
        println!("{} is ready:", files.id);
        files.files.values().for_each(|path| println!("  {}", path.display()));
    }
    failed.iter().filter_map(|one| one.get("error")?.as_str()).for_each(|error| eprintln!("{error}"));
    Ok(code)
}

async fn verify(store: &ModelStore, catalog: &Catalog, json: bool) -> Result<u8> {
    let mut checks = Vec::new();
    for entry in catalog.models() {
        let found = store.verify(entry).await;
        // A larger choice nobody fetched is not a fault.
        if entry.default || found.iter().any(|check| check.state != FileState::Missing) {
            checks.extend(found.into_iter().zip(&entry.files));
        }
    }
    let ok = checks.iter().all(|(check, _)| check.state == FileState::Ok);
    if json {
        let checks: Vec<&FileCheck> = checks.iter().map(|(check, _)| check).collect();
        print_json(&json!({"ok": ok, "files": checks}))?;
    } else {
        for (check, file) in &checks {
            println!(
                "{:4}  {}/{} {}",
                if check.state == FileState::Ok { "ok" } else { "BAD" },
                check.model,
                check.file,
                check.state.fault(file)
            );
        }
        println!("{}", if ok { "Every file is as it should be." } else { "`frontdesk models pull` fetches what is missing or damaged." });
    }
    Ok(if ok { DONE } else { FAILED })
}

fn print_json(value: &serde_json::Value) -> Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(|error| ErrorKind::Io.on("standard output").because(error))?;
    println!("{text}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn the_list_shows_each_model_with_its_size_its_source_and_a_sentence() {
        let catalog = Catalog::builtin().unwrap();
        let store = ModelStore::new(std::env::temp_dir().join("frontdesk-no-such-cache"), vec![], true);
        let infos: Vec<_> = catalog.models().iter().map(|entry| store.info(entry)).collect();
        let table = list_table(&infos);
        let line = table.lines().find(|line| line.starts_with("all-minilm-l6-v2")).unwrap();
        for part in ["embedding", "91.34 MB", "Apache-2.0", "default", "hub, wheel"] {
            assert!(line.contains(part), "{part} is not in {line}");
        }
        assert!(table.contains("384 dimensions"));
    }

    #[tokio::test]
    async fn an_unknown_id_is_refused_before_anything_is_fetched_and_names_the_known_ones() {
        let catalog = Catalog::builtin().unwrap();
        let store = ModelStore::new(std::env::temp_dir().join("frontdesk-no-such-cache"), vec![], true);
        let pull = ModelsCommand::Pull { ids: vec!["all-minilm-l6-v2".into(), "gpt-9".into()] };
        let error = run(pull, &store, &catalog, true).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::BadCatalog);
        assert!(error.item.contains("gpt-9") && error.item.contains("smollm2-135m-instruct"), "{error}");
    }

    #[tokio::test]
    async fn an_empty_cache_does_not_verify_and_offline_it_cannot_be_filled() {
        let catalog = Catalog::builtin().unwrap();
        let empty = tempfile::tempdir().unwrap();
        let store = ModelStore::new(empty.path().to_owned(), vec![], true);
        assert_eq!(run(ModelsCommand::Verify, &store, &catalog, true).await.unwrap(), FAILED);
        assert_eq!(run(ModelsCommand::Pull { ids: vec![] }, &store, &catalog, true).await.unwrap(), FAILED);
    }
}
