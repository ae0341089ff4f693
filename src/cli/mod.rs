//! One binary, a verb for each job: parse, open what the verb needs, run it, print, and turn the outcome into an exit code.
//!
//! Exit 0 done, 1 escalated (`ask`) or fell short (`eval --require`), 2 failed.

mod ask;
mod bench;
mod calibrate;
mod desk;
mod diff;
mod eval;
pub mod models;
mod open;
mod serve;
mod upkeep;
mod watch;
mod website;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{RawArgs, Settings};
use crate::error::{ErrorKind, Result};
use crate::model::Catalog;
use crate::policy::{read_pdf_on_stdin, read_pdfs_in_child};
use crate::telemetry;
use crate::website::is_address;

/// Answers customers' questions from your own policies, on your own machine: short, cited, and a person when it does not know.
#[derive(Debug, Parser)]
#[command(name = "frontdesk", version, about, long_about = None)]
struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    raw: RawArgs,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Start the server (the default)
    Serve(serve::ServeArgs),
    /// Answer one question on the terminal, with its sources
    Ask(ask::AskArgs),
    /// Show the passages a question finds, and why they rank
    Search(ask::FindArgs),
    /// Build or refresh the index
    Ingest {
        /// Folder with policies, or a .zip archive of one, instead of --corpus; or the address of a website's sitemap, whose pages are
        /// read into the corpus folder first
        path: Option<PathBuf>,
        #[command(flatten)]
        website: website::WebsiteArgs,
    },
    /// The model catalogue: list, fetch, check
    Models {
        #[command(subcommand)]
        command: models::ModelsCommand,
    },
    /// Show which replies a changed set of policies would change; exit code 1 if any
    Diff(diff::DiffArgs),
    /// Measure quality on labelled questions (default: the sample set)
    Eval(eval::EvalArgs),
    /// Measure how fast this machine embeds, reads and writes
    Bench(bench::BenchArgs),
    /// Find the confidence from which on answers keep a chosen error rate, and hold later answers to it; exit code 1 if the data cannot say
    Calibrate(calibrate::CalibrateArgs),
    /// The rules that offer or call a person: print, check
    Handover {
        #[command(subcommand)]
        command: desk::HandoverCommand,
    },
    /// Events for other systems: check, list, replay
    Webhooks {
        #[command(subcommand)]
        command: desk::WebhooksCommand,
    },
    /// What is kept of a customer: export, erase
    Privacy {
        #[command(subcommand)]
        command: desk::PrivacyCommand,
    },
    /// How the desk does: containment, reasons, waits, what no policy answers
    Insights(desk::InsightsArgs),
    /// Read one PDF file from standard input: what the other verbs start for each such file
    #[command(name = READ_PDF, hide = true)]
    ReadPdf,
}

/// The verb of the process that reads a PDF file.
const READ_PDF: &str = "read-pdf";

/// Runs the program on the process's arguments.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(refused) => {
            let _ = refused.print();
            return ExitCode::from(if refused.use_stderr() { 2 } else { 0 });
        }
    };
    if matches!(args.verb, Some(Verb::ReadPdf)) {
        return read_pdf_on_stdin(); // before anything else is opened: it reads what nobody has checked
    }
    read_pdfs_in_child(READ_PDF);
    let serving = matches!(args.verb, None | Some(Verb::Serve(_)));
    telemetry::start(if serving { "warn,frontdesk=info" } else { "error,frontdesk=warn" });
    match run(args) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {}", error.chain());
            ExitCode::from(2)
        }
    }
}

fn run(args: Args) -> Result<u8> {
    let settings = Settings::resolve(args.raw)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|cause| ErrorKind::Server.on("the async runtime could not start").because(cause))?;
    match args.verb.unwrap_or_else(|| Verb::Serve(serve::ServeArgs::default())) {
        Verb::Serve(wishes) => runtime.block_on(serve::run(&settings, wishes)),
        Verb::Ask(wishes) => ask::answer(&runtime, &settings, wishes),
        Verb::Search(wishes) => ask::search(&runtime, &settings, wishes),
        Verb::Ingest { path, website } => match path {
            Some(path) if is_address(&path.to_string_lossy()) => {
                let fetched = website::fetch(&runtime, &settings, &path.to_string_lossy(), &website)?;
                open::ingest(&runtime, &settings, Some(&fetched))
            }
            path => {
                let settings = Settings { corpus: path.unwrap_or_else(|| settings.corpus.clone()), ..settings };
                open::ingest(&runtime, &settings, None)
            }
        },
        Verb::Models { command } => {
            let catalog = Catalog::builtin()?;
            runtime.block_on(models::run(command, &open::model_store(&settings), &catalog, settings.json))
        }
        Verb::Diff(wishes) => diff::run(&runtime, &settings, &wishes),
        Verb::Eval(wishes) => eval::run(&runtime, &settings, wishes),
        Verb::Bench(wishes) => bench::run(&runtime, &settings, &wishes),
        Verb::Calibrate(wishes) => calibrate::run(&runtime, &settings, &wishes),
        Verb::Handover { command } => desk::handover(&settings, command),
        Verb::Webhooks { command } => runtime.block_on(desk::webhooks(&settings, command)),
        Verb::Privacy { command } => runtime.block_on(desk::privacy(&settings, command)),
        Verb::Insights(wishes) => runtime.block_on(desk::insights(&settings, wishes)),
        Verb::ReadPdf => Ok(0), // done before
    }
}

/// Prints `value` as JSON to standard output.
fn print_json(value: &impl serde::Serialize) -> Result<()> {
    let text =
        serde_json::to_string_pretty(value).map_err(|cause| ErrorKind::Io.on("the result could not be written as JSON").because(cause))?;
    println!("{text}");
    Ok(())
}
